# SPDX-License-Identifier: Apache-2.0

import pathlib
import tempfile
import unittest
from unittest import mock

from cloud import disks
from cloud import errors
from cloud import hypervisor
from toolbox import process


class ForgetTest(unittest.TestCase):
    """What is left of a cloud's servers when it is deleted: nothing."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = pathlib.Path(folder.name)
        patch = mock.patch.object(disks, 'PARENT', self.state)
        patch.start()
        self.addCleanup(patch.stop)
        self.said = []

    def forget(self, **outcome):
        with mock.patch.object(process.Group, 'run', **outcome) as ran:
            hypervisor.forget(pathlib.Path('/co'), pathlib.Path('/venv'),
                              self.state, self.said.append)
        return [call.args[1] for call in ran.mock_calls]

    def test_simulated_cloud_has_none(self):
        self.assertEqual([], self.forget())

    def test_servers_and_disks(self):
        folder = disks.folder(self.state)
        command, = self.forget()
        self.assertEqual(['forget', folder.name + '-'], command[-2:])
        self.assertFalse(folder.exists())
        self.assertEqual([], self.said)

    def test_libvirt_refuses(self):
        folder = disks.folder(self.state)
        self.forget(side_effect=errors.CloudError('no such socket'))
        self.assertIn('no such socket', self.said[0])
        self.assertFalse(folder.exists())


class ConnectTest(unittest.TestCase):

    def test_says_why_and_what_to_do(self):
        group = mock.Mock()
        group.run.side_effect = errors.CloudError('polkit says no')
        with self.assertRaisesRegex(errors.CloudError,
                                    '(?s)polkit says no.*group libvirt'):
            hypervisor.connect(mock.Mock(), group)
