# SPDX-License-Identifier: Apache-2.0
"""What the API refuses, and what it changes, in which state."""

from oslo_utils.fixture import uuidsentinel as uuids

from nova.tests.functional.usb import api_base
from nova.tests.functional.usb import base


class InventoryTest(api_base.UsbApiTestBase):

    def test_disable_and_enable(self):
        server = self.boot()
        body = self.put(self.stick, disabled=True)
        self.assertEqual(('blocked', True), (
            body['usb_device']['status'], body['usb_device']['disabled']))
        code, body = self.attach(server, id=self.stick)
        self.assertEqual(409, code)
        self.assertIn('disabled', body['conflictingRequest']['message'])
        body = self.put(self.stick, disabled=False)
        self.assertEqual('available', body['usb_device']['status'])
        self.assertEqual(200, self.attach(server, id=self.stick)[0])

    def test_two_labels_for_two_owners(self):
        self.grant(self.stick)
        body = self.put(self.stick, description='\u017elut\u00e1')
        self.assertEqual('\u017elut\u00e1', body['usb_device']['description'])
        server = self.boot()
        code, body = self.attach(server, api=self.member, id=self.stick,
                                 tag='hasp')
        self.assertEqual((200, 'hasp'), (code, body['usb_device']['tag']))
        self.assertNotIn('description', body['usb_device'])
        self.put(self.stick, 400, tag='mine')
        self.assertEqual(
            204, self.detach(server, self.stick, api=self.member)[0])
        device = self.device('1-1')
        self.assertEqual(('\u017elut\u00e1', None),
                         (device.description, device.tag))
        body = self.put(self.stick, description=None)
        self.assertIsNone(body['usb_device']['description'])

    def test_a_project_that_does_not_exist(self):
        self.projects.unknown.add(api_base.OTHER_PROJECT)
        self.put(self.stick, 400, project_id=api_base.OTHER_PROJECT)
        self.assertIsNone(self.device('1-1').project_id)

    def test_what_was_said_outlives_a_replug(self):
        self.grant(self.stick)
        self.put(self.stick, disabled=True, description='evidence')
        self.unplug('1-1')
        self.scan()
        self.assertFalse(self.device('1-1').present)
        self.plug(base.STICK)
        self.scan()
        device = self.device('1-1')
        self.assertEqual(
            (self.stick, True, 'blocked', True, 'evidence', self.project),
            (device.uuid, device.present, device.status, device.disabled,
             device.description, device.project_id))

    def test_a_record_of_which_nothing_was_said(self):
        self.flags(absent_grace_time=3600, group='usb')
        self.unplug('1-1')
        for _n in range(2):
            self.scan()
            self.assertEqual(self.stick, self.device('1-1').uuid)
        self.flags(absent_grace_time=0, group='usb')
        # Nothing is plugged or pulled any more.
        self.scan()
        self.assertNotIn('1-1', self.devices())

    def test_forget(self):
        path = api_base.LIST + '/' + self.stick
        body = self.ask(409, 'DELETE', path)
        self.assertIn('Unplug', body['conflictingRequest']['message'])
        server = self.boot()
        self.assertEqual(200, self.attach(server, id=self.stick)[0])
        self.unplug('1-1')
        self.scan()
        device = self.ask(200, 'GET', path)['usb_device']
        self.assertEqual((False, server['id']),
                         (device['present'], device['instance_uuid']))
        self.ask(409, 'DELETE', path)
        self.ask(204, 'POST', path + '/action', {'force_release': None})
        device = self.ask(200, 'GET', path)['usb_device']
        self.assertEqual((False, 'available'),
                         (device['present'], device['status']))
        self.ask(204, 'DELETE', path)
        self.ask(404, 'GET', path)
        self.ask(404, 'DELETE', path)

    def test_force_release(self):
        path = api_base.LIST + '/' + self.stick + '/action'
        body = self.ask(409, 'POST', path, {'force_release': None})
        self.assertIn('nothing to release',
                      body['conflictingRequest']['message'])
        server = self.boot()
        self.assertEqual(200, self.attach(server, id=self.stick)[0])
        body = self.ask(409, 'POST', path, {'force_release': None})
        self.assertIn(server['id'], body['conflictingRequest']['message'])
        self.assertEqual([self.stick], list(self.in_domain(server)))

    def test_rescan(self):
        self.plug({'vendor_id': '05ab', 'product_id': '00cd',
                   'port_path': '2-1', 'bus_number': 2, 'device_number': 3})
        self.ask(204, 'POST', api_base.LIST + '/' + self.stick + '/action',
                 {'rescan': None})
        body = self.ask(200, 'GET', api_base.LIST + '?vendor_id=05ab')
        self.assertEqual(
            ['2-1'],
            [device['port_path'] for device in body['usb_devices']])


class ServerStateTest(api_base.UsbApiTestBase):

    def _refused(self, code, text, server, **kwargs):
        found, body = self.attach(server, id=self.stick, **kwargs)
        self.assertEqual(code, found, body)
        (fault,) = body.values()
        self.assertIn(text, fault['message'])
        device = self.device('1-1')
        self.assertEqual(('available', None),
                         (device.status, device.instance_uuid))

    def test_unknown_server(self):
        for id in (uuids.unknown, 'x', '5', '%00'):
            self._refused(404, 'could not be found', {'id': id})
            self.ask(404, 'GET', '/servers/%s/os-usb-devices' % id)
            self.assertEqual(404, self.detach({'id': id}, self.stick)[0])

    def test_locked_server(self):
        self.grant(self.stick)
        server = self.boot()
        self.admin_api.post_server_action(server['id'], {'lock': None})
        self._refused(409, 'locked', server, api=self.member)
        self.admin_api.post_server_action(server['id'], {'unlock': None})
        self.assertEqual(
            200, self.attach(server, id=self.stick, api=self.member)[0])
        self.admin_api.post_server_action(server['id'], {'lock': None})
        self.assertEqual(
            409, self.detach(server, self.stick, api=self.member)[0])
        # As elsewhere in Nova a lock does not stop an administrator.
        self.assertEqual(204, self.detach(server, self.stick)[0])

    def test_server_in_another_state(self):
        server = self.boot()
        self.admin_api.post_server_action(server['id'], {'suspend': None})
        self._wait_for_state_change(server, 'SUSPENDED')
        self._refused(409, 'suspended', server)

    def test_server_without_a_host(self):
        server = self.boot()
        self.admin_api.post_server_action(server['id'], {'shelve': None})
        self._wait_for_state_change(server, 'SHELVED_OFFLOADED')
        self._refused(409, server['id'], server)

    def test_device_that_another_server_has(self):
        holder, server = self.boot(), self.boot()
        self.assertEqual(200, self.attach(holder, id=self.stick)[0])
        code, body = self.attach(server, id=self.stick)
        self.assertEqual(409, code)
        self.assertIn('attached', body['conflictingRequest']['message'])
        self.assertEqual(404, self.detach(server, self.stick)[0])
        self.ask(404, 'GET', '/servers/%s/os-usb-devices/%s' % (
            server['id'], self.stick))
        self.assertEqual([self.stick], list(self.in_domain(holder)))

    def test_no_free_match(self):
        server = self.boot()
        kind = {'vendor_id': '0403', 'product_id': '6001'}
        for _ in range(2):
            self.assertEqual(200, self.attach(server, **kind)[0])
        code, body = self.attach(server, **kind)
        self.assertEqual(409, code)
        self.assertIn('0403', body['conflictingRequest']['message'])
        self.assertEqual(2, len(self.in_domain(server)))
