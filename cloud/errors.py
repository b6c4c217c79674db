# SPDX-License-Identifier: Apache-2.0
"""The error that this package raises."""

from toolbox import errors


class CloudError(errors.Failure):
    """The cloud cannot be started, or does not do what it should."""
