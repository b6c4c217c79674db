# SPDX-License-Identifier: Apache-2.0

import pathlib
import stat
import tempfile
import unittest
from unittest import mock

from cloud import files
from cloud import service


class TextTest(unittest.TestCase):

    def test_options_lists_and_dollars(self):
        self.assertEqual(
            '[DEFAULT]\nport = 1\n\n[usb]\nspec = a\nspec = b$$c\n',
            files.text({'DEFAULT': {'port': 1},
                        'usb': {'spec': ['a', 'b$c']}}))


class FolderTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_configuration_is_for_its_owner_alone(self):
        path = self.folder / 'etc' / 'nova.conf'
        files.write(path, {'a': {'password': 'secret'}})
        self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))

    def test_forgets_a_database_and_no_other(self):
        databases = self.folder / 'db'
        databases.mkdir()
        for name in ('nova_api.sqlite', 'nova_api.sqlite-wal',
                     'nova_cell1.sqlite', 'nova_cell1.created'):
            (databases / name).touch()
        settings = mock.Mock(state=self.folder)
        service.forget(settings, ('nova_cell1', 'nova'))
        self.assertEqual(['nova_api.sqlite', 'nova_api.sqlite-wal'],
                         sorted(path.name for path in databases.iterdir()))
