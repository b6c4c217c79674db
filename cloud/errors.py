# SPDX-License-Identifier: Apache-2.0
"""The one error that this package shows to people."""


class CloudError(Exception):
    """Says a fact, the values it is about and the remedy, in that order."""
