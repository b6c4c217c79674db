# SPDX-License-Identifier: Apache-2.0
"""Tests of attaching and detaching on request."""

from unittest import mock

import oslo_messaging as messaging
from oslo_utils.fixture import uuidsentinel as uuids

from nova import exception
from nova.objects import usb_device as usb_obj
from nova.tests.unit.usb.compute import base
from nova.tests.unit.usb import host_devices
from nova.usb import exception as usb_exception
from nova.usb import status

DEVICE = 'nova.objects.usb_device.UsbDevice.'


class AttachTest(base.ComputeTestCase):

    def setUp(self):
        super().setUp()
        self.uuid = self.held(status.ATTACHING).uuid

    def attach(self):
        return self.attachments.attach(self.context, self.server, self.uuid)

    def refused(self, kind, *words):
        error = self.assertRaises(kind, self.attach)
        for word in words:
            self.assertIn(word, str(error))
        return error

    def test_attach(self):
        device = self.attach()
        self.assertEqual(status.ATTACHED, device.status)
        self.assertEqual({self.uuid: (1, 2)}, self.domain())
        self.assertRecord(status.ATTACHED, uuids.server)

    def test_it_is_looked_up_right_before(self):
        address = self.replug(9)
        self.attach()
        self.assertEqual({self.uuid: address}, self.domain())

    def test_to_a_stopped_server(self):
        del self.driver.domains[uuids.server]
        self.change_server(vm_state='stopped')
        self.attach()
        self.assertEqual([], self.driver.calls)
        self.assertRecord(status.ATTACHED, uuids.server)

    def test_started_meanwhile(self):
        def start(real, instance):
            has = real(instance)
            self.driver.domains.setdefault(uuids.server, {})
            return has

        del self.driver.domains[uuids.server]
        self.change_server(vm_state='stopped')
        self.faults.instead('attached', start)
        self.attach()
        self.assertEqual({self.uuid: (1, 2)}, self.domain())

    def test_gone(self):
        self.plug()
        error = self.refused(usb_exception.UsbIdentityChanged)
        self.assertNotIn('None', str(error))
        self.assertRecord(status.AVAILABLE)

    def test_another_in_its_place(self):
        self.plug(host_devices.stick('1-1', serial='T'))
        self.refused(usb_exception.UsbIdentityChanged)
        self.assertEqual({}, self.domain())

    def test_blocked(self):
        self.replug(2, host_use='it is mounted')
        self.refused(usb_exception.UsbDeviceBlocked, 'it is mounted')
        self.assertRecord(status.AVAILABLE)

    def test_refused(self):
        self.faults.refuse('attach', usb_exception.UsbGuestPortsExhausted(
            device=self.uuid, server=uuids.server))
        self.refused(usb_exception.UsbGuestPortsExhausted,
                     'no free USB port', 'The device is free again.')
        self.assertRecord(status.AVAILABLE)

    def test_domain_has_it_not(self):
        self.faults.ignore('attach')
        self.refused(usb_exception.UsbAttachFailed, 'the domain has none',
                     'The device is free again.')

    def test_unforeseen_error(self):
        self.faults.refuse('attach', RuntimeError('broken pipe'))
        self.refused(usb_exception.UsbAttachFailed, 'broken pipe',
                     'The device is free again.')
        self.assertRecord(status.AVAILABLE)
        self.assertIn('Traceback', self.output())

    def test_cannot_be_taken_back(self):
        def attach(real, *args):
            real(*args)
            raise RuntimeError('broken pipe')

        self.faults.instead('attach', attach)
        self.faults.refuse('detach', usb_exception.UsbDetachTimeout(
            device=self.uuid, server=uuids.server, seconds=1))
        error = self.refused(usb_exception.UsbAttachFailed,
                             'stays attached to the server')
        self.assertNotIn('free again', str(error))
        self.assertRecord(status.ATTACHED, uuids.server)

    def test_revoked_meanwhile_and_the_guest_holds_on(self):
        """A device that a guest may have is not made free."""
        def attach(real, *args):
            real(*args)
            device = self.device()
            device.project_id = 'another project'
            device.save()
            self.faults.refuse('detach', usb_exception.UsbDetachTimeout(
                device='D', server='S', seconds=1))

        self.faults.instead('attach', attach)
        self.refused(usb_exception.UsbGrantChanged,
                     'stays attached to the server')
        self.assertRecord(status.ATTACHED, uuids.server)
        self.assertIn(self.device().uuid, self.domain())

    def test_ended_by_nova_api_meanwhile(self):
        def attach(real, *args):
            real(*args)
            self.device().release()

        self.faults.instead('attach', attach)
        self.refused(usb_exception.UsbDeviceConflict)
        self.assertEqual({}, self.domain())
        self.assertRecord(status.AVAILABLE)

    def test_record_cannot_be_changed(self):
        with mock.patch(DEVICE + 'finish_attach',
                        side_effect=messaging.MessagingTimeout), \
                mock.patch(DEVICE + 'release',
                           side_effect=messaging.MessagingTimeout):
            self.refused(usb_exception.UsbAttachFailed,
                         'the next scan of the host puts it right')
        self.assertIn(uuids.server, self.unsettled)
        self.assertEqual({}, self.domain())

    def test_not_claimed_any_more(self):
        self.device().release()
        self.refused(usb_exception.UsbDeviceConflict, 'no longer claimed')
        self.assertEqual([], self.driver.calls)

    def test_server_was_deleted(self):
        del self.driver.domains[uuids.server]
        self.server.destroy()
        # Claimed after that: the deletion did not free it.
        if self.device().instance_uuid is None:
            self.device().claim(uuids.server)
        self.refused(exception.InstanceNotFound)
        self.assertRecord(status.AVAILABLE)

    def test_server_that_is_not_ready_any_more(self):
        # Each is what a server may be when its lock is free at last.
        for values in ({'task_state': 'migrating'}, {'vm_state': 'rescued'},
                       {'host': 'compute2'},
                       {'host': None, 'vm_state': 'shelved_offloaded'}):
            if self.device().instance_uuid is None:
                self.device().claim(uuids.server)
            before = {name: self.server[name] for name in values}
            stale = self.server.obj_clone()
            self.change_server(**values)
            error = self.assertRaises(
                usb_exception.UsbServerNotReady, self.attachments.attach,
                self.context, stale, self.uuid)
            self.assertNotIn('None', str(error))
            self.assertRecord(status.AVAILABLE)
            self.assertEqual([], self.driver.calls)
            self.change_server(**before)

    def test_give_up(self):
        self.attachments.give_up(self.context, self.server, self.uuid)
        self.assertRecord(status.AVAILABLE)

    def test_give_up_what_is_not_claimed(self):
        self.device().finish_attach()
        self.attachments.give_up(self.context, self.server, self.uuid)
        self.assertRecord(status.ATTACHED, uuids.server)


