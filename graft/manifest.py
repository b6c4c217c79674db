# SPDX-License-Identifier: Apache-2.0
"""What an earlier graft has put into a tree.

Kept among our own files in the tree. A later checkout, which may have fewer
files and other seams, learns from it what to take away. It is a module,
since whatever packages Nova packages modules; it is read, never imported.
"""

import ast
import pathlib
from typing import NamedTuple
from typing import Tuple

PATH = 'nova/usb/grafted.py'
_HEAD = '''# SPDX-License-Identifier: Apache-2.0
"""Written by graft: what this fork has added to Nova."""
'''


class Manifest(NamedTuple):
    """New files and edited files, relative to the root of the tree."""

    files: Tuple[str, ...] = ()
    edited: Tuple[str, ...] = ()

    def dump(self):
        """As the content of a file, the same for the same manifest."""
        text = _HEAD
        for field, names in self._asdict().items():
            text += '%s = (\n%s)\n' % (field.upper(), ''.join(
                '    %r,\n' % name for name in sorted(names)))
        return text.encode('utf-8')


def load(tree):
    """The manifest of `tree`; an empty one where there is none.

    Names that lead out of Nova are left out: what is listed gets deleted.
    """
    try:
        text = (pathlib.Path(tree) / PATH).read_text('utf-8')
        found = {node.targets[0].id.lower(): ast.literal_eval(node.value)
                 for node in ast.parse(text).body
                 if isinstance(node, ast.Assign)}
        return Manifest(*(tuple(filter(_is_safe, found[field]))
                          for field in Manifest._fields))
    except (OSError, SyntaxError, ValueError, KeyError, TypeError,
            AttributeError):
        return Manifest()


def _is_safe(name):
    parts = pathlib.PurePosixPath(name).parts
    return bool(parts) and parts[0] != '/' and '..' not in parts
