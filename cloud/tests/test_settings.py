# SPDX-License-Identifier: Apache-2.0

import dataclasses
import json
import pathlib
import tempfile
import unittest
from unittest import mock

from cloud import disks
from cloud import guide
from cloud import nova
from cloud import ports
from cloud import settings as settings_module
from cloud import simulation


class SettingsTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        state = pathlib.Path(folder.name)
        self.settings = settings_module.Settings(
            checkout=state, state=state, venv=state / 'venv',
            ports=ports.block(5000),
            passwords=settings_module.passwords(state / 'passwords.json'))

    def nova_conf(self, settings):
        nova.configure(settings)
        return (settings.etc('nova') / 'nova.conf').read_text()

    def test_passwords_stay_the_same_and_differ(self):
        again = settings_module.passwords(
            self.settings.state / 'passwords.json')
        self.assertEqual(self.settings.passwords, again)
        self.assertEqual(len(again), len(set(again.values())))

    def test_clouds_yaml_has_every_person(self):
        settings_module.write_clouds(self.settings)
        clouds = json.loads(self.settings.clouds_yaml.read_text())['clouds']
        self.assertEqual({'admin', 'member', 'reader', 'other'}, set(clouds))
        self.assertEqual('http://127.0.0.1:5000/v3',
                         clouds['reader']['auth']['auth_url'])
        self.assertNotEqual(clouds['member']['auth']['project_name'],
                            clouds['reader']['auth']['project_name'])

    def test_simulates_unless_libvirt_is_asked_for(self):
        simulated = self.nova_conf(self.settings)
        self.assertIn('compute_driver = simulated_hypervisor.', simulated)
        self.assertIn('simulated_devices = ', simulated)
        self.assertIn('SIMULATED', guide.text(self.settings, 1))

        real = dataclasses.replace(self.settings, libvirt=True)
        with mock.patch.object(disks, 'PARENT', self.settings.state):
            configured = self.nova_conf(real)
        self.assertIn('compute_driver = libvirt.LibvirtDriver', configured)
        folder = disks.folder(self.settings.state)
        self.assertIn('instances_path = %s\n' % folder, configured)
        self.assertIn('instance_name_template = %s-%%08x\n' % folder.name,
                      configured)
        self.assertNotIn('simulated', configured)
        self.assertNotIn('SIMULATED', guide.text(real, 1))

    def test_without_sudo(self):
        for uid, drops in ((1000, True), (0, False)):
            with mock.patch('os.geteuid', return_value=uid):
                found = nova.privsep(self.settings, 'a.conf')
            self.assertEqual(set(nova.PRIVILEGED), set(found))
            for options in found.values():
                self.assertEqual('%s --config-file a.conf'
                                 % self.settings.tool('privsep-helper'),
                                 options['helper_command'])
                self.assertEqual(drops, options.get('capabilities') == '')

    def test_what_the_user_edits_survives_a_second_start(self):
        nova.configure(self.settings)
        self.settings.simulated_devices.write_text('[]')
        self.settings.own_nova_conf.write_text('[usb]')
        nova.configure(self.settings)
        self.assertEqual('[]', self.settings.simulated_devices.read_text())
        self.assertEqual('[usb]', self.settings.own_nova_conf.read_text())


class DevicesTest(unittest.TestCase):
    """The file with the simulated devices."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / 'devices.json'

    def devices(self, hosts):
        simulation.write_once(self.path, hosts)
        return json.loads(self.path.read_text())

    def test_a_list_is_for_one_host(self):
        self.assertEqual(simulation.DEVICES, self.devices(1))
        self.path.write_text('[]')
        self.assertEqual([], self.devices(1))

    def test_a_second_host_leaves_the_first_one_its_devices(self):
        self.path.write_text('[]')
        wanted = {simulation.HOST: [],
                  simulation.HOSTS[1]: simulation.SECOND_DEVICES}
        self.assertEqual(wanted, self.devices(2))
        # And the other way round.
        self.assertEqual(wanted, self.devices(1))