class DetachTest(base.ComputeTestCase):

    def setUp(self):
        super().setUp()
        self.uuid = self.attached().uuid

    def detach(self, begin=True):
        if begin:
            self.device().begin_detach()
        self.attachments.detach(self.context, self.server, self.uuid)

    def test_detach(self):
        self.detach()
        self.assertEqual({}, self.domain())
        self.assertRecord(status.AVAILABLE)

    def test_guest_keeps_it(self):
        self.faults.refuse('detach', usb_exception.UsbDetachTimeout(
            device=self.uuid, server=uuids.server, seconds=20))
        error = self.assertRaises(usb_exception.UsbDetachTimeout,
                                  self.detach)
        self.assertIn('It is still attached', str(error))
        self.assertEqual(409, error.code)
        self.assertRecord(status.ATTACHED, uuids.server)

    def test_unforeseen_error(self):
        self.faults.refuse('detach', RuntimeError('broken pipe'))
        error = self.assertRaises(usb_exception.UsbDetachFailed, self.detach)
        self.assertIn('broken pipe', str(error))
        self.assertRecord(status.ATTACHED, uuids.server)

    def test_record_cannot_be_changed(self):
        self.faults.refuse('detach', RuntimeError('broken pipe'))
        with mock.patch(DEVICE + 'abort_detach',
                        side_effect=messaging.MessagingTimeout):
            error = self.assertRaises(usb_exception.UsbDetachFailed,
                                      self.detach)
        self.assertNotIn('still attached', str(error))
        self.assertIn(uuids.server, self.unsettled)

    def test_asked_too_late(self):
        error = self.assertRaises(usb_exception.UsbDetachFailed, self.detach,
                                  begin=False)
        self.assertIn('it is attached', str(error))
        self.assertEqual([], self.driver.calls)

    def test_not_the_servers(self):
        usb_obj.UsbDevice.get_by_uuid(self.context, self.uuid).release()
        self.detach(begin=False)
        self.assertEqual([], self.driver.calls)
