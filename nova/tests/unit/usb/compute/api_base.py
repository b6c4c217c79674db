# SPDX-License-Identifier: Apache-2.0
"""Devices, servers and hosts for tests of nova-api's half, in memory."""

import datetime

import fixtures
from oslo_utils.fixture import uuidsentinel as uuids
from oslo_utils import timeutils

from nova.compute import vm_states
from nova import context as nova_context
from nova import objects
from nova import test
from nova.usb import exception as usb_exception
from nova.usb import status

HOST = 'compute1'
PROJECT = 'the-project'


class FakeDevice(object):
    """A UsbDevice whose database is itself."""

    def __init__(self, **values):
        self._context = nova_context.get_admin_context()
        self.uuid = uuids.device
        self.host = HOST
        self.vendor_id, self.product_id = '0529', '0001'
        self.present = True
        self.status = status.AVAILABLE
        self.instance_uuid = None
        self.project_id = None
        self.resource_class = 'CUSTOM_USB_0529_0001'
        self.tag = None
        self.resource_class = None
        self.updated_at = datetime.datetime(
            2026, 1, 1, tzinfo=datetime.timezone.utc)
        #: Raised by the next change of the record.
        self.error = None
        vars(self).update(values)

    def _fail(self):
        error, self.error = self.error, None
        if error is not None:
            raise error

    def claim(self, instance_uuid, tag=None):
        self._fail()
        if self.status != status.AVAILABLE:
            raise usb_exception.UsbDeviceInUse(
                device=self.uuid, status=self.status)
        self.status, self.instance_uuid = status.ATTACHING, instance_uuid
        self.tag = tag

    def _move(self, source, goal):
        self._fail()
        if self.status != source:
            raise usb_exception.UsbDeviceNotAttached(
                device=self.uuid, server=self.instance_uuid,
                status=self.status)
        self.status = goal

    def begin_detach(self):
        self._move(status.ATTACHED, status.DETACHING)

    def abort_detach(self):
        self._move(status.DETACHING, status.ATTACHED)

    def release(self, from_statuses=status.CLAIMED):
        self._fail()
        if self.status not in from_statuses:
            raise usb_exception.UsbDeviceNotAttached(
                device=self.uuid, server=self.instance_uuid,
                status=self.status)
        self.status, self.instance_uuid = status.AVAILABLE, None

    def force_release(self):
        self.release()

    def save(self):
        self._fail()

    def forget(self):
        self._fail()


class FakeHosts(object):
    """nova.compute.usb.hosts.Hosts; answers what a test says."""

    def __init__(self):
        self.up = True
        self.asked = []
        self.looked_again = []
        #: What a call does and returns: callable, or an exception.
        self.answer = lambda *args: None

    def is_up(self, context, host):
        return self.up

    def check_up(self, context, host):
        if not self.up:
            raise usb_exception.UsbHostUnavailable(reason='it is down')

    def ask(self, method, *args):
        self.asked.append((method,) + args)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(*args)

    def look_again(self, device):
        self.looked_again.append(device.uuid)

    def look_again_if_stalled(self, device):
        pass


class ComputeTestCase(test.NoDBTestCase):
    """Has devices that the objects' class methods find."""

    def setUp(self):
        super(ComputeTestCase, self).setUp()
        self.admin = nova_context.RequestContext(
            'admin', 'admin-project', is_admin=True)
        self.member = nova_context.RequestContext(
            'user', PROJECT, is_admin=False, roles=['member', 'reader'])
        self.devices = []
        for name, method in (
                ('UsbDevice.get_by_uuid', self._get),
                ('UsbDeviceList.get_by_filters', self._filter),
                ('UsbDeviceList.get_by_instance_uuid', self._of_server)):
            self.useFixture(fixtures.MonkeyPatch(
                'nova.objects.usb_device.' + name, staticmethod(method)))

    def add(self, **values):
        self.devices.append(FakeDevice(**values))
        return self.devices[-1]

    def _get(self, context, device_uuid):
        for device in self.devices:
            if device.uuid == device_uuid:
                return device
        raise usb_exception.UsbDeviceNotFound(device=device_uuid)

    def _filter(self, context, filters):
        return [device for device in self.devices
                if all(getattr(device, name) == value
                       for name, value in filters.items())]

    def _of_server(self, context, instance_uuid):
        return self._filter(context, {'instance_uuid': instance_uuid})

    def server(self, **values):
        return objects.Instance(**dict(
            {'uuid': uuids.server, 'host': HOST, 'project_id': PROJECT,
             'user_id': 'user', 'locked': False, 'task_state': None,
             'vm_state': vm_states.ACTIVE, 'launched_at': timeutils.utcnow(),
             'updated_at': None}, **values))
