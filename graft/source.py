# SPDX-License-Identifier: Apache-2.0
"""Find named places in a module's source. Lines are counted from 0."""

import ast
import re

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


def lines_of(text):
    """Split as the parser counts lines: form feeds do not end one."""
    return re.findall(r'[^\n]*\n|[^\n]+', text)


class NotFound(Exception):
    """The name is not there, or is there more than once."""


class Module:
    """The source of one module."""

    def __init__(self, text):
        """Parse `text`.

        :raises NotFound: when this Python cannot parse it
        """
        self.lines = lines_of(text)
        try:
            self.tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            raise NotFound('not source that this Python can read: %s' % error)

    def definition(self, name, kinds=_DEFINITIONS):
        """The node of ``function``, ``Class`` or ``Class.method``.

        Only what stands directly in the module or the class counts: what is
        defined under a condition has no name to rely on.

        :raises NotFound: unless there is exactly one
        """
        node = self.tree
        for part in name.split('.'):
            found = [child for child in node.body
                     if isinstance(child, _DEFINITIONS)
                     and child.name == part]
            if len(found) != 1:
                raise NotFound('%s is %s' % (
                    name, 'defined %d times' % len(found) if found
                    else 'not defined'))
            node = found[0]
        if not isinstance(node, kinds):
            raise NotFound('%s is a %s' % (name, type(node).__name__))
        return node

    def function(self, name):
        """The node of a function or method.

        :raises NotFound: unless there is exactly one
        """
        return self.definition(name, _DEFINITIONS[:2])

    def after_imports(self):
        """The line before which one more import belongs.

        After the last import that stands before the first definition; in a
        module without any, after its docstring or its opening comments.
        """
        end = None
        first = None
        for node in self.tree.body:
            if isinstance(node, _DEFINITIONS):
                first = first or node
                break
            if isinstance(node, _IMPORTS) or self._is_docstring(node):
                end = node.end_lineno
            else:
                first = first or node
        if end is not None:
            return end
        line = first_line(first) if first is not None else len(self.lines)
        while line and not self.lines[line - 1].strip():
            line -= 1
        return line

    def _is_docstring(self, node):
        return (node is self.tree.body[0]
                and ast.get_docstring(self.tree) is not None)


def first_line(node):
    """The line on which a definition begins, its decorators included."""
    decorators = getattr(node, 'decorator_list', ())
    return min([node.lineno] + [item.lineno for item in decorators]) - 1
