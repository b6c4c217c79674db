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
        for name, limit in (('tools/a.py', 400), ('nova/usb/a.py', 300),
                            ('nova/tests/unit/usb/a.py', 400)):
            path = self.write(name, 'x = 1\n' * (limit - 1))
            self.assertEqual([], shape.long_modules([path], self.root))
            path = self.write(name, 'x = 1\n' * limit)
            found, = shape.long_modules([path], self.root)
            self.assertIn(f'{name}: {limit} lines', found)

    def test_class_size(self):
        method = '    def m%d(self): pass\n'
        private = '    def _p%d(self): pass\n'
        for methods, lines, count in ((12, 198, 0), (13, 13, 1),
                                      (1, 199, 1)):
            text = 'class A:\n' + ''.join(
                method % n for n in range(methods)) + ''.join(
                private % n for n in range(lines - methods))
            path = self.write('nova/compute/usb/a.py', text)
            self.assertEqual(
                count, len(shape.large_classes([path], self.root)), text)
            path = self.write('nova/db/usb/a.py', text)
            self.assertEqual([], shape.large_classes([path], self.root))

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

    # From each floor to the next.
    FLOORS = ('nova.usb', 'nova.db.usb', 'nova.virt.libvirt.usb',
              'nova.compute.usb', 'nova.api.openstack')

    def test_every_floor_is_guarded(self):
        for number, package in enumerate(self.FLOORS):
            name = package.replace('.', '/') + '/a.py'
            path = self.write(name, ''.join(
                f'def f():\n    from {other} import thing\n'
                for other in self.FLOORS))
            found = imports.upward([path], self.root)
            self.assertEqual(
                [f'{other}.thing' for other in self.FLOORS[number + 1:]],
                [line.split(' imports ')[1].split(',')[0]
                 for line in found])

    def test_states_are_for_all(self):
        path = self.write('nova/virt/usb/a.py', '''\
            from nova.compute import power_state
            from nova.compute import manager
            ''')
        found = imports.upward([path], self.root)
        self.assertEqual(1, len(found))
        self.assertIn('nova.compute.manager', found[0])

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
