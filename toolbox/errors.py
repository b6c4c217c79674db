# SPDX-License-Identifier: Apache-2.0
"""The errors whose text is meant for people.

Each program has subclasses of its own, and prints whatever is a
:class:`Failure` without a traceback.
"""


class Failure(Exception):
    """Says a fact, the values it is about and the remedy, in that order."""


class TimedOut(Failure):
    """Something did not happen in the time that it was given."""
