# SPDX-License-Identifier: Apache-2.0
"""What USB passthrough costs; see README.rst."""
