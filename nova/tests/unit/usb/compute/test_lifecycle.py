# SPDX-License-Identifier: Apache-2.0
"""Tests of the events of a server's life."""

from unittest import mock

import oslo_messaging as messaging
from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import lifecycle
from nova.compute.usb import shelf
from nova import exception
from nova import objects
from nova.tests.unit.usb.compute import base
from nova.usb import exception as usb_exception
from nova.usb import status
from nova.virt.usb import driver as usb_driver

#: What follows upstream's own work.
AFTER = ('after_start', 'after_snapshot', 'after_move', 'after_offload',
         'after_unshelve')
RELEASE = 'nova.objects.usb_device.UsbDevice.release'
BY_INSTANCE = 'nova.objects.usb_device.UsbDeviceList.get_by_instance_uuid'


class LifecycleTest(base.ComputeTestCase):

    def happens(self, event):
        getattr(self.lifecycle, event)(self.context, self.server)

    def test_suspend_takes_all_out(self):
        self.attached()
        self.happens('before_suspend')
        self.assertEqual({}, self.domain())
        self.assertRecord(status.ATTACHED, uuids.server)

    def test_suspend_of_a_guest_that_keeps_it(self):
        uuid = self.attached().uuid
        self.faults.refuse('detach', usb_exception.UsbDetachTimeout(
            device=uuid, server=uuids.server, seconds=1))
        self.assertRaises(usb_exception.UsbDetachTimeout, self.happens,
                          'before_suspend')
        self.lifecycle.after_failure(self.context, self.server)
        self.assertIn(uuids.server, self.unsettled)

    def test_suspend_with_a_database_that_was_not_synced(self):
        with mock.patch(BY_INSTANCE, side_effect=(
                usb_exception.UsbDatabaseNotSynced(cell='x'))):
            self.happens('before_suspend')

    def test_live_migration_of_a_server_that_has_devices(self):
        def refused():
            error = self.assertRaises(
                exception.MigrationPreCheckError, self.happens,
                'before_live_migration')
            self.assertIn(uuid, str(error))

        self.happens('before_live_migration')
        uuid = self.held(status.ATTACHING).uuid
        refused()
        device = self.device()
        device.finish_attach()
        refused()
        # Without a record, but in the domain.
        device.release()
        self.happens('before_live_migration')
        self.domain()[uuid] = (1, 2)
        refused()

    def test_start_gives_it_back_without_a_scan_before(self):
        uuid = self.held().uuid
        address = self.replug(9)
        self.happens('after_start')
        self.assertEqual({uuid: address}, self.domain())

    def test_snapshot_while_its_task_goes_on(self):
        uuid = self.held().uuid
        self.change_server(task_state='image_uploading')
        self.happens('after_start')
        self.assertEqual({}, self.domain())
        self.happens('after_snapshot')
        self.assertEqual({uuid: (1, 2)}, self.domain())

    def test_move_frees_what_is_left(self):
        self.attached()
        self.server.host = 'compute2'
        self.happens('after_move')
        self.assertRecord(status.AVAILABLE)

    def test_move_within_the_host(self):
        self.attached()
        self.happens('after_move')
        self.assertRecord(status.ATTACHED, uuids.server)

    def test_offload_and_unshelve(self):
        uuid = self.attached().uuid
        self.domain().clear()
        self.happens('after_offload')
        self.assertRecord(status.AVAILABLE)
        self.server.refresh()
        self.happens('after_unshelve')
        self.assertRecord(status.ATTACHED, uuids.server)
        self.assertEqual({uuid: (1, 2)}, self.domain())
        self.assertEqual({}, shelf.read(self.server))

    def _grant(self, project_id):
        device = self.device()
        device.project_id = project_id
        device.save()

    def test_unshelve_asks_for_the_grant_of_that_time(self):
        for before, after, has in [
                ('project', 'project', True), ('project', None, False),
                ('project', 'other', False), (None, None, True),
                (None, 'project', True), (None, 'other', False)]:
            with self.subTest(before=before, after=after):
                self.reconcile()
                self._grant(before)
                self.attached()
                self.happens('after_offload')
                self.domain().clear()
                self._grant(after)
                self.happens('after_unshelve')
                self.assertRecord(
                    status.ATTACHED if has else status.AVAILABLE,
                    uuids.server if has else None)
                self.domain().clear()
                if has:
                    self.device().release()

    def test_what_an_older_version_noted_was_granted(self):
        self.reconcile()
        self.server.system_metadata[shelf.OLD_KEY] = (
            '["%s"]' % self.device().uuid)
        self.happens('after_unshelve')
        self.assertRecord(status.AVAILABLE)
        self._grant('project')
        self.server.system_metadata[shelf.OLD_KEY] = (
            '["%s"]' % self.device().uuid)
        self.happens('after_unshelve')
        self.assertRecord(status.ATTACHED, uuids.server)
        self.assertEqual({}, shelf.read(self.server))

    def test_unshelve_without_what_another_has(self):
        self.attached()
        self.happens('after_offload')
        self.domain().clear()
        self.device().claim(uuids.other)
        self.happens('after_unshelve')
        self.assertRecord(status.ATTACHING, uuids.other)
        self.assertIn('is not attached again', self.output())

    def test_a_failure_after_upstreams_work_is_ours_alone(self):
        self.attached()
        self.server.host = 'compute2'
        device = self.device()
        for event in AFTER:
            for error in (messaging.MessagingTimeout(), RuntimeError('x')):
                shelf.put(self.server, [device])
                list(self.unsettled.take())
                with mock.patch(BY_INSTANCE, side_effect=error), \
                        mock.patch.object(self.server, 'save',
                                          side_effect=error):
                    self.happens(event)
                self.assertIn(uuids.server, self.unsettled, event)

    def test_a_move_that_could_not_be_ended_is_healed(self):
        self.attached()
        self.change_server(host='compute2')
        with mock.patch(RELEASE, side_effect=messaging.MessagingTimeout):
            self.happens('after_move')
        self.assertRecord(status.ATTACHED, uuids.server)
        self.reconcile()
        self.assertRecord(status.AVAILABLE)

    def test_a_rebuild_that_started_without_a_device(self):
        device = self.attached()
        self.reconcile()
        # Its definition was made when the device could not be had.
        self.driver.domains[uuids.server] = {}
        self.happens('after_move')
        self.reconcile()
        self.assertEqual({device.uuid: self.driver.plugged[0].address},
                         self.domain())

    def test_an_offload_that_could_not_be_ended_is_healed(self):
        uuid = self.attached().uuid
        with mock.patch(RELEASE, side_effect=messaging.MessagingTimeout):
            self.happens('after_offload')
        self.change_server(host=None, vm_state='shelved_offloaded')
        self.reconcile()
        self.assertRecord(status.AVAILABLE)
        server = objects.Instance.get_by_uuid(self.context, uuids.server)
        self.assertEqual({uuid: True}, shelf.read(server))

    def test_a_host_without_usb(self):
        # A virt driver that has none.
        self.settler.driver = None
        nothing = lifecycle.Lifecycle(
            self.attachments, self.settler, self.stalled.includes,
            self.allocations)
        with mock.patch(BY_INSTANCE, side_effect=AssertionError):
            for event in AFTER + ('before_suspend', 'before_live_migration'):
                getattr(nothing, event)(self.context, self.server)
        self.assertEqual(0, len(self.unsettled))


class ListenerTest(base.ComputeTestCase):

    def test_registered_and_not(self):
        self.attached()
        self.driver.listener.before_suspend(self.context, self.server)
        self.assertEqual(1, len(self.domain()))
        self.driver.register(self.lifecycle)
        self.driver.listener.before_suspend(self.context, self.server)
        self.assertEqual({}, self.domain())
        self.driver.unregister()
        self.assertIs(usb_driver.Listener, type(self.driver.listener))
        self.driver.listener.after_snapshot(self.context, self.server)
        self.assertEqual({}, self.domain())
