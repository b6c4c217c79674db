# SPDX-License-Identifier: Apache-2.0
"""Bad input: an answer that says what is wrong, and never a 500."""

import json

from oslo_utils.fixture import uuidsentinel as uuids

from nova.tests.functional.usb import base

LIST = '/os-usb-devices'
STRANGE_IDS = ('x', '7', '-', '%00', '%20', 'null', "';--",
               '%F0%9F%98%80', 'z' * 2000)
STRANGE_QUERIES = (
    'limit=-1', 'limit=x', 'limit=', 'limit=1.5', 'limit=%00',
    'limit=1&limit=2', 'limit=' + '9' * 5000, 'marker=x', 'marker=',
    'marker=%00', 'sort_key=identity', 'sort_key=', 'sort_key=id;--',
    'sort_dir=up', 'sort_dir=', 'status=free', 'present=maybe', 'present=',
    'vendor_id=529', 'vendor_id=0529%0a', 'product_id=0x01', 'serial=',
    'serial=%00', 'serial=%ff', 'serial=%F0%9F%98%80', 'host=', 'host=%00',
    'host=a&host=b', 'instance_uuid=x', 'project_id=%20', 'unknown=1',
    'offset=1', 'page_size=1', 'deleted=1', '%00=1')
STRANGE_BODIES = (
    None, [], {}, 5, 'x', True, {'usb_device': None}, {'usb_device': []},
    {'usb_device': 'x'}, {'usb_device': {}}, {'device': {}},
    {'usb_device': {'unknown': 1}}, {'usb_device': {'tag': 'x'}},
    {'usb_device': {'description': ''}}, {'usb_device': {'description': 5}},
    {'usb_device': {'description': 'x' * 256}},
    {'usb_device': {'description': 'a\nb'}},
    {'usb_device': {'description': 'a\x00'}},
    {'usb_device': {'description': '\U0001f600'}},
    {'usb_device': {'description': '\ud800'}},
    {'usb_device': {'description': ['x']}},
    {'usb_device': {'description': {'x': 'y'}}})
STRANGE_BYTES = (b'', b'{', b'null', b'{"usb_device": NaN}', b'\x00',
                 b'\xff', b'{"\xff": 1}', b'[' * 100000,
                 b'{"usb_device": {"description": "\xe2\x80\xa8"}}')


