# SPDX-License-Identifier: Apache-2.0
"""What the lab raises."""

from toolbox import errors


class LabError(errors.Failure):
    """The lab cannot go on; the message says what to do about it."""


class LabMissing(LabError):
    """This machine lacks something that the lab needs."""


class LabTimeout(LabError, errors.TimedOut):
    """The emulated host or QEMU gave no answer in time."""


class StepFailed(LabError):
    """A step of the test saw something else than it should."""


class NotJudged(LabError):
    """The machine is too busy to tell whether something is fast enough."""
