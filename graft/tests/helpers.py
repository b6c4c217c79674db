# SPDX-License-Identifier: Apache-2.0
"""Small trees that look like Nova, and the real ones where there are any."""

import os
import pathlib
import shutil
import tempfile
import textwrap
import unittest

from graft import edit
from graft import plan
from graft import source
from graft import write

MANAGER = 'nova/compute/manager.py'
ROUTES = 'nova/routes.py'


def text(value):
    """`value` without its common indentation and its first empty line."""
    return textwrap.dedent(value.lstrip('\n'))


class TestCase(unittest.TestCase):
    """With a temporary folder and before/after assertions."""

    def setUp(self):
        super().setUp()
        folder = tempfile.mkdtemp(prefix='graft-test-')
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.folder = pathlib.Path(folder).resolve()

    def assert_edit(self, seams, before, after):
        """The seams turn `before` into `after`, and it can be had back."""
        before, after = text(before), text(after)
        self.assertEqual(after, edit.graft(before, seams))
        self.assertEqual(before, edit.strip(after))

    def assert_no_place(self, seam, before, reason):
        """The seam finds no place in `before`, and says why."""
        with self.assertRaisesRegex(source.NotFound, reason):
            edit.graft(text(before), [seam])

    def write(self, folder, **files):
        """Make files; in the keywords ``__`` stands for ``/``."""
        for name, content in files.items():
            self.write_file(folder, name.replace('__', '/') + '.py', content)

    def write_file(self, folder, name, content):
        """Make one file and the folders above it."""
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(content), encoding='utf-8')
        return path

    def nova(self, name='tree', version='34.0.0'):
        """A tree that the engine takes for a source archive of Nova."""
        tree = self.folder / name
        self.write_file(tree, 'PKG-INFO',
                        'Metadata-Version: 2.1\nVersion: %s\n' % version)
        self.write_file(tree, 'nova/version.py', 'loaded = False\n')
        self.write_file(tree, ROUTES, 'ROUTES = ()\n')
        self.write_file(tree, MANAGER, '''
            import os


            class Manager(object):
                def start(self):
                    return os
            ''')
        return tree

    def checkout(self, *names):
        """A checkout of the fork that adds the named modules."""
        folder = self.folder / 'checkout'
        for name in names or ('nova/usb/host_device.py',):
            self.write_file(folder, name, 'DEVICE = %r\n' % name)
        return folder

    def graft(self, tree, checkout, seams, **options):
        """Graft and return the plan that was carried out."""
        made = plan.to_graft(tree, checkout=checkout, declared=seams,
                             **options)
        write.apply(made.steps)
        return made


def contents(tree):
    """The tree's files, by name: bytes, or the target of a link."""
    found = {}
    for folder, _, names in os.walk(tree):
        for name in names:
            path = pathlib.Path(folder, name)
            found[path.relative_to(tree).as_posix()] = (
                os.readlink(str(path)) if path.is_symlink()
                else path.read_bytes())
    return found


def real_trees():
    """Folders of upstream's source: run_tests.sh unpacks one per base."""
    named = os.environ.get('GRAFT_TEST_TREES')
    if named:
        return [pathlib.Path(name) for name in named.split(os.pathsep)]
    return sorted(plan.CHECKOUT.glob('.tests/*/plain'))
