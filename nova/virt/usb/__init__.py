# SPDX-License-Identifier: Apache-2.0
"""USB passthrough as a compute driver offers it."""
