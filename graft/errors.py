# SPDX-License-Identifier: Apache-2.0
"""What can keep a graft from being made. Nothing has changed when it can."""


class GraftError(Exception):
    """One or more reasons, each of them one line."""

    def __init__(self, *reasons):
        super().__init__('\n'.join(reasons))
        self.reasons = reasons


class NotNova(GraftError):
    """The folder does not hold the source of Nova."""


class UnsupportedRelease(GraftError):
    """It is Nova, but of a release that the seams were not made for."""


class AnchorMissing(GraftError):
    """A seam's place was not found in upstream's file."""


class FileClash(GraftError):
    """A new file of ours would replace a file that is not ours."""


class BaseUnavailable(GraftError):
    """No Nova to build the fork from could be found or fetched."""
