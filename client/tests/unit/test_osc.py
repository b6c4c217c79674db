# SPDX-License-Identifier: Apache-2.0
"""The commands, on the test base of python-openstackclient."""

import argparse

from openstackclient.tests.unit import utils
from osc_lib import exceptions

from novausb.osc import common
from novausb.osc import server_usb_device
from novausb.osc import usb_device
from tests.unit import fake_nova

FREE = fake_nova.device(1, serial='S-1')
HELD = fake_nova.device(
    2, serial='S-2', tag='licence', status='attached',
    instance_uuid=fake_nova.SERVER)
GONE = fake_nova.device(
    3, serial='S-3', present=False, project_id=fake_nova.PROJECT)


class CommandTestCase(utils.TestCommand):

    def setUp(self):
        super().setUp()
        self.nova = self.useFixture(fake_nova.FakeNova(
            dict(FREE), dict(HELD), dict(GONE)))
        self.app.client_manager.sdk_connection = self.nova.connection()

    def run_command(self, factory, *words):
        """What the command returns, which is given these words."""
        command = factory(self.app, None)
        return command.take_action(
            self.check_parser(command, list(words), []))

    def fails(self, factory, *words):
        """What the command says when it fails with exit status 1."""
        return str(self.assertRaises(exceptions.CommandError,
                                     self.run_command, factory, *words))

    def misread(self, factory, *words):
        """The words must be refused before anything is asked."""
        self.assertRaises(utils.ParserException, self.check_parser,
                          factory(self.app, None), list(words), [])

    def changed(self):
        """The body of the only PUT."""
        (_path, body), = self.nova.asked('PUT')
        return body['usb_device']


class TestUsbDeviceList(CommandTestCase):

    def listed(self, *words):
        columns, data = self.run_command(usb_device.ListUsbDevice, *words)
        return [dict(zip(columns, row)) for row in data]

    def test_columns(self):
        self.assertEqual({
            'ID': HELD['id'], 'Kind': '0781:5581', 'Product': 'USB stick',
            'Serial': 'S-2', 'Host': 'compute', 'Status': 'attached',
            'Present': True, 'Server ID': fake_nova.SERVER,
            'Tag': 'licence'}, self.listed()[1])

    def test_long(self):
        row = self.listed('--long')[2]
        self.assertEqual(fake_nova.PROJECT, row['Project ID'])
        self.assertEqual('1-1', row['Port Path'])
        self.assertEqual(['08'], row['Interface Classes'].machine_readable())

    def test_nothing(self):
        self.nova.devices.clear()
        self.assertEqual([], self.listed())

    def test_filters(self):
        words = ('--host', 'compute', '--vendor-id', '0781', '--product-id',
                 '5581', '--serial', 'S-3', '--status', 'available',
                 '--absent', '--project', 'alpha')
        self.assertEqual([GONE['id']], [row['ID']
                                        for row in self.listed(*words)])
        asked, = self.nova.asked('GET')
        for part in ('host=compute', 'vendor_id=0781', 'product_id=5581',
                     'serial=S-3', 'status=available', 'present=false',
                     'project_id=' + fake_nova.PROJECT):
            self.assertIn(part, asked[0])

    def test_by_server(self):
        self.assertEqual([HELD['id']], [
            row['ID'] for row in self.listed('--server', 'my-server')])

    def test_present(self):
        self.assertEqual(2, len(self.listed('--present')))
        self.misread(usb_device.ListUsbDevice, '--present', '--absent')

    def test_limit_and_marker(self):
        rows = self.listed('--limit', '1', '--marker', FREE['id'])
        self.assertEqual([HELD['id']], [row['ID'] for row in rows])
        self.assertEqual(1, len(self.nova.requests))
        self.misread(usb_device.ListUsbDevice, '--limit', '0')

    def test_limit_above_the_servers(self):
        self.nova.page = 1
        self.assertEqual(2, len(self.listed('--limit', '2')))

    def test_sort(self):
        self.listed('--sort', 'status:desc,id')
        asked = self.nova.asked('GET')[0][0]
        for part in ('sort_key=status', 'sort_dir=desc', 'sort_key=id',
                     'sort_dir=asc'):
            self.assertIn(part, asked)
        for text in ('', 'id:up', ':asc', 'id,'):
            self.misread(usb_device.ListUsbDevice, '--sort', text)

    def test_cloud_without_usb(self):
        self.nova.refuse = fake_nova.Refusal(404, 'Not found.')
        self.assertIn('does not know USB devices',
                      self.fails(usb_device.ListUsbDevice))

    def test_refused(self):
        self.nova.refuse = fake_nova.Refusal(403, "Policy doesn't allow it.")
        self.assertEqual("Policy doesn't allow it. (HTTP 403)",
                         self.fails(usb_device.ListUsbDevice))


