# SPDX-License-Identifier: Apache-2.0
"""The methods of ``connection.compute``."""

import openstack
from openstack import exceptions
import testtools

from novausb import sdk
from tests.unit import fake_nova

FREE = fake_nova.device(1, serial='S-1')
TAGGED = fake_nova.device(
    2, serial='S-2', tag='licence', status='attached',
    instance_uuid=fake_nova.SERVER)
TWIN = fake_nova.device(3, serial='twin', vendor_id='0529')
OTHER_TWIN = fake_nova.device(4, serial='twin', present=False)


class SdkTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.nova = self.useFixture(fake_nova.FakeNova(
            *(dict(device) for device in (FREE, TAGGED, TWIN, OTHER_TWIN))))
        self.connection = self.nova.connection()
        sdk.register(self.connection)
        self.compute = self.connection.compute


class TestRegister(SdkTestCase):

    def test_keeps_openstacksdks_own_methods(self):
        self.assertEqual(
            fake_nova.SERVER, self.compute.find_server('my-server').id)

    def test_again_changes_nothing(self):
        sdk.register(self.connection)
        self.assertIs(self.compute, self.connection.compute)

    def test_by_vendor_hook(self):
        connection = openstack.connect(
            load_yaml_config=False, load_envvars=False, auth_type='none',
            auth={'endpoint': fake_nova.COMPUTE},
            compute_endpoint_override=fake_nova.COMPUTE,
            compute_api_version='2', vendor_hook='novausb.sdk:register')
        self.assertEqual(4, len(list(connection.compute.usb_devices())))


class TestInventory(SdkTestCase):

    def test_list_follows_pages(self):
        self.nova.page = 3
        self.assertEqual(
            [1, 2, 3, 4],
            [int(device.id[-1]) for device in self.compute.usb_devices()])
        self.assertEqual(2, len(self.nova.requests))

    def test_list_one_page(self):
        devices = self.compute.usb_devices(paginated=False, limit=1)
        self.assertEqual([FREE['id']], [device.id for device in devices])
        self.assertEqual([('GET', '/os-usb-devices?limit=1', None)],
                         self.nova.requests)

    def test_list_filters(self):
        devices = list(self.compute.usb_devices(
            present=False, vendor_id='0781', sort_key=['host', 'id'],
            sort_dir=['asc', 'desc']))
        self.assertEqual([OTHER_TWIN['id']],
                         [device.id for device in devices])
        asked = self.nova.requests[0][1]
        for part in ('present=false', 'vendor_id=0781', 'sort_key=host',
                     'sort_key=id', 'sort_dir=asc', 'sort_dir=desc'):
            self.assertIn(part, asked)

    def test_fields(self):
        device = self.compute.get_usb_device(FREE['id'])
        for name, value in FREE.items():
            self.assertEqual(value, getattr(device, name), name)

    def test_find(self):
        for name, number in ((FREE['id'], 1), ('S-1', 1), ('licence', 2)):
            self.assertEqual(
                number, int(self.compute.find_usb_device(name).id[-1]), name)

    def test_find_by_description(self):
        self.nova.devices[0]['description'] = 'asset 1'
        self.assertEqual(FREE['id'],
                         self.compute.find_usb_device('asset 1').id)

    def test_tag_does_not_hide_a_description(self):
        self.nova.devices[0]['description'] = 'licence'
        self.assertRaises(exceptions.DuplicateResource,
                          self.compute.find_usb_device, 'licence')

    def test_tag_does_not_hide_a_serial_number(self):
        self.nova.devices[1]['tag'] = 'S-1'
        self.assertEqual(FREE['id'], self.compute.find_usb_device('S-1').id)

    def test_find_none(self):
        self.assertIsNone(self.compute.find_usb_device('x'))
        error = self.assertRaises(
            exceptions.NotFoundException, self.compute.find_usb_device, 'x',
            ignore_missing=False)
        self.assertIn("'x'", str(error))

    def test_find_one_of_two(self):
        error = self.assertRaises(
            exceptions.DuplicateResource, self.compute.find_usb_device,
            'twin')
        self.assertIn(TWIN['id'], str(error))
        self.assertIn(OTHER_TWIN['id'], str(error))

    def test_update_sends_what_was_asked_for(self):
        device = self.compute.get_usb_device(FREE['id'])
        changed = self.compute.update_usb_device(
            device, project_id=None, detach=True)
        self.assertIsNone(changed.project_id)
        self.assertEqual(
            [('/os-usb-devices/' + FREE['id'],
              {'usb_device': {'project_id': None, 'detach': True}})],
            self.nova.asked('PUT'))

    def test_update_gives_the_answer(self):
        changed = self.compute.update_usb_device(FREE['id'], disabled=True)
        self.assertIs(True, changed.disabled)
        self.assertEqual('S-1', changed.serial)

    def test_actions(self):
        for status in (202, 204):
            self.nova.action_status = status
            self.compute.rescan_usb_device(FREE['id'])
            self.compute.release_usb_device(FREE['id'])
        path = '/os-usb-devices/%s/action' % FREE['id']
        self.assertEqual(
            [(path, {'rescan': None}), (path, {'force_release': None})] * 2,
            self.nova.asked('POST'))

    def test_refused(self):
        self.nova.refuse = fake_nova.Refusal(409, 'No. Do this.')
        error = self.assertRaises(
            exceptions.ConflictException, self.compute.release_usb_device,
            FREE['id'])
        self.assertEqual('No. Do this.', error.details)

    def test_delete(self):
        self.compute.delete_usb_device(OTHER_TWIN['id'])
        self.compute.delete_usb_device(OTHER_TWIN['id'])
        self.assertRaises(
            exceptions.NotFoundException, self.compute.delete_usb_device,
            OTHER_TWIN['id'], ignore_missing=False)


