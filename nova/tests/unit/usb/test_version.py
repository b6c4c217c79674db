# SPDX-License-Identifier: Apache-2.0
from importlib import metadata
from unittest import mock

from nova import test
from nova.usb import version
from nova import version as nova_version


class VersionTest(test.NoDBTestCase):

    def test_the_forks_part_is_kept(self):
        with mock.patch.object(metadata, 'version',
                               return_value='29.4.0+usb.0.1.0') as asked:
            # Through upstream's module, as nova-manage asks.
            self.assertEqual('29.4.0+usb.0.1.0',
                             nova_version.version_string())
        asked.assert_called_once_with('nova')

    def test_tree_that_is_not_installed(self):
        with mock.patch.object(
                metadata, 'version',
                side_effect=metadata.PackageNotFoundError('nova')):
            with mock.patch.object(
                    nova_version.version_info, 'version_string',
                    return_value='29.4.0'):
                self.assertEqual('29.4.0', version.version_string())
