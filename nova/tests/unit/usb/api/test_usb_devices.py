# SPDX-License-Identifier: Apache-2.0
"""Calls of ``/os-usb-devices/{id}``."""

from oslo_utils.fixture import uuidsentinel as uuids

from nova.tests.unit.usb.api import base
from nova.tests.unit.usb.api import shown
from nova.usb import exception as usb_exception
from nova.usb import status

COLLECTION = '/os-usb-devices'


class DeviceTestCase(base.ApiTestCase):

    PATH = COLLECTION + '/' + uuids.device

    def setUp(self):
        super().setUp()
        self.devices_api.get_device.return_value = base.fake_device()


class EveryCallTestCase(DeviceTestCase):

    def test_malformed_id(self):
        for id in ('x', '7', uuids.device + '0', uuids.device[1:],
                   '%00', '%20', "';--", 'z' * 3000):
            path = COLLECTION + '/' + id
            self.assertStatus(404, 'GET', path)
            self.assertStatus(404, 'PUT', path,
                              {'usb_device': {'disabled': True}})
            self.assertStatus(404, 'DELETE', path)
            self.assertStatus(404, 'POST', path + '/action',
                              {'rescan': None})

    def test_id_in_another_spelling(self):
        for id in (uuids.device.upper(), uuids.device.replace('-', '')):
            self.assertStatus(200, 'GET', COLLECTION + '/' + id)
            self.assertEqual(uuids.device,
                             self.devices_api.get_device.call_args[0][1])

    def test_unknown(self):
        error = usb_exception.UsbDeviceNotFound(device=uuids.device)
        for method in ('get_device', 'update_device', 'rescan',
                       'force_release', 'delete_device'):
            getattr(self.devices_api, method).side_effect = error
        for request in (
                ('GET', self.PATH),
                ('PUT', self.PATH, {'usb_device': {'disabled': True}}),
                ('DELETE', self.PATH),
                ('POST', self.PATH + '/action', {'rescan': None}),
                ('POST', self.PATH + '/action', {'force_release': None})):
            self.assertFault(404, uuids.device, *request)

    def test_query_is_checked(self):
        for request in (
                ('GET', self.PATH + '?x=1'),
                ('PUT', self.PATH + '?x=1',
                 {'usb_device': {'disabled': True}}),
                ('DELETE', self.PATH + '?force=true'),
                ('POST', self.PATH + '/action?x=1', {'rescan': None})):
            self.assertStatus(400, *request)
        self.devices_api.delete_device.assert_not_called()


class ShowTestCase(DeviceTestCase):

    def test_admin(self):
        self.assertEqual({'usb_device': shown.ALL},
                         self.assertStatus(200, 'GET', self.PATH))

    def test_granted(self):
        self.devices_api.get_device.return_value = base.fake_device(
            project_id=base.PROJECT)
        for role in ('member', 'reader'):
            self.assertEqual(
                {'usb_device': shown.PUBLIC},
                self.assertStatus(200, 'GET', self.PATH, role=role))

    def test_not_granted(self):
        unknown = usb_exception.UsbDeviceNotFound(device=uuids.device)
        for project in (None, base.OTHER_PROJECT):
            self.devices_api.get_device.return_value = base.fake_device(
                project_id=project)
            for role in ('member', 'reader'):
                # Word for word what an unknown device is answered with.
                self.assertFault(404, unknown.format_message(), 'GET',
                                 self.PATH, role=role)

    def test_no_role(self):
        self.assertFault(403, 'os-usb-devices:show', 'GET', self.PATH,
                         role='nobody')

    def test_no_project(self):
        self.policy.set_rules(
            {'os_compute_api:os-usb-devices:show': '@'}, overwrite=False)
        self.assertStatus(404, 'GET', self.PATH, role='nobody',
                          project=None)

    def test_server_of_another_project(self):
        self.mappings = {uuids.others: base.OTHER_PROJECT}
        self.devices_api.get_device.return_value = base.fake_device(
            project_id=base.PROJECT, instance_uuid=uuids.others,
            status=status.ATTACHED, tag='theirs')
        shown = self.assertStatus(
            200, 'GET', self.PATH, role='member')['usb_device']
        self.assertIsNone(shown['instance_uuid'])
        self.assertIsNone(shown['tag'])


