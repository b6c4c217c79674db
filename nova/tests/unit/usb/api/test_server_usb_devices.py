# SPDX-License-Identifier: Apache-2.0
"""Calls of ``/servers/{server_id}/os-usb-devices``."""

from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import selection
from nova import exception
from nova import objects
from nova.tests.unit.usb.api import base
from nova.tests.unit.usb.api import shown
from nova.usb import exception as usb_exception
from nova.usb import status

COLLECTION = '/servers/%s/os-usb-devices' % uuids.server
PATH = COLLECTION + '/' + uuids.device
BY_ID = {'usb_device': {'id': uuids.device}}

ATTACHED = dict(status=status.ATTACHED, instance_uuid=uuids.server)
PUBLIC = dict(shown.PUBLIC, **ATTACHED)
ALL = dict(shown.ALL, **ATTACHED)


class ServerTestCase(base.ApiTestCase):

    def setUp(self):
        super().setUp()
        self.usb_api.get_instance.return_value = objects.Instance(
            uuid=uuids.server, project_id=base.PROJECT, user_id='owner')
        self.device = base.fake_device(**ATTACHED)
        self.usb_api.list_for_server.return_value = [self.device]
        self.usb_api.get_for_server.return_value = self.device
        self.usb_api.attach.return_value = self.device
        self.usb_api.detach.return_value = None


class EveryCallTestCase(ServerTestCase):

    CALLS = (('GET', COLLECTION), ('GET', PATH),
             ('POST', COLLECTION, BY_ID), ('DELETE', PATH))

    def _not_reached(self):
        for name in ('list_for_server', 'get_for_server', 'attach',
                     'detach'):
            getattr(self.usb_api, name).assert_not_called()

    def test_by_role(self):
        success = {'GET': 200, 'POST': 200, 'DELETE': 204}
        for call in self.CALLS:
            for role in ('admin', 'member'):
                self.assertStatus(success[call[0]], *call, role=role)
            expected = 200 if call[0] == 'GET' else 403
            self.assertStatus(expected, *call, role='reader')
            self.assertStatus(403, *call, role='nobody')

    def test_refused_before_anything_is_done(self):
        for call in self.CALLS:
            self.assertStatus(403, *call, role='nobody')
        self._not_reached()

    def test_who_may_not_asks_no_cell(self):
        for role, calls in (('nobody', self.CALLS),
                            ('reader', self.CALLS[2:])):
            for call in calls:
                self.assertStatus(403, *call, role=role)
        self.usb_api.get_instance.assert_not_called()

    def test_other_project(self):
        # A database that tells another project's servers apart answers
        # InstanceNotFound; where it does not, policy still refuses.
        for call in self.CALLS:
            self.assertStatus(403, *call, role='member',
                              project=base.OTHER_PROJECT)
        self.usb_api.get_instance.side_effect = exception.InstanceNotFound(
            instance_id=uuids.server)
        for call in self.CALLS:
            self.assertFault(404, uuids.server, *call, role='member',
                             project=base.OTHER_PROJECT)
        self._not_reached()

    def test_malformed_server(self):
        self.usb_api.get_instance.side_effect = exception.InstanceNotFound(
            instance_id='x')
        for call in self.CALLS:
            path = call[1].replace(uuids.server, 'x')
            self.assertFault(404, 'x', call[0], path, *call[2:])

    def test_malformed_device(self):
        for id in ('x', '%00', uuids.device + '0'):
            for method in ('GET', 'DELETE'):
                self.assertFault(404, 'USB device', method,
                                 COLLECTION + '/' + id)
        self._not_reached()

    def test_query_is_checked(self):
        for call in self.CALLS:
            self.assertStatus(400, call[0], call[1] + '?x=1', *call[2:])
        self._not_reached()

    def test_database_not_synced(self):
        error = usb_exception.UsbDatabaseNotSynced(cell='cell1')
        for name in ('list_for_server', 'get_for_server', 'attach',
                     'detach'):
            getattr(self.usb_api, name).side_effect = error
        for call in self.CALLS:
            self.assertFault(503, 'db sync', *call)


class ReadTestCase(ServerTestCase):

    def test_index(self):
        for role, view in (('admin', ALL), ('member', PUBLIC),
                           ('reader', PUBLIC)):
            self.assertEqual(
                {'usb_devices': [view]},
                self.assertStatus(200, 'GET', COLLECTION, role=role))
        self.assertEqual(uuids.server,
                         self.usb_api.list_for_server.call_args[0][1])

    def test_show(self):
        for role, view in (('admin', ALL), ('member', PUBLIC),
                           ('reader', PUBLIC)):
            self.assertEqual(
                {'usb_device': view},
                self.assertStatus(200, 'GET', PATH, role=role))
        self.assertEqual((uuids.server, uuids.device),
                         self.usb_api.get_for_server.call_args[0][1:])

    def test_not_of_this_server(self):
        self.usb_api.get_for_server.side_effect = (
            usb_exception.UsbDeviceNotFound(device=uuids.device))
        self.assertFault(404, uuids.device, 'GET', PATH)


