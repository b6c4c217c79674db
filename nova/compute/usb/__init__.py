# SPDX-License-Identifier: Apache-2.0
"""USB devices in nova-compute, and what nova-api calls there."""
