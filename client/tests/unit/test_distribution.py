# SPDX-License-Identifier: Apache-2.0
"""What the installed distribution says of itself."""

import configparser
from importlib import metadata
import pathlib

import testtools

NAME = 'python-novausbclient'
SETUP_CFG = pathlib.Path(__file__).parents[3] / 'setup.cfg'
COMMANDS = {
    'usb device list', 'usb device show', 'usb device set',
    'usb device rescan', 'usb device release', 'usb device delete',
    'server usb device list', 'server usb device show',
    'server add usb device', 'server remove usb device'}


class TestDistribution(testtools.TestCase):

    def entry_points(self, group):
        return [point for point in metadata.distribution(NAME).entry_points
                if point.group == group]

    def test_version_is_the_forks(self):
        if not SETUP_CFG.exists():
            self.skipTest('There is no checkout of the fork around this.')
        config = configparser.ConfigParser()
        config.read(SETUP_CFG)
        self.assertEqual(config['metadata']['version'],
                         metadata.version(NAME))

    def test_commands(self):
        points = self.entry_points('openstack.compute.v2')
        self.assertEqual(COMMANDS, {point.name.replace('_', ' ')
                                    for point in points})
        for point in points:
            self.assertTrue(point.load().__doc__)

    def test_exporter(self):
        point, = self.entry_points('console_scripts')
        self.assertEqual('novausb-exporter', point.name)
        self.assertTrue(callable(point.load()))