class TestServer(SdkTestCase):

    def test_list(self):
        devices = list(self.compute.server_usb_devices(fake_nova.SERVER))
        self.assertEqual([TAGGED['id']], [device.id for device in devices])
        self.assertEqual(
            [('GET', '/servers/%s/os-usb-devices' % fake_nova.SERVER, None)],
            self.nova.requests)

    def test_find(self):
        for name in (TAGGED['id'], 'S-2', 'licence'):
            found = self.compute.find_server_usb_device(
                fake_nova.SERVER, name)
            self.assertEqual(TAGGED['id'], found.id, name)
        self.assertIsNone(self.compute.find_server_usb_device(
            fake_nova.SERVER, 'S-1'))

    def test_attach_and_detach(self):
        server = self.compute.find_server('my-server')
        device = self.compute.get_usb_device(FREE['id'])
        held = self.compute.attach_usb_device(server, device, tag='a')
        self.assertEqual(('attached', 'a', fake_nova.SERVER),
                         (held.status, held.tag, held.instance_uuid))
        self.assertEqual(
            [('/servers/%s/os-usb-devices' % fake_nova.SERVER,
              {'usb_device': {'id': FREE['id'], 'tag': 'a'}})],
            self.nova.asked('POST'))
        self.compute.detach_usb_device(server, held)
        self.compute.detach_usb_device(server, held)
        self.assertRaises(
            exceptions.NotFoundException, self.compute.detach_usb_device,
            server, held, ignore_missing=False)

    def test_attach_by_kind(self):
        held = self.compute.attach_usb_device(
            fake_nova.SERVER, vendor_id='0529', product_id='5581')
        self.assertEqual(TWIN['id'], held.id)
        self.assertEqual(
            {'usb_device': {'vendor_id': '0529', 'product_id': '5581'}},
            self.nova.asked('POST')[0][1])


class TestWait(SdkTestCase):

    def test_there_already(self):
        device = self.compute.wait_for_usb_device(FREE['id'])
        self.assertEqual('available', device.status)

    def test_blocked(self):
        self.nova.devices[0]['status'] = 'blocked'
        self.assertRaises(
            exceptions.ResourceFailure, self.compute.wait_for_usb_device,
            FREE['id'], interval=0.01)

    def test_too_long(self):
        self.assertRaises(
            exceptions.ResourceTimeout, self.compute.wait_for_usb_device,
            TAGGED['id'], interval=0.01, wait=0.05)
