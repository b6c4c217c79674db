# SPDX-License-Identifier: Apache-2.0
"""Attach and detach, from REST to the driver and back."""

from concurrent import futures

from nova.tests.functional.usb import base


class AttachTest(base.UsbTestBase):

    def test_attach_show_detach(self):
        self.assertEqual({'1-1', '1-2.1', '1-2.2'}, set(self.devices()))
        server = self.boot()
        uuid = self.device('1-1').uuid

        code, body = self.attach(server, id=uuid, tag='licence')
        self.assertEqual(200, code, body)
        self.assertEqual('attached', body['usb_device']['status'])
        self.assertEqual('licence', body['usb_device']['tag'])
        self.assertEqual({uuid: (1, 2)}, self.in_domain(server))

        code, body = self.request('GET', '/os-usb-devices/' + uuid)
        self.assertEqual((200, server['id'], 'attached'), (
            code, body['usb_device']['instance_uuid'],
            body['usb_device']['status']))
        code, body = self.request(
            'GET', '/servers/%s/os-usb-devices' % server['id'])
        self.assertEqual([uuid], [d['id'] for d in body['usb_devices']])

        self.assertEqual((204, None), self.detach(server, uuid))
        self.assertEqual({}, self.in_domain(server))
        device = self.device('1-1')
        self.assertEqual(('available', None, None), (
            device.status, device.instance_uuid, device.tag))
        self.assertEqual(404, self.detach(server, uuid)[0])

        actions = self.actions(server)
        for name in ('attach_usb_device', 'detach_usb_device'):
            self.assertEqual(
                {('api_' + name, 'Success'), ('compute_' + name, 'Success')},
                {(event['event'], event['result'])
                 for event in actions[name]['events']})

    def test_attach_any_of_a_kind(self):
        server = self.boot()
        wanted = {'vendor_id': '0403', 'product_id': '6001'}
        got = set()
        for _n in base.TWINS:
            code, body = self.attach(server, **wanted)
            self.assertEqual(200, code, body)
            got.add(body['usb_device']['id'])
        self.assertEqual(2, len(got))
        self.assertEqual(got, set(self.in_domain(server)))
        code, body = self.attach(server, **wanted)
        self.assertEqual(409, code)
        self.assertIn('No free USB device', body['conflictingRequest']
                      ['message'])

    def test_twins_are_told_apart_by_port(self):
        server = self.boot()
        second = self.device('1-2.2')
        self.assertEqual(200, self.attach(server, id=second.uuid)[0])
        self.assertEqual({second.uuid: (1, 12)}, self.in_domain(server))
        self.assertEqual('available', self.device('1-2.1').status)

    def test_serial_selects(self):
        server = self.boot()
        wanted = {'vendor_id': '0781', 'product_id': '5567'}
        code, body = self.attach(server, serial='OTHER', **wanted)
        self.assertEqual(409, code, body)
        code, body = self.attach(server, serial='STICK-0001', **wanted)
        self.assertEqual((200, 'STICK-0001'),
                         (code, body['usb_device']['serial']))

    def test_stopped_server_gets_it_when_it_starts(self):
        server = self.boot()
        self._stop_server(server)
        uuid = self.device('1-1').uuid
        code, body = self.attach(server, id=uuid)
        self.assertEqual((200, 'attached'), (
            code, body['usb_device']['status']))
        self.assertIsNone(self.in_domain(server))
        self._start_server(server)
        self.assertEqual({uuid: (1, 2)}, self.in_domain(server))
        self._stop_server(server)
        self.assertEqual(204, self.detach(server, uuid)[0])
        self._start_server(server)
        self.assertEqual({}, self.in_domain(server))

    def test_paused_server(self):
        server = self.boot()
        uuid = self.device('1-1').uuid
        self.admin_api.post_server_action(server['id'], {'pause': None})
        self._wait_for_state_change(server, 'PAUSED')
        self.assertEqual(200, self.attach(server, id=uuid)[0])
        self.assertEqual(204, self.detach(server, uuid)[0])

    def test_wrong_state(self):
        server = self.boot()
        uuid = self.device('1-1').uuid
        self.attach(server, id=uuid)
        self._suspend_server(server)
        other = self.device('1-2.1').uuid
        code, body = self.attach(server, id=other)
        self.assertEqual(409, code, body)
        self.assertIn('suspended', body['conflictingRequest']['message'])
        self.assertEqual('available', self.device('1-2.1').status)
        self.assertEqual('attached', self.device('1-1').status)
        # The domain of a suspended server has no device: a detach is a
        # change of the record.
        self.assertEqual(204, self.detach(server, uuid)[0])
        self.assertEqual('available', self.device('1-1').status)

    def test_locked_server(self):
        server = self.boot()
        device = self.device('1-1')
        device.project_id = server['tenant_id']
        device.save()
        self.admin_api.post_server_action(server['id'], {'lock': None})
        code, body = self.attach(server, api=self.api, id=device.uuid)
        self.assertEqual(409, code, body)
        self.assertIn('locked', body['conflictingRequest']['message'])
        self.assertEqual('available', self.device('1-1').status)

    def _assert_refused(self, server, uuid, *words):
        code, body = self.attach(server, id=uuid)
        self.assertEqual(409, code, body)
        for word in words:
            self.assertIn(word, body['conflictingRequest']['message'])

    def test_refused(self):
        server = self.boot()
        self.plug(dict(base.STICK, port_path='1-3', device_number=30,
                       serial='MOUNTED', host_use='/dev/sdb1 is mounted'))
        self.scan()
        held = self.device('1-1')
        self.assertEqual(200, self.attach(server, id=held.uuid)[0])
        self._assert_refused(server, held.uuid, held.uuid, 'attached')
        self._assert_refused(server, self.device('1-3').uuid, 'blocked',
                             '/dev/sdb1 is mounted')
        first, second = (self.device('1-2.%d' % n) for n in (1, 2))
        self.request('PUT', '/os-usb-devices/' + first.uuid,
                     {'usb_device': {'disabled': True}})
        self._assert_refused(server, first.uuid, 'disabled')
        self.request('PUT', '/os-usb-devices/' + second.uuid,
                     {'usb_device': {'project_id': 'somebody-else'}})
        self._assert_refused(server, second.uuid, 'another project')

    def test_delete_server_frees(self):
        server = self.boot()
        uuid = self.device('1-1').uuid
        self.attach(server, id=uuid)
        self._delete_server(server)
        device = self.device('1-1')
        self.assertEqual((uuid, 'available', None), (
            device.uuid, device.status, device.instance_uuid))

    def test_hundred_at_once(self):
        server = self.boot()
        uuid = self.device('1-1').uuid
        with futures.ThreadPoolExecutor(20) as pool:
            codes = list(pool.map(
                lambda _n: self.attach(server, id=uuid)[0], range(100)))
        self.assertEqual([200] + 99 * [409], sorted(codes))
        device = self.device('1-1')
        self.assertEqual(('attached', server['id']), (
            device.status, device.instance_uuid))
        self.assertEqual({uuid: (1, 2)}, self.in_domain(server))