class TestUsbDeviceShow(CommandTestCase):

    def test_by_each_name(self):
        for name in (HELD['id'], 'S-2', 'licence'):
            columns, data = self.run_command(usb_device.ShowUsbDevice, name)
            shown = dict(zip(columns, data))
            self.assertEqual(HELD['id'], shown['id'])
            self.assertEqual('compute', shown['host'])

    def test_what_a_member_is_shown(self):
        for name in common.ADMIN_FIELDS:
            del self.nova.devices[0][name]
        columns, _data = self.run_command(usb_device.ShowUsbDevice, 'S-1')
        self.assertEqual(set(), common.ADMIN_FIELDS & set(columns))

    def test_none(self):
        self.assertIn("'x'", self.fails(usb_device.ShowUsbDevice, 'x'))

    def test_two(self):
        self.nova.devices[0]['serial'] = 'S-2'
        said = self.fails(usb_device.ShowUsbDevice, 'S-2')
        self.assertIn(FREE['id'], said)
        self.assertIn(HELD['id'], said)


class TestUsbDeviceSet(CommandTestCase):

    def test_changes(self):
        for words, changes in (
                (('--project', 'alpha'), {'project_id': fake_nova.PROJECT}),
                (('--no-project',), {'project_id': None}),
                (('--no-project', '--detach'),
                 {'project_id': None, 'detach': True}),
                (('--disable',), {'disabled': True}),
                (('--enable',), {'disabled': False}),
                (('--project', 'alpha', '--detach'),
                 {'project_id': fake_nova.PROJECT, 'detach': True}),
                (('--disable', '--description', 'b'),
                 {'disabled': True, 'description': 'b'}),
                (('--no-description',), {'description': None})):
            self.nova.requests.clear()
            self.run_command(usb_device.SetUsbDevice, 'S-1', *words)
            self.assertEqual(changes, self.changed(), words)

    def test_nothing(self):
        self.assertIn('--project', self.fails(usb_device.SetUsbDevice,
                                              'S-1'))
        self.assertEqual([], self.nova.asked('PUT'))

    def test_detach_alone(self):
        self.assertIn('--no-project', self.fails(
            usb_device.SetUsbDevice, 'S-1', '--detach', '--disable'))
        self.assertEqual([], self.nova.asked('PUT'))

    def test_contradictions(self):
        for words in (('--project', 'a', '--no-project'),
                      ('--enable', '--disable'),
                      ('--description', 'a', '--no-description')):
            self.misread(usb_device.SetUsbDevice, 'S-1', *words)

    def test_unknown_project(self):
        self.nova.mock.get(fake_nova.IDENTITY + '/projects/x',
                           status_code=404)
        self.nova.mock.get(fake_nova.IDENTITY + '/projects?name=x',
                           json={'projects': []})
        self.assertIn('x', self.fails(usb_device.SetUsbDevice, 'S-1',
                                      '--project', 'x'))
        self.assertEqual([], self.nova.asked('PUT'))

    def test_project_that_may_not_be_looked_up(self):
        for url in ('/projects/p', '/projects?name=p'):
            self.nova.mock.get(fake_nova.IDENTITY + url, status_code=403)
        self.run_command(usb_device.SetUsbDevice, 'S-1', '--project', 'p')
        self.assertEqual({'project_id': 'p'}, self.changed())


