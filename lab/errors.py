# SPDX-License-Identifier: Apache-2.0
"""What the lab raises."""


class LabError(Exception):
    """The lab cannot go on; the message says what to do about it."""


class LabMissing(LabError):
    """This machine lacks something that the lab needs."""


class LabTimeout(LabError):
    """Something did not happen in the time that it was given."""


class StepFailed(LabError):
    """A step of the test saw something else than it should."""
