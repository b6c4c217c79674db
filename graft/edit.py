# SPDX-License-Identifier: Apache-2.0
"""Put seams into the text of a file, and take them out again.

Every line that we add ends in a mark, and no line of upstream's is changed.
So the plain text can be had back from the grafted one, whichever checkout
made the graft; a new graft always begins at the plain text.
"""

from graft import seam as seams
from graft import source

MARK = '  # usb'
# Where two insertions meet at one line: imports, then outer decorators.
_IMPORT, _OUTER, _INNER = range(3)


def strip(text):
    """The plain text of what may have been grafted."""
    return ''.join(line for line in source.lines_of(text)
                   if not line.rstrip('\r\n').endswith(MARK))


def graft(text, wanted):
    """Put the seams `wanted` into a plain text.

    :param text: upstream's text of one file
    :param wanted: the seams of this file, in the order of their declaration
    :returns: the new text
    :raises graft.source.NotFound: with all that was not found, a line each
    """
    return _Edit(text, wanted).result()


class _Edit:
    """The insertions into one text, gathered before any is made."""

    def __init__(self, text, wanted):
        self.text = text
        self.module = None
        self.inserted = {}
        self.imported = set()
        missing = []
        for seam in wanted:
            try:
                self._KINDS[seam.kind](self, seam)
            except source.NotFound as error:
                missing.append(str(error))
        if missing:
            raise source.NotFound('\n'.join(dict.fromkeys(missing)))

    def _parsed(self):
        if self.module is None:
            self.module = source.Module(self.text)
        return self.module

    def _append(self, seam):
        if self.text and not self.text.endswith('\n'):
            raise source.NotFound('the last line has no end')
        self._insert(len(source.lines_of(self.text)), _INNER, seam.lines)

    def _decorate(self, seam):
        node = self._parsed().function(seam.anchor)
        if seam.inner:
            line, rank = node.lineno - 1, _INNER
        else:
            line, rank = source.first_line(node), _OUTER
        self._insert(line, rank, seam.lines, ' ' * node.col_offset)
        if seam.import_line and seam.import_line not in self.imported:
            self.imported.add(seam.import_line)
            self._insert(self._parsed().after_imports(), _IMPORT,
                         [seam.import_line])

    _KINDS = {seams.Kind.APPEND: _append,
              seams.Kind.DECORATOR: _decorate}

    def _insert(self, line, rank, added, indent=''):
        self.inserted.setdefault((line, rank), []).extend(
            indent + item + MARK for item in added)

    def result(self):
        lines = source.lines_of(self.text)
        end = '\r\n' if lines and lines[0].endswith('\r\n') else '\n'
        for line, rank in sorted(self.inserted, reverse=True):
            added = self.inserted[line, rank]
            lines[line:line] = [item + end for item in added]
        return ''.join(lines)