class TestUsbDeviceActions(CommandTestCase):

    def test_actions(self):
        for factory, action in (
                (usb_device.RescanUsbDevice, 'rescan'),
                (usb_device.ReleaseUsbDevice, 'force_release')):
            self.nova.requests.clear()
            self.run_command(factory, 'licence')
            self.assertEqual(
                [('/os-usb-devices/%s/action' % HELD['id'], {action: None})],
                self.nova.asked('POST'))

    def test_delete(self):
        self.run_command(usb_device.DeleteUsbDevice, 'S-3')
        self.assertEqual(2, len(self.nova.devices))

    def test_delete_goes_on(self):
        said = self.fails(usb_device.DeleteUsbDevice, 'S-1', 'x', 'S-3')
        self.assertIn('2 of 3', said)
        self.assertEqual(2, len(self.nova.devices))


class TestServerUsbDevice(CommandTestCase):

    def test_list(self):
        columns, data = self.run_command(
            server_usb_device.ListServerUsbDevice, 'my-server')
        self.assertEqual([HELD['id']], [row[columns.index('ID')]
                                        for row in data])

    def test_show(self):
        columns, data = self.run_command(
            server_usb_device.ShowServerUsbDevice, 'my-server', 'S-2')
        self.assertEqual(HELD['id'], dict(zip(columns, data))['id'])

    def test_unknown_server(self):
        self.assertIn('no-server', self.fails(
            server_usb_device.ListServerUsbDevice, 'no-server'))

    def test_add(self):
        columns, data = self.run_command(
            server_usb_device.AddServerUsbDevice, 'my-server', 'S-1',
            '--tag', 'a', '--wait')
        shown = dict(zip(columns, data))
        self.assertEqual(('attached', 'a'), (shown['status'], shown['tag']))
        self.assertEqual({'usb_device': {'id': FREE['id'], 'tag': 'a'}},
                         self.nova.asked('POST')[0][1])

    def test_add_by_id_asks_once(self):
        self.run_command(server_usb_device.AddServerUsbDevice, 'my-server',
                         FREE['id'])
        self.assertEqual(1, len(self.nova.requests))

    def test_add_by_kind(self):
        self.run_command(server_usb_device.AddServerUsbDevice, 'my-server',
                         '--kind', '0781:5581:S-1')
        self.assertEqual(
            {'usb_device': {'vendor_id': '0781', 'product_id': '5581',
                            'serial': 'S-1'}},
            self.nova.asked('POST')[0][1])

    def test_add_which(self):
        for words in ((), ('S-1', '--kind', '0781:5581')):
            self.assertIn('--kind', self.fails(
                server_usb_device.AddServerUsbDevice, 'my-server', *words))

    def test_add_refused(self):
        said = self.fails(server_usb_device.AddServerUsbDevice, 'my-server',
                          'S-2')
        self.assertEqual('USB device is attached and belongs to a server. '
                         'Choose another device. (HTTP 409)', said)

    def test_remove(self):
        self.run_command(server_usb_device.RemoveServerUsbDevice,
                         'my-server', 'licence', '--wait')
        self.assertEqual('available', self.nova.devices[1]['status'])

    def test_remove_what_it_does_not_hold(self):
        self.assertIn("'S-1'", self.fails(
            server_usb_device.RemoveServerUsbDevice, 'my-server', 'S-1'))
        self.assertEqual([], self.nova.asked('DELETE'))


class TestKind(utils.TestCase):

    def test_good(self):
        for text, fields in (
                ('0529:0001', {'vendor_id': '0529', 'product_id': '0001'}),
                ('05aC:00fE:S:1 2', {'vendor_id': '05aC',
                                     'product_id': '00fE',
                                     'serial': 'S:1 2'})):
            self.assertEqual(fields, common.kind(text))

    def test_bad(self):
        for text in ('', '0529', '0529:', '0529:1', 'xxxx:0001',
                     '0529:0001:', '0529:0001\n', ' 0529:0001'):
            self.assertRaises(argparse.ArgumentTypeError, common.kind, text)