class OtherHostTest(base.TwoHostsTest):

    def test_device_of_another_host(self):
        server = self.boot(host='host1')
        uuid = self.device('2-1').uuid
        code, body = self.attach(server, id=uuid)
        self.assertEqual(409, code, body)
        self.assertIn('not on the host', body['conflictingRequest']['message'])
        code, body = self.attach(server, vendor_id='0781', product_id='aaaa')
        self.assertEqual(409, code, body)
        self.assertEqual('available', self.device('2-1').status)

    def test_shelved_server_has_no_host(self):
        server = self.boot(host='host1')
        self._shelve_server(server)
        code, body = self.attach(server, id=self.device('1-1').uuid)
        self.assertEqual(409, code, body)

    def test_host_is_down(self):
        server = self.boot(host='host1')
        uuid = self.device('1-1').uuid
        self.attach(server, id=uuid)
        self.computes['host1'].stop()
        self.force_down('host1')
        code, body = self.attach(server, id=self.device('1-2.1').uuid)
        self.assertEqual(409, code, body)
        self.assertIn('down', body['conflictingRequest']['message'])
        self.assertEqual('available', self.device('1-2.1').status)
        # Deleting it frees its devices nevertheless.
        self.admin_api.delete_server(server['id'])
        self._wait_until_deleted(server)
        device = self.device('1-1')
        self.assertEqual(('available', None), (
            device.status, device.instance_uuid))
