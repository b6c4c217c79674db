# SPDX-License-Identifier: Apache-2.0
"""The two kinds of edit, as values.

A seam says which file of upstream's gets which lines, and beside what: a
name, never a line number. `since` and `until` bound the major releases it is
meant for (both inclusive); where a file or a function moved between
releases, two seams with ranges that do not overlap say so.
"""

import dataclasses
import enum
from typing import Optional
from typing import Tuple


class Kind(enum.Enum):
    APPEND = 'append'
    DECORATOR = 'decorator'


@dataclasses.dataclass(frozen=True)
class Seam:
    """One place at which upstream calls us.

    :ivar path: the file, relative to the root of the tree
    :ivar lines: the lines to add, without the mark
    :ivar anchor: ``function``, ``Class`` or ``Class.method``; None for APPEND
    :ivar import_line: for DECORATOR, what it needs to be imported
    :ivar inner: for DECORATOR, directly above ``def`` rather than on top
    :ivar test: an enumeration in upstream's tests; not in the budget
    :ivar optional: a file that not every form of Nova has may be missing
    """

    kind: Kind
    path: str
    lines: Tuple[str, ...]
    anchor: Optional[str] = None
    import_line: Optional[str] = None
    inner: bool = False
    since: int = 0
    until: int = 999
    test: bool = False
    optional: bool = False

    def fits(self, major):
        """Whether the seam is meant for the release `major`."""
        return self.since <= major <= self.until


def append(path, *lines, **options):
    """Add `lines` at the end of a module."""
    return Seam(Kind.APPEND, path, lines, **options)


def decorator(path, anchor, line, import_line=None, **options):
    """Put the decorator `line` on the function or method `anchor`."""
    return Seam(Kind.DECORATOR, path, (line,), anchor, import_line,
                **options)


def for_release(seams, major):
    """The seams that are meant for the release `major`, by file."""
    by_path = {}
    for seam in seams:
        if seam.fits(major):
            by_path.setdefault(seam.path, []).append(seam)
    return by_path