class BadInputTest(base.UsbTestBase):

    def setUp(self):
        super().setUp()
        self.server = self.boot()
        self.uuid = self.device('1-1').uuid
        self.path = LIST + '/' + self.uuid
        self.server_list = '/servers/%s/os-usb-devices' % self.server['id']

    def _refused(self, method, path, body=None, raw=None, codes=(400,)):
        """A request that is answered with a fault, one of those codes."""
        if raw is None and body is not None:
            raw = json.dumps(body).encode()
        response = self.admin_api.api_request(
            path, method=method, body=raw,
            headers={'Content-Type': 'application/json'})
        case = (method, path[:100], raw, response.text)
        self.assertIn(response.status_code, codes, case)
        (fault,) = response.json().values()
        self.assertEqual(response.status_code, fault['code'], case)
        self.assertTrue(fault['message'], case)

    def _untouched(self):
        devices = self.devices()
        self.assertEqual(['1-1', '1-2.1', '1-2.2'], sorted(devices))
        for device in devices.values():
            self.assertEqual(
                ('available', None, None, None, False),
                (device.status, device.instance_uuid, device.tag,
                 device.project_id, device.disabled))

    def test_ids(self):
        for id in STRANGE_IDS:
            for method, body in (
                    ('GET', None), ('DELETE', None),
                    ('PUT', {'usb_device': {'disabled': True}})):
                self._refused(method, LIST + '/' + id, body, codes=(404,))
            self._refused('POST', LIST + '/' + id + '/action',
                          {'rescan': None}, codes=(404,))
            for method in ('GET', 'DELETE'):
                self._refused(method, self.server_list + '/' + id,
                              codes=(404,))
        self._untouched()

    def test_server_ids(self):
        for id in STRANGE_IDS + (uuids.unknown,):
            path = '/servers/%s/os-usb-devices' % id
            self._refused('GET', path, codes=(404,))
            self._refused('POST', path, {'usb_device': {'id': self.uuid}},
                          codes=(404,))
            for method in ('GET', 'DELETE'):
                self._refused(method, path + '/' + self.uuid, codes=(404,))
        self._untouched()

    def test_unknown_ids(self):
        path = LIST + '/' + uuids.unknown
        for method, body in (('GET', None), ('DELETE', None),
                             ('PUT', {'usb_device': {'disabled': True}})):
            self._refused(method, path, body, codes=(404,))
        for action in ('rescan', 'force_release'):
            self._refused('POST', path + '/action', {action: None},
                          codes=(404,))
        for method in ('GET', 'DELETE'):
            self._refused(method, self.server_list + '/' + uuids.unknown,
                          codes=(404,))
        self._refused('POST', self.server_list,
                      {'usb_device': {'id': uuids.unknown}}, codes=(404,))

    def test_queries(self):
        for query in STRANGE_QUERIES:
            self._refused('GET', LIST + '?' + query)
        for path in (self.path, self.server_list):
            self._refused('GET', path + '?limit=1')
        self._refused('DELETE', self.path + '?force=true')
        self._untouched()

    def test_bodies(self):
        calls = (('PUT', self.path), ('POST', self.server_list),
                 ('POST', self.path + '/action'))
        for method, path in calls:
            for body in STRANGE_BODIES:
                self._refused(method, path, body)
            for raw in STRANGE_BYTES:
                self._refused(method, path, raw=raw)
        self._untouched()

    def test_attach(self):
        for device in (
                {'id': self.uuid, 'vendor_id': '0781', 'product_id': '5567'},
                {'id': self.uuid, 'host': 'compute'},
                {'id': self.uuid, 'serial': 'STICK-0001'},
                {'id': None}, {'id': 7}, {'id': [self.uuid]},
                {'vendor_id': '0781'}, {'product_id': '5567'},
                {'serial': 'STICK-0001'}, {'vendor_id': 1921,
                                           'product_id': 21863},
                {'vendor_id': '781', 'product_id': '5567'},
                {'vendor_id': '07810', 'product_id': '5567'},
                {'vendor_id': '*', 'product_id': '*'},
                {'vendor_id': '0781\n', 'product_id': '5567'},
                {'vendor_id': '0781', 'product_id': '5567', 'serial': ''},
                {'vendor_id': '0781', 'product_id': '5567',
                 'serial': '\ud800'}):
            self._refused('POST', self.server_list, {'usb_device': device})
        self._untouched()

    def test_update(self):
        for device in (
                {'disabled': 'true'}, {'disabled': 1}, {'disabled': None},
                {'project_id': ''}, {'project_id': 5},
                {'project_id': 'x' * 256}, {'project_id': 'a b'},
                {'project_id': '\U0001f600'}, {'status': 'available'},
                {'instance_uuid': self.server['id']}, {'host': 'x'},
                {'uuid': uuids.other}, {'identity': 'x'},
                {'present': False}, {'tag': 'x', 'deleted': True}):
            self._refused('PUT', self.path, {'usb_device': device})
        self._untouched()

    def test_actions(self):
        for body in ({'rescan': {}}, {'rescan': 'now'}, {'format': None},
                     {'rescan': None, 'force_release': None},
                     ['rescan'], 'rescan', [None], {'': None}):
            self._refused('POST', self.path + '/action', body)
        self._untouched()

    def test_path_that_no_route_has(self):
        for path in (LIST + '/..%2f..', self.path + '/x', LIST + 'x',
                     self.path + '%2faction', self.server_list + '/a/b'):
            self.assertEqual(404, self.admin_api.api_request(
                path).status_code, path)

    def test_content_type(self):
        for method, path in (('PUT', self.path), ('POST', self.server_list)):
            response = self.admin_api.api_request(
                path, method=method, body='<usb_device/>',
                headers={'Content-Type': 'application/xml'})
            self.assertEqual(415, response.status_code)
        self._untouched()


class LegacyV2Test(base.UsbTestBase):
    """The v2 endpoint lets fields through that it does not know."""

    api_major_version = 'v2'
    microversion = None

    def test_unknown_fields_are_ignored(self):
        uuid = self.device('1-1').uuid
        code, body = self.request(
            'PUT', LIST + '/' + uuid,
            {'usb_device': {'description': 'x', 'status': 'attached'}})
        self.assertEqual(200, code, body)
        device = self.device('1-1')
        self.assertEqual(('x', 'available'),
                         (device.description, device.status))
        code, body = self.request(
            'PUT', LIST + '/' + uuid, {'usb_device': {'status': 'attached'}})
        self.assertEqual(400, code, body)
        code, body = self.request('GET', LIST + '?unknown=1')
        self.assertEqual(200, code, body)
        self.assertEqual(3, len(body['usb_devices']))

    def test_deep_bodies(self):
        path = LIST + '/' + self.device('1-1').uuid
        for depth in (30, 900, 5000):
            for inner in ('[' * depth + ']' * depth,
                          '{"a":' * depth + '1' + '}' * depth):
                for method, where, name in (
                        ('PUT', path, 'usb_device'),
                        ('POST', path + '/action', 'rescan')):
                    response = self.admin_api.api_request(
                        where, method=method,
                        body='{"%s": %s}' % (name, inner),
                        headers={'Content-Type': 'application/json'})
                    self.assertEqual(400, response.status_code,
                                     (method, depth, response.text[:200]))
