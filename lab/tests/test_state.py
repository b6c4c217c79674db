# SPDX-License-Identifier: Apache-2.0

import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from lab import errors
from lab import state

ROOT = pathlib.Path(state.__file__).resolve().parent.parent
# Another lab, which is there until its standard input ends.
LAB = """
from lab import state
import sys
mine = state.State()
print(mine.make(), flush=True)
sys.stdin.read()
"""


class StateTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        patch = mock.patch.object(tempfile, 'tempdir', folder.name)
        patch.start()
        self.addCleanup(patch.stop)

    def other_lab(self):
        lab = subprocess.Popen(
            [sys.executable, '-c', LAB], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={'TMPDIR': str(self.folder)})
        self.addCleanup(lab.stdout.close)
        self.addCleanup(lab.stdin.close)
        self.addCleanup(lab.wait)
        self.addCleanup(lab.kill)
        path = pathlib.Path(lab.stdout.readline().strip())
        (path / 'log').mkdir()
        return lab, path

    def test_own(self):
        made = state.State()
        path = made.make()
        self.assertEqual(self.folder, path.parent)
        self.assertEqual([], state.remove_orphans())
        self.assertTrue(path.is_dir())
        made.remove()
        self.assertEqual([], list(self.folder.iterdir()))

    def test_of_a_lab_that_was_killed(self):
        lab, path = self.other_lab()
        self.assertEqual([], state.remove_orphans())
        self.assertTrue((path / 'log').is_dir())
        lab.kill()
        lab.wait()
        self.assertEqual([path], state.remove_orphans())
        self.assertFalse(path.exists())
        self.assertEqual([], state.remove_orphans())

    def test_nobody_knows_whose(self):
        for name in (state.PREFIX + 'x', 'else'):
            (self.folder / name).mkdir()
        (self.folder / 'else' / state.OWNER).touch()
        self.assertEqual([], state.remove_orphans())
        self.assertEqual(2, len(list(self.folder.iterdir())))

    def test_taken_for_an_orphan_before_it_was_locked(self):
        real = tempfile.mkdtemp
        orphans = []

        def made(**kwargs):
            path = pathlib.Path(real(**kwargs))
            if not orphans:
                (path / state.OWNER).touch()
                orphans.extend(state.remove_orphans())
            return str(path)

        mine = state.State()
        with mock.patch.object(tempfile, 'mkdtemp', made):
            path = mine.make()
        self.assertEqual(1, len(orphans))
        self.assertEqual([path], list(self.folder.iterdir()))
        mine.remove()

    def test_no_locks_here(self):
        with mock.patch('fcntl.flock', side_effect=OSError):
            with self.assertRaises(errors.LabError):
                state.State().make()
        self.assertEqual([], list(self.folder.iterdir()))