class UpdateTestCase(DeviceTestCase):

    def _put(self, status, device, **kwargs):
        return self.assertStatus(
            status, 'PUT', self.PATH, {'usb_device': device}, **kwargs)

    def test_each(self):
        self.devices_api.update_device.return_value = base.fake_device(
            description='x')
        for changes in ({'project_id': 'p'}, {'project_id': None},
                        {'disabled': True}, {'description': 'x'},
                        {'description': None},
                        {'project_id': 'p', 'disabled': False,
                         'description': 'x'}):
            self.assertEqual(
                {'usb_device': dict(shown.ALL, description='x')},
                self._put(200, changes))
            _context, device_uuid, changed, detach = (
                self.devices_api.update_device.call_args[0])
            self.assertEqual((uuids.device, changes, False),
                             (device_uuid, changed, detach))

    def test_detach(self):
        self.devices_api.update_device.return_value = base.fake_device()
        self._put(200, {'project_id': None, 'detach': True})
        self.assertEqual(({'project_id': None}, True),
                         self.devices_api.update_device.call_args[0][2:])
        self.devices_api.update_device.reset_mock()
        for device in ({'detach': True}, {'detach': True, 'disabled': True}):
            self._put(400, device)
        self.devices_api.update_device.assert_not_called()

    def test_a_project_that_does_not_exist(self):
        self.projects.unknown.add('p')
        self.assertFault(400, 'Project ID p is not a valid project.', 'PUT',
                         self.PATH, {'usb_device': {'project_id': 'p'}})
        self.devices_api.update_device.assert_not_called()

    def test_others_may_not(self):
        for role in ('member', 'reader', 'nobody'):
            self._put(403, {'disabled': True}, role=role)
        self.devices_api.update_device.assert_not_called()

    def test_bad_bodies(self):
        for body in ({}, [], 5, 'x', {'usb_device': None},
                     {'usb_device': {}}, {'usb_device': {'status': 'x'}},
                     {'usb_device': {'disabled': 'true'}},
                     {'usb_device': {'tag': 'x'}},
                     {'usb_device': {'description': 'x' * 256}},
                     {'usb_device': {'description': '\ud800'}},
                     {'usb_device': {'description': 'a\u0000'}},
                     {'usb_device': {'description': 'x', 'uuid': 'x'}},
                     {'usb_device': {'description': 'x'}, 'x': 1}):
            self.assertStatus(400, 'PUT', self.PATH, body)
        for raw in (b'', b'{', b'null',
                    b'{"usb_device": {"description": NaN}}'):
            self.assertStatus(400, 'PUT', self.PATH, raw=raw)
        self.devices_api.update_device.assert_not_called()

    def test_legacy_v2_lets_no_unknown_field_through(self):
        for body in ({'usb_device': {'identity': 'x'}},
                     {'usb_device': {}}):
            self.assertStatus(400, 'PUT', self.PATH, body, legacy=True)
        self.devices_api.update_device.assert_not_called()
        self.devices_api.update_device.return_value = base.fake_device()
        self.assertStatus(
            200, 'PUT', self.PATH,
            {'usb_device': {'description': 'x', 'tag': 'y'}}, legacy=True)
        self.assertEqual({'description': 'x'},
                         self.devices_api.update_device.call_args[0][2])

    def test_conflict(self):
        self.devices_api.update_device.side_effect = (
            usb_exception.UsbDeviceInUse(device=uuids.device,
                                         status='attached'))
        self.assertFault(409, 'attached', 'PUT', self.PATH,
                         {'usb_device': {'project_id': 'p'}})


