# SPDX-License-Identifier: Apache-2.0
"""The commands, the SDK and the exporter against a real compute API."""

import csv
import io

from openstack import exceptions
import prometheus_client

from novausb.exporter import collector
from tests.functional import base


class TestMainJob(base.FunctionalTestCase):

    def test_grant_attach_detach_revoke(self):
        device = self.free_device()
        self.server('usb-main-job')
        self.assertEqual([], self.read('member', 'usb', 'device', 'list'))
        self.succeed('admin', 'usb', 'device', 'set', device.serial,
                     '--project', 'alpha')
        seen, = self.read('member', 'usb', 'device', 'list')
        self.assertEqual(device.id, seen['ID'])
        self.assertIsNone(seen['Host'])

        held = self.read('member', 'server', 'add', 'usb', 'device',
                         'usb-main-job', device.serial, '--tag', 'dongle',
                         '--wait')
        self.assertEqual(('attached', 'dongle'),
                         (held['status'], held['tag']))
        listed, = self.read('member', 'server', 'usb', 'device', 'list',
                            'usb-main-job')
        self.assertEqual(device.id, listed['ID'])
        shown = self.read('member', 'server', 'usb', 'device', 'show',
                          'usb-main-job', 'dongle')
        self.assertEqual(device.serial, shown['serial'])
        by_server, = self.read(
            'member', 'usb', 'device', 'list', '--server', 'usb-main-job')
        self.assertEqual(device.id, by_server['ID'])

        said = self.fail_with('admin', 'usb', 'device', 'release', 'dongle')
        self.assertIn('in use by server', said)
        self.assertIn('HTTP 409', said)
        said = self.fail_with('member', 'server', 'add', 'usb', 'device',
                              'usb-main-job', device.id)
        self.assertIn('HTTP 409', said)

        self.succeed('member', 'server', 'remove', 'usb', 'device',
                     'usb-main-job', 'dongle', '--wait')
        self.succeed('admin', 'usb', 'device', 'set', device.id,
                     '--no-project')
        self.assertEqual([], self.read('member', 'usb', 'device', 'list'))

    def test_by_kind(self):
        device = self.free_device()
        self.server('usb-by-kind')
        self.succeed('admin', 'usb', 'device', 'set', device.id,
                     '--project', 'alpha', '--project-domain', 'default')
        kind = '%s:%s' % (device.vendor_id, device.product_id)
        self.assertEqual(device.id, self.read(
            'member', 'server', 'add', 'usb', 'device', 'usb-by-kind',
            '--kind', kind)['id'])
        said = self.fail_with('member', 'server', 'add', 'usb', 'device',
                              'usb-by-kind', '--kind', kind)
        self.assertIn('HTTP 409', said)
        self.succeed('member', 'server', 'remove', 'usb', 'device',
                     'usb-by-kind', device.serial)

    def test_pulled_out(self):
        device = self.free_device()
        self.server('usb-pulled-out')
        self.succeed('admin', 'usb', 'device', 'set', device.id,
                     '--project', 'alpha')
        self.succeed('member', 'server', 'add', 'usb', 'device',
                     'usb-pulled-out', device.id)
        self.pull_out(device)
        gone, = self.read('admin', 'usb', 'device', 'list', '--absent',
                          '--status', 'attached')
        self.assertEqual(device.id, gone['ID'])
        self.assertIn('id="%s"' % device.id, self.exported())
        self.succeed('member', 'server', 'remove', 'usb', 'device',
                     'usb-pulled-out', device.id)

    def exported(self):
        """:returns: the line of nova_usb_device_gone"""
        registry = prometheus_client.CollectorRegistry()
        registry.register(collector.UsbCollector(self.admin, 0))
        text = prometheus_client.generate_latest(registry).decode()
        self.assertIn('nova_usb_api_up 1.0', text)
        self.assertIn('nova_usb_host_up{host="simulated-host"} 1.0', text)
        return next(line for line in text.splitlines()
                    if line.startswith('nova_usb_device_gone{'))


