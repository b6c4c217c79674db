# SPDX-License-Identifier: Apache-2.0
"""USB devices in the database of a cell."""
