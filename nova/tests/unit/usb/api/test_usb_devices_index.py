# SPDX-License-Identifier: Apache-2.0
"""The list of ``/os-usb-devices``."""

from urllib import parse

from oslo_utils.fixture import uuidsentinel as uuids

from nova import exception
from nova.tests.unit.usb.api import base
from nova.tests.unit.usb.api import shown
from nova.usb import exception as usb_exception
from nova.usb import status

COLLECTION = '/os-usb-devices'


class IndexTestCase(base.ApiTestCase):

    def setUp(self):
        super().setUp()
        self.devices_api.list_devices.return_value = []

    def _asked(self):
        """What the compute layer was asked for, by the last request."""
        args, kwargs = self.devices_api.list_devices.call_args
        self.assertEqual(1, len(args))
        return kwargs

    def test_admin(self):
        self.devices_api.list_devices.return_value = [base.fake_device()]
        body = self.assertStatus(200, 'GET', COLLECTION)
        self.assertEqual({'usb_devices': [shown.ALL]}, body)
        self.assertEqual(
            {'filters': {}, 'limit': 1000, 'marker': None,
             'sort_keys': ['created_at'], 'sort_dirs': ['asc']}, self._asked())

    def test_project(self):
        self.devices_api.list_devices.return_value = [
            base.fake_device(project_id=base.PROJECT)]
        for role in ('member', 'reader'):
            body = self.assertStatus(200, 'GET', COLLECTION, role=role)
            self.assertEqual({'usb_devices': [shown.PUBLIC]}, body)
            self.assertEqual({'project_id': base.PROJECT},
                             self._asked()['filters'])

    def test_no_role(self):
        self.assertFault(403, 'os-usb-devices:index', 'GET', COLLECTION,
                         role='nobody')
        self.devices_api.list_devices.assert_not_called()

    def test_no_project(self):
        self.assertEqual(
            {'usb_devices': []},
            self._unscoped(COLLECTION))
        self.devices_api.list_devices.assert_not_called()

    def _unscoped(self, path):
        # Policy may be written so that this passes; the project is then
        # None, like that of a device which was granted to nobody.
        self.policy.set_rules(
            {'os_compute_api:os-usb-devices:index': '@',
             'os_compute_api:os-usb-devices:show': '@'}, overwrite=False)
        return self.assertStatus(200, 'GET', path, role='nobody',
                                 project=None)

    def test_filters(self):
        query = parse.urlencode({
            'host': 'compute1', 'status': 'attached', 'present': 'True',
            'vendor_id': '05AB', 'product_id': '00CD', 'serial': 'S\u017e',
            'instance_uuid': uuids.server.upper(), 'project_id': 'p'})
        self.assertStatus(200, 'GET', COLLECTION + '?' + query)
        self.assertEqual(
            {'host': 'compute1', 'status': 'attached', 'present': True,
             'vendor_id': '05ab', 'product_id': '00cd',
             'serial': 'S\u017e', 'instance_uuid': uuids.server,
             'project_id': 'p'}, self._asked()['filters'])

    def test_present(self):
        for text, value in (('true', True), ('True', True), ('1', True),
                            ('false', False), ('False', False),
                            ('0', False)):
            self.assertStatus(200, 'GET', COLLECTION + '?present=' + text)
            self.assertIs(value, self._asked()['filters']['present'])

    def test_sorting(self):
        self.assertStatus(
            200, 'GET', COLLECTION + '?sort_key=id&sort_dir=desc')
        self.assertEqual((['uuid'], ['desc']), (
            self._asked()['sort_keys'], self._asked()['sort_dirs']))
        self.devices_api.list_devices.return_value = [
            base.fake_device(uuid=uuids.a)]
        body = self.assertStatus(
            200, 'GET', COLLECTION + '?sort_key=status&sort_key=vendor_id&'
            'sort_dir=desc&sort_dir=asc&limit=1')
        self.assertEqual((['status', 'vendor_id'], ['desc', 'asc']), (
            self._asked()['sort_keys'], self._asked()['sort_dirs']))
        url = parse.urlsplit(body['usb_devices_links'][0]['href'])
        self.assertEqual(
            {'sort_key': ['status', 'vendor_id'],
             'sort_dir': ['desc', 'asc'], 'limit': ['1'],
             'marker': [uuids.a]}, parse.parse_qs(url.query))

    def test_bad_queries(self):
        for query in (
                'limit=-1', 'limit=x', 'limit=', 'limit=1.5',
                'limit=1&limit=2', 'limit=' + '9' * 5000,
                'marker=x', 'marker=', 'sort_key=identity', 'sort_dir=up',
                'status=free', 'present=maybe', 'vendor_id=529',
                'vendor_id=0529%0a', 'serial=', 'serial=%00', 'serial=%ff',
                'instance_uuid=x', 'unknown=1', 'offset=1',
                'host=a&host=b', 'serial=%F0%9F%98%80'):
            self.assertStatus(400, 'GET', COLLECTION + '?' + query)
        self.devices_api.list_devices.assert_not_called()

    def test_limit(self):
        self.flags(max_limit=5, group='api')
        for text, limit in (('3', 3), ('5', 5), ('6', 5),
                            ('9' * 100, 5), ('0', 0)):
            self.assertStatus(200, 'GET', COLLECTION + '?limit=' + text)
            self.assertEqual(limit, self._asked()['limit'])

    def test_marker(self):
        self.assertStatus(
            200, 'GET', COLLECTION + '?marker=' + uuids.m.upper())
        self.assertEqual(uuids.m, self._asked()['marker'])

    def test_unknown_marker(self):
        self.devices_api.list_devices.side_effect = exception.MarkerNotFound(
            marker=uuids.m)
        self.assertFault(400, uuids.m, 'GET',
                         COLLECTION + '?marker=' + uuids.m)

    def test_marker_of_a_project(self):
        path = COLLECTION + '?marker=' + uuids.device
        unknown = exception.MarkerNotFound(marker=uuids.device)
        for project in (None, base.OTHER_PROJECT):
            self.devices_api.get_device.return_value = base.fake_device(
                project_id=project)
            self.assertFault(400, unknown.format_message(), 'GET', path,
                             role='member')
        self.devices_api.get_device.side_effect = (
            usb_exception.UsbDeviceNotFound(device=uuids.device))
        self.assertFault(400, unknown.format_message(), 'GET', path,
                         role='member')
        self.devices_api.list_devices.assert_not_called()
        self.devices_api.get_device.side_effect = None
        self.devices_api.get_device.return_value = base.fake_device(
            project_id=base.PROJECT)
        self.assertStatus(200, 'GET', path, role='member')
        self.assertEqual(uuids.device, self._asked()['marker'])

    def test_next_link(self):
        devices = [base.fake_device(uuid=uuids.a),
                   base.fake_device(uuid=uuids.b)]
        self.devices_api.list_devices.return_value = devices
        body = self.assertStatus(
            200, 'GET', COLLECTION + '?limit=2&status=available')
        (link,) = body['usb_devices_links']
        self.assertEqual('next', link['rel'])
        url = parse.urlsplit(link['href'])
        self.assertEqual('/v2.1/os-usb-devices', url.path)
        self.assertEqual(
            {'limit': ['2'], 'marker': [uuids.b], 'status': ['available']},
            parse.parse_qs(url.query))

    def test_no_next_link(self):
        self.devices_api.list_devices.return_value = [base.fake_device()]
        for query in ('', '?limit=2', '?limit=0'):
            body = self.assertStatus(200, 'GET', COLLECTION + query)
            self.assertNotIn('usb_devices_links', body)

    def test_next_link_at_the_highest_limit(self):
        self.flags(max_limit=1, group='api')
        self.devices_api.list_devices.return_value = [base.fake_device()]
        for query in ('', '?limit=100'):
            body = self.assertStatus(200, 'GET', COLLECTION + query)
            self.assertIn('usb_devices_links', body)

    def test_what_only_an_admin_asks_by(self):
        for query in ('host=compute1', 'project_id=' + base.PROJECT,
                      'project_id=x', 'sort_key=host',
                      'sort_key=port_path'):
            self.assertStatus(200, 'GET', COLLECTION + '?' + query)
            self.devices_api.list_devices.reset_mock()
            for role in ('member', 'reader'):
                self.assertFault(403, 'index:all', 'GET',
                                 COLLECTION + '?' + query, role=role)
            self.devices_api.list_devices.assert_not_called()

    def test_server_of_another_project_is_not_named(self):
        self.mappings = {uuids.own: base.PROJECT,
                         uuids.others: base.OTHER_PROJECT}
        self.devices_api.list_devices.return_value = [
            base.fake_device(uuid=uuids.a, instance_uuid=uuids.own,
                             status=status.ATTACHED, tag='ours'),
            base.fake_device(uuid=uuids.b, instance_uuid=uuids.others,
                             status=status.ATTACHED, tag='theirs')]
        body = self.assertStatus(200, 'GET', COLLECTION, role='member')
        self.assertEqual(
            [(uuids.own, 'ours'), (None, None)],
            [(each['instance_uuid'], each['tag'])
             for each in body['usb_devices']])
        body = self.assertStatus(200, 'GET', COLLECTION)
        self.assertEqual(
            [uuids.own, uuids.others],
            [each['instance_uuid'] for each in body['usb_devices']])

    def test_asking_by_the_server_of_another_project(self):
        self.mappings = {uuids.own: base.PROJECT,
                         uuids.others: base.OTHER_PROJECT}
        self.devices_api.list_devices.return_value = [base.fake_device()]
        query = COLLECTION + '?instance_uuid='
        for server in (uuids.others, uuids.unknown):
            self.assertEqual(
                {'usb_devices': []},
                self.assertStatus(200, 'GET', query + server, role='member'))
        self.devices_api.list_devices.assert_not_called()
        body = self.assertStatus(200, 'GET', query + uuids.own,
                                 role='member')
        self.assertEqual(1, len(body['usb_devices']))
        self.assertEqual({'project_id': base.PROJECT,
                          'instance_uuid': uuids.own},
                         self._asked()['filters'])

    def test_database_not_synced(self):
        self.devices_api.list_devices.side_effect = (
            usb_exception.UsbDatabaseNotSynced(cell='cell1'))
        self.assertFault(503, 'nova-manage', 'GET', COLLECTION)
