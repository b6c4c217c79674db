# SPDX-License-Identifier: Apache-2.0
"""What a step says when something is not as it should be."""

from lab import errors
from lab import load


def that(condition, message, *values):
    """Fail the step unless a condition holds.

    :param message: what is wrong, with a % sign for each of `values`
    :raises: errors.StepFailed
    """
    if not condition:
        raise errors.StepFailed(message % values)


def in_time(condition, message, *values):
    """Fail the step unless something was fast enough.

    On a machine that is busy with other things nobody can tell.

    :param condition: whether it was
    :param message: as for `that`
    :raises: errors.StepFailed, errors.NotJudged
    """
    reason = load.busy()
    if not condition and reason:
        raise errors.NotJudged('%s; that cannot be judged, since %s'
                               % (message % values, reason))
    that(condition, message, *values)