class ActionTestCase(DeviceTestCase):

    ACTION = DeviceTestCase.PATH + '/action'

    def test_each(self):
        for name in ('rescan', 'force_release'):
            method = getattr(self.devices_api, name)
            method.return_value = None
            self.assertIsNone(self.assertStatus(
                204, 'POST', self.ACTION, {name: None}))
            self.assertEqual(uuids.device, method.call_args[0][1])
            self.assertEqual(1, method.call_count)

    def test_others_may_not(self):
        for name in ('rescan', 'force_release'):
            for role in ('member', 'reader', 'nobody'):
                self.assertFault(403, 'os-usb-devices:' + name, 'POST',
                                 self.ACTION, {name: None}, role=role)
            getattr(self.devices_api, name).assert_not_called()

    def test_bad_bodies(self):
        for body in ({}, [], ['rescan'], 'rescan', 5, {'rescan': {}},
                     {'rescan': 'x'}, {'format': None},
                     {'rescan': None, 'force_release': None}):
            self.assertStatus(400, 'POST', self.ACTION, body)
        for raw in (b'', b'{', b'null', b'true'):
            self.assertStatus(400, 'POST', self.ACTION, raw=raw)
        self.assertFault(400, 'force_release, rescan', 'POST', self.ACTION,
                         {'format': None}, legacy=True)
        self.devices_api.rescan.assert_not_called()
        self.devices_api.force_release.assert_not_called()

    def test_errors(self):
        for name, error, code in (
                ('rescan', usb_exception.UsbHostUnavailable(
                    reason='it is down'), 409),
                ('rescan', usb_exception.UsbNotSupported(reason='R'), 501),
                ('force_release', usb_exception.UsbDeviceNotClaimed(
                    device='D', status='available'), 409),
                ('force_release', usb_exception.UsbDeviceNotOrphaned(
                    device='D', server='S'), 409)):
            getattr(self.devices_api, name).side_effect = error
            self.assertFault(code, error.format_message(), 'POST',
                             self.ACTION, {name: None})


class DeleteTestCase(DeviceTestCase):

    def test_delete(self):
        self.devices_api.delete_device.return_value = None
        self.assertIsNone(self.assertStatus(204, 'DELETE', self.PATH))
        self.assertEqual(uuids.device,
                         self.devices_api.delete_device.call_args[0][1])

    def test_others_may_not(self):
        for role in ('member', 'reader', 'nobody'):
            self.assertFault(403, 'os-usb-devices:delete', 'DELETE',
                             self.PATH, role=role)
        self.devices_api.delete_device.assert_not_called()

    def test_conflicts(self):
        for error in (usb_exception.UsbDevicePresent(device='D'),
                      usb_exception.UsbDeviceInUse(device='D',
                                                   status='attached')):
            self.devices_api.delete_device.side_effect = error
            self.assertFault(409, error.format_message(), 'DELETE',
                             self.PATH)


class RoutesTestCase(base.ApiTestCase):

    def test_bodies_that_break_novas_own_layers(self):
        device = COLLECTION + '/' + uuids.device
        server = '/servers/%s/os-usb-devices' % uuids.server
        for raw in (b'\xff', b'{"a\xff": 1}', b'\xed\xa0\x80',
                    b'[' * 100000, b'{"a":' * 100000,
                    b'{"usb_device": ' + b'[' * 900 + b']' * 900 + b'}'):
            for method, path in (('PUT', device), ('POST', server),
                                 ('POST', device + '/action')):
                self.assertFault(400, 'UTF-8', method, path, raw=raw)
        for raw in (b'{"rescan": ' + b'9' * 5000 + b'}', b'{}}', b'\x00'):
            self.assertStatus(400, 'POST', device + '/action', raw=raw)

    def test_what_is_not_offered(self):
        device = COLLECTION + '/' + uuids.device
        for method, path in (('POST', COLLECTION), ('DELETE', COLLECTION),
                             ('PUT', COLLECTION), ('POST', device),
                             ('PATCH', device), ('GET', device + '/action'),
                             ('GET', device + '/x')):
            self.assertIn(
                self.request(method, path, {}).status_int, (404, 405))

    def test_project_in_the_path(self):
        self.devices_api.list_devices.return_value = []
        project = '6f70656e737461636b20342065766572'
        self.assertStatus(200, 'GET', '/' + project + COLLECTION,
                          project=project)
        self.assertStatus(400, 'GET', '/' + project + COLLECTION)
