# SPDX-License-Identifier: Apache-2.0

import pathlib
import tempfile
import textwrap
import unittest

import tools
from tools import borrowed
from tools import imports
from tools import shape


class Files(unittest.TestCase):
    """Tests with made-up source files."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path


class ShapeTest(Files):

    def test_module_length(self):
        fits = self.write('fits.py', 'x = 1\n' * 399)
        long = self.write('long.py', 'x = 1\n' * 400)
        self.assertEqual([], shape.long_modules([fits]))
        self.assertIn('400 lines', shape.long_modules([long])[0])

    def test_function_length(self):
        fits = self.write('fits.py', 'def f():\n' + '    x = 1\n' * 38)
        long = self.write('long.py', 'def f():\n' + '    x = 1\n' * 39)
        self.assertEqual([], shape.long_functions([fits]))
        self.assertIn('f() has 40 lines', shape.long_functions([long])[0])

    def test_licence(self):
        good = self.write('good.py', f'#!/bin/sh\n{shape.SPDX}\nx = 1\n')
        empty = self.write('empty.py', '')
        late = self.write('late.py', f'"""Text."""\n{shape.SPDX}\n')
        self.assertEqual([], shape.without_spdx([good, empty]))
        self.assertEqual(1, len(shape.without_spdx([late])))

    def test_path_of_this_machine(self):
        bad = self.write('bad.rst', f'see\n{self.root}/x\n')
        good = self.write('good.rst', 'see /etc/nova\n')
        found = shape.machine_paths([bad, good], root=self.root)
        self.assertEqual(1, len(found))
        self.assertIn('bad.rst:2', found[0])

    def test_syntax(self):
        path = tools.ROOT / 'nova' / 'conf' / 'usb.py'
        self.assertEqual([], shape.newer_syntax([path]))


class ImportsTest(Files):

    def test_upward(self):
        low = self.write('nova/usb/low.py', '''\
            from nova import objects
            from nova.compute import manager
            import nova.virt.driver
            ''')
        high = self.write('nova/compute/high.py', 'from nova.virt import x\n')
        found = imports.upward([low, high], self.root)
        self.assertEqual(2, len(found))
        self.assertIn('nova.compute.manager', found[0] + found[1])

    def test_similar_name_is_not_above(self):
        path = self.write('nova/usb/a.py', 'from nova import api_thing\n')
        self.assertEqual([], imports.upward([path], self.root))

    def test_cycle(self):
        paths = [self.write(f'pack/{name}.py', text) for name, text in (
            ('__init__', ''),
            ('a', 'from pack import b\n'),
            ('b', 'from pack.c import thing\n'),
            ('c', 'import pack.a\n'),
            ('leads_there', 'from pack import a\n'),
            ('late', 'def f():\n    from pack import user\n'),
            ('user', 'from pack import late\n'))]
        found = imports.cycles(paths, self.root)
        self.assertEqual(
            ['pack.a', 'pack.b', 'pack.c'],
            [finding.split()[0] for finding in found])


class BorrowedTest(Files):

    LINES = [f'value_{n} = compute({n})\n' for n in range(6)]

    def find(self, own, theirs):
        self.write('nova/theirs.py', theirs)
        # find() names files as they are called in the checkout.
        mine = tools.ROOT / 'nova' / 'made_up.py'
        scratch = self.write('mine.py', own)
        real = borrowed.lines_of
        self.addCleanup(setattr, borrowed, 'lines_of', real)
        borrowed.lines_of = (
            lambda path: real(scratch if path == mine else path))
        return borrowed.find([mine], self.root)

    def test_six_lines(self):
        found = self.find(
            'x = 7\n\n' + '\n# why\n'.join(self.LINES),
            'def f():\n    ' + '    '.join(self.LINES))
        self.assertEqual(1, len(found))

    def test_five_lines(self):
        self.assertEqual([], self.find(
            ''.join(self.LINES[:5]), ''.join(self.LINES)))

    def test_what_all_files_share(self):
        text = 'import os\nimport sys\n\ntry:\n    pass\nfinally:\n' * 4
        self.assertEqual([], self.find(text, text))
