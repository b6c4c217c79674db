# SPDX-License-Identifier: Apache-2.0
"""The declared seams, on the real releases and against our own modules."""

import ast
import difflib
import re
import shutil
import unittest

from graft import edit
from graft import plan
from graft import release
from graft import seam
from graft import seams
from graft import source
from graft.tests import helpers
from graft import write

LINES, FILES = 60, 18
TREES = helpers.real_trees()


@unittest.skipUnless(TREES, 'needs sources of Nova: run_tests.sh unpacks '
                     'them, or name them in GRAFT_TEST_TREES')
class RealReleaseTest(helpers.TestCase):

    def each(self):
        """Copies of what the engine reads of each release."""
        for number, tree in enumerate(TREES):
            copy = self.folder / str(number)
            shutil.copytree(str(tree / 'nova'), str(copy / 'nova'),
                            symlinks=True, ignore=_only_seams(tree))
            self.write_file(copy, 'PKG-INFO',
                            'Version: %s\n' % release.detect(tree))
            if (tree / 'requirements.txt').exists():
                shutil.copy(str(tree / 'requirements.txt'), str(copy))
            with self.subTest(tree=tree.name):
                yield copy

    def test_budget(self):
        for tree in self.each():
            edited = [item for item in plan.to_graft(tree).edited
                      if not item.test]
            self.assertLessEqual(sum(item.added for item in edited), LINES)
            self.assertLessEqual(len(edited), FILES)

    def test_nothing_is_removed_and_lines_are_short(self):
        for tree in self.each():
            for item in plan.to_graft(tree).edited:
                changes = list(difflib.unified_diff(
                    source.lines_of(item.plain), source.lines_of(item.text),
                    n=0))[2:]
                for line in changes:
                    if line.startswith('-'):
                        self.assertRegex(line, r'^-class \w+')
                    if line.startswith('+'):
                        self.assertLessEqual(len(line.rstrip()) - 1, 79)
                        self.assertIn(edit.MARK, line)

    def test_there_and_back(self):
        for tree in self.each():
            before = helpers.contents(tree)
            write.apply(plan.to_graft(tree).steps)
            self.assertNotEqual(before, helpers.contents(tree))
            self.assertEqual((), plan.to_graft(tree).steps)
            write.apply(plan.to_remove(tree).steps)
            self.assertEqual(before, helpers.contents(tree))


def _only_seams(tree):
    """For copytree: no files but those that the engine looks at."""
    wanted = {'nova/version.py', 'nova/compute/manager.py'}
    wanted.update(item.path for item in seams.SEAMS)

    def ignore(folder, names):
        relative = folder[len(str(tree)) + 1:]
        return [name for name in names
                if not _leads_to('%s/%s' % (relative, name), wanted)]
    return ignore


def _leads_to(path, wanted):
    return any(item == path or item.startswith(path + '/') for item in wanted)


class DeclarationTest(unittest.TestCase):

    def test_ranges_do_not_overlap(self):
        seen = {}
        for item in seams.SEAMS:
            for major in range(22, 35):
                if item.fits(major):
                    key = (major, item.path, item.anchor, item.lines)
                    self.assertNotIn(key, seen)
                    seen[key] = item

    def test_what_a_decorator_names_exists(self):
        for item in seams.SEAMS:
            if item.kind is seam.Kind.DECORATOR and item.fits(34):
                with self.subTest(line=item.lines[0]):
                    self.assert_defined(item.import_line, item.lines[0])

    def assert_defined(self, import_line, line):
        package, name, alias = re.match(
            r'from ([\w.]+) import (\w+)(?: as (\w+))?$',
            import_line).groups()
        module, function = re.match(r'@(\w+)\.(\w+)', line).groups()
        self.assertEqual(alias or name, module)
        path = plan.CHECKOUT / package.replace('.', '/') / (name + '.py')
        names = set()
        for node in ast.walk(ast.parse(path.read_text('utf-8'))):
            names.add(getattr(node, 'name', None))
            names.add(getattr(node, 'id', None))
        self.assertIn(function, names, path)
