# SPDX-License-Identifier: Apache-2.0
"""What a step says when something is not as it should be."""

from lab import errors


def that(condition, message, *values):
    """Fail the step unless a condition holds.

    :param message: what is wrong, with a % sign for each of `values`
    :raises: errors.StepFailed
    """
    if not condition:
        raise errors.StepFailed(message % values)
