# SPDX-License-Identifier: Apache-2.0
"""Two cells: one list, and claims in the cell where the server is."""

from oslo_utils import uuidutils

from nova import context as nova_context
from nova.tests.functional.usb import base


class TwoCellsTest(base.TwoHostsTest):

    NUMBER_OF_CELLS = 2

    def _setup_compute_service(self):
        self.plug(base.STICK, *base.TWINS, host='host1')
        self.plug(self.OTHER, host='host2')
        self._start_compute('host1', cell_name='cell1')
        self._start_compute('host2', cell_name='cell2')

    def _inventory(self, query=''):
        code, body = self.request('GET', '/os-usb-devices' + query)
        self.assertEqual(200, code, body)
        return body['usb_devices']

    def test_list_and_show(self):
        devices = {device['port_path']: device
                   for device in self._inventory()}
        self.assertEqual({'1-1', '1-2.1', '1-2.2', '2-1'}, set(devices))
        for device in devices.values():
            code, body = self.request(
                'GET', '/os-usb-devices/' + device['id'])
            self.assertEqual((200, device), (code, body['usb_device']))

    def test_pages(self):
        seen = []
        marker = ''
        for _n in range(4):
            page = self._inventory('?limit=1&sort_key=vendor_id' + marker)
            self.assertEqual(1, len(page))
            seen += page
            marker = '&marker=' + page[0]['id']
        self.assertEqual([], self._inventory(
            '?limit=1&sort_key=vendor_id' + marker))
        self.assertEqual(4, len({device['id'] for device in seen}))
        vendors = [device['vendor_id'] for device in seen]
        self.assertEqual(sorted(vendors), vendors)

    def test_attach_in_the_second_cell(self):
        server = self.boot(host='host2')
        devices = {device['port_path']: device['id']
                   for device in self._inventory()}
        code, body = self.attach(server, id=devices['2-1'])
        self.assertEqual(200, code, body)
        code, body = self.request(
            'GET', '/servers/%s/os-usb-devices' % server['id'])
        self.assertEqual([devices['2-1']],
                         [device['id'] for device in body['usb_devices']])
        # Known, but in the other cell.
        code, body = self.attach(server, id=devices['1-1'])
        self.assertEqual(409, code, body)
        self.assertIn('not on the host', body['conflictingRequest']['message'])
        code, body = self.request(
            'PUT', '/os-usb-devices/' + devices['2-1'],
            {'usb_device': {'description': 'far away'}})
        self.assertEqual((200, 'far away'), (
            code, body['usb_device']['description']))
        self.assertEqual(204, self.detach(server, devices['2-1'])[0])

    def test_cell_that_is_not_synced(self):
        with nova_context.target_cell(
                self.context, self.cell_mappings['cell2']) as cctxt:
            base.drop_tables(cctxt)
        for path in ('/os-usb-devices',
                     '/os-usb-devices/' + uuidutils.generate_uuid()):
            code, body = self.request('GET', path)
            self.assertEqual(503, code, body)
            self.assertIn('nova-manage db sync', str(body))
        # What is in the other cell is there nevertheless.
        uuid = self.device('1-1').uuid
        server = self.boot(host='host1')
        self.assertEqual(200, self.attach(server, id=uuid)[0])