class AttachTestCase(ServerTestCase):

    def _post(self, **device):
        body = self.assertStatus(
            200, 'POST', COLLECTION, {'usb_device': device}, role='member')
        self.assertEqual({'usb_device': PUBLIC}, body)
        args, _kwargs = self.usb_api.attach.call_args
        self.assertEqual(uuids.server, args[1])
        return args[2]

    def test_by_id(self):
        for asked in (uuids.device, uuids.device.upper()):
            self.assertEqual(
                selection.AttachRequest(device_uuid=uuids.device, tag='hasp'),
                self._post(id=asked, tag='hasp'))
        self.assertIsNone(self._post(id=uuids.device).tag)

    def test_by_kind(self):
        self.assertEqual(
            selection.AttachRequest(vendor_id='05ab', product_id='00cd'),
            self._post(vendor_id='05AB', product_id='00Cd'))
        self.assertEqual(
            selection.AttachRequest(vendor_id='0529', product_id='0001',
                                    serial='S1', tag='x'),
            self._post(vendor_id='0529', product_id='0001', serial='S1',
                       tag='x'))

    def test_admin_sees_all_of_it(self):
        self.assertEqual(
            {'usb_device': ALL},
            self.assertStatus(200, 'POST', COLLECTION, BY_ID))

    def test_unclear(self):
        for device in (
                {'tag': 'x'}, {'serial': 'S1'}, {'vendor_id': '0529'},
                {'product_id': '0001'}, {'vendor_id': '0529', 'serial': 'S'},
                {'id': uuids.device, 'vendor_id': '0529',
                 'product_id': '0001'},
                {'id': uuids.device, 'serial': 'S1'}):
            self.assertFault(400, ', '.join(sorted(device)), 'POST',
                             COLLECTION, {'usb_device': device})
        self.usb_api.attach.assert_not_called()

    def test_bad_bodies(self):
        for body in ({}, [], 5, 'x', {'usb_device': None},
                     {'usb_device': {}}, {'usb_device': []},
                     {'usb_device': {'id': 5}}, {'usb_device': {'id': 'x'}},
                     {'usb_device': {'id': None}},
                     {'usb_device': {'vendor_id': 1, 'product_id': 2}},
                     {'usb_device': {'id': uuids.device, 'tag': ''}},
                     {'usb_device': {'id': uuids.device, 'tag': 'x' * 61}},
                     {'usb_device': {'id': uuids.device, 'host': 'h'}},
                     {'usb_device': {'id': uuids.device}, 'x': 1}):
            self.assertStatus(400, 'POST', COLLECTION, body)
        for raw in (b'', b'{', b'null'):
            self.assertStatus(400, 'POST', COLLECTION, raw=raw)
        self.usb_api.attach.assert_not_called()

    def test_legacy_v2(self):
        self.assertStatus(400, 'POST', COLLECTION,
                          {'usb_device': {'host': 'h'}}, legacy=True)
        self.usb_api.attach.assert_not_called()
        self.assertStatus(200, 'POST', COLLECTION,
                          {'usb_device': {'id': uuids.device, 'host': 'h'}},
                          legacy=True)

    def test_errors(self):
        device, server = uuids.device, uuids.server
        for error, code in (
                (usb_exception.UsbDeviceNotFound(device=device), 404),
                (usb_exception.UsbDeviceInUse(
                    device=device, status='attached'), 409),
                (usb_exception.UsbDeviceBlocked(
                    device=device, reason='mounted'), 409),
                (usb_exception.UsbDeviceDisabled(device=device), 409),
                (usb_exception.UsbDeviceAbsent(device=device), 409),
                (usb_exception.UsbDeviceOnOtherHost(
                    device=device, server=server), 409),
                (usb_exception.UsbDeviceNoMatch(
                    wanted='0529:0001', server=server), 409),
                (usb_exception.UsbDeviceGrantedElsewhere(
                    device=device, server=server), 409),
                (usb_exception.UsbServerWithoutHost(
                    device=device, server=server, state='error'), 409),
                (usb_exception.UsbHostUnavailable(reason='R'), 409),
                (usb_exception.UsbGuestPortsExhausted(
                    device=device, server=server), 409),
                (usb_exception.UsbIdentityChanged(
                    device=device, reason='R'), 409),
                (usb_exception.UsbAttachFailed(
                    device=device, server=server, reason='R'), 409),
                (usb_exception.UsbNotSupported(reason='R'), 501),
                (exception.InstanceNotFound(instance_id=server), 404),
                (exception.InstanceIsLocked(instance_uuid=server), 409),
                (exception.InstanceInvalidState(
                    attr='vm_state', instance_uuid=server, state='error',
                    method='attach_usb_device'), 409)):
            self.usb_api.attach.side_effect = error
            self.assertFault(code, error.format_message(), 'POST',
                             COLLECTION, BY_ID)
            self.assertFault(code, usb_exception.message_for_tenant(error),
                             'POST', COLLECTION, BY_ID, role='member')


class DetachTestCase(ServerTestCase):

    def test_detach(self):
        self.assertIsNone(
            self.assertStatus(204, 'DELETE', PATH, role='member'))
        self.assertEqual((uuids.server, uuids.device),
                         self.usb_api.detach.call_args[0][1:])

    def test_errors(self):
        device, server = uuids.device, uuids.server
        for error, code in (
                (usb_exception.UsbDeviceNotFound(device=device), 404),
                (usb_exception.UsbDeviceNotAttached(
                    device=device, server=server, status='attaching'), 409),
                (usb_exception.UsbDetachFailed(
                    device=device, server=server, reason='R'), 409),
                (usb_exception.UsbDetachTimeout(
                    device=device, server=server, seconds=20), 409),
                (usb_exception.UsbHostUnavailable(reason='R'), 409),
                (usb_exception.UsbNotSupported(reason='R'), 501),
                (exception.InstanceIsLocked(instance_uuid=server), 409),
                (exception.InstanceInvalidState(
                    attr='task_state', instance_uuid=server,
                    state='migrating', method='detach_usb_device'), 409)):
            self.usb_api.detach.side_effect = error
            self.assertFault(code, error.format_message(), 'DELETE', PATH)
            self.assertFault(code, usb_exception.message_for_tenant(error),
                             'DELETE', PATH, role='member')