class TestInventory(base.FunctionalTestCase):

    def ids(self, *words):
        return [row['ID'] for row in self.read(
            'admin', 'usb', 'device', 'list', *words)]

    def test_pages_and_order(self):
        every = self.ids('--sort', 'port_path')
        self.assertGreaterEqual(len(every), 4)
        self.assertEqual(every[::-1], self.ids('--sort', 'port_path:desc'))
        self.assertEqual(every, self.ids('--sort', 'host,port_path'))
        first = self.ids('--sort', 'port_path', '--limit', '2')
        self.assertEqual(every[:2], first)
        self.assertEqual(every[2:], self.ids(
            '--sort', 'port_path', '--marker', first[-1]))

    def test_filters(self):
        self.assertEqual([], self.ids('--host', 'no-such-host'))
        self.assertEqual(self.ids(), self.ids('--host', 'simulated-host'))
        blocked, = self.read('admin', 'usb', 'device', 'list', '--long',
                             '--status', 'blocked', '--vendor-id', '046D')
        self.assertIn('keyboard', blocked['Blocked Reason'])

    def test_formats(self):
        rows = list(csv.DictReader(io.StringIO(self.succeed(
            'admin', 'usb', 'device', 'list', '-f', 'csv'))))
        self.assertEqual(self.ids(), [row['ID'] for row in rows])
        text = self.succeed('admin', 'usb', 'device', 'list', '-f', 'yaml')
        self.assertIn('Kind: 0781:5581', text)
        self.assertEqual(
            'blocked', self.succeed(
                'admin', 'usb', 'device', 'show',
                self.ids('--status', 'blocked')[0], '-f', 'value', '-c',
                'status').strip())

    def test_disable_and_describe(self):
        device = self.free_device()
        self.succeed('admin', 'usb', 'device', 'set', device.id,
                     '--disable', '--description', 'asset 1')
        shown = self.read('admin', 'usb', 'device', 'show', 'asset 1')
        self.assertIs(True, shown['disabled'])
        self.succeed('admin', 'usb', 'device', 'set', device.id, '--enable',
                     '--no-description')
        shown = self.read('admin', 'usb', 'device', 'show', device.id)
        self.assertEqual((False, None),
                         (shown['disabled'], shown['description']))

    def test_rescan(self):
        self.assertEqual('', self.succeed(
            'admin', 'usb', 'device', 'rescan', self.free_device().serial))

    def test_delete(self):
        said = self.fail_with('admin', 'usb', 'device', 'delete',
                              self.free_device().id)
        self.assertIn('plugged in', said)


class TestOthers(base.FunctionalTestCase):

    def test_what_is_not_theirs(self):
        device = self.free_device()
        self.succeed('admin', 'usb', 'device', 'set', device.id,
                     '--project', 'alpha')
        for cloud in ('reader', 'other'):
            self.assertEqual([], self.read(cloud, 'usb', 'device', 'list'))
            said = self.fail_with(cloud, 'usb', 'device', 'show', device.id)
            self.assertIn(device.id, said)
        for words in (('usb', 'device', 'set', device.id, '--disable'),
                      ('usb', 'device', 'rescan', device.id),
                      ('usb', 'device', 'release', device.id),
                      ('usb', 'device', 'delete', device.id),
                      ('usb', 'device', 'list', '--host', 'x')):
            self.assertIn('HTTP 403', self.fail_with('member', *words))

    def test_names_that_nothing_has(self):
        device = self.free_device()
        for words in (('usb', 'device', 'show', 'nothing'),
                      ('usb', 'device', 'set', device.id, '--project',
                       'nothing'),
                      ('server', 'usb', 'device', 'list', 'nothing'),
                      ('server', 'add', 'usb', 'device', 'nothing',
                       device.id)):
            self.assertIn('nothing', self.fail_with('admin', *words))


class TestShell(base.FunctionalTestCase):

    def test_completion(self):
        script = self.succeed('admin', 'complete')
        for variable, words in (
                ('cmds_usb_device', 'delete list release rescan set show'),
                ('cmds_server_usb_device', 'list show')):
            self.assertIn("%s='%s'" % (variable, words), script)
        for variable in ('cmds_server_add_usb', 'cmds_server_remove_usb'):
            self.assertIn("%s='device'" % variable, script)

    def test_help(self):
        text = self.succeed('admin', 'help', 'server', 'add', 'usb',
                            'device')
        self.assertIn('--kind <vid:pid[:serial]>', text)


class TestSdk(base.FunctionalTestCase):

    def test_attach_and_wait(self):
        device = self.free_device()
        compute = self.admin.compute
        self.server('usb-sdk')
        server = compute.find_server('usb-sdk', all_projects=True)
        compute.attach_usb_device(server, device)
        self.assertEqual(
            server.id,
            compute.wait_for_usb_device(device, 'attached').instance_uuid)
        error = self.assertRaises(exceptions.ConflictException,
                                  compute.attach_usb_device, server, device)
        self.assertIn(device.id, error.details)
        compute.detach_usb_device(server, device)
        self.assertIsNone(compute.wait_for_usb_device(device).instance_uuid)
        self.assertEqual([], list(compute.server_usb_devices(server)))
