# SPDX-License-Identifier: Apache-2.0

import pathlib
import stat
import tempfile
import unittest
from unittest import mock

from cloud import disks


class DisksTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.parent = pathlib.Path(folder.name)
        self.state = self.parent / 'state'
        self.state.mkdir(mode=0o700)
        patch = mock.patch.object(disks, 'PARENT', self.parent)
        patch.start()
        self.addCleanup(patch.stop)

    def test_outside_for_others_to_reach_and_the_same_again(self):
        made = disks.folder(self.state)
        self.assertEqual(self.parent.resolve(), made.parent)
        self.assertEqual(0o711, stat.S_IMODE(made.stat().st_mode))
        self.assertEqual(made, disks.folder(self.state))

    def test_made_anew_when_somebody_has_deleted_it(self):
        disks.folder(self.state).rmdir()
        self.assertTrue(disks.folder(self.state).is_dir())

    def test_names_of_servers(self):
        self.assertIsNone(disks.prefix(self.state))
        made = disks.folder(self.state)
        self.assertEqual(made.name + '-', disks.prefix(self.state))

    def test_remove(self):
        made = disks.folder(self.state)
        (made / 'disk').touch()
        disks.remove(self.state)
        self.assertFalse(made.exists())
        disks.remove(self.state)
        self.assertEqual([self.state], list(self.parent.iterdir()))
