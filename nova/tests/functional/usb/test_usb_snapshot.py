# SPDX-License-Identifier: Apache-2.0
"""Snapshots with the libvirt driver, live and cold.

A cold one saves the domain to disk and starts it again from there.
"""

from unittest import mock

import fixtures

from nova.tests.functional.usb import libvirt_base
from nova.tests.usb_fixtures.compat import fakelibvirt
from nova.usb import exception as usb_exception
from nova.virt.libvirt import driver

DRIVER = 'nova.virt.libvirt.driver.LibvirtDriver.'


class SnapshotTestBase(libvirt_base.LibvirtUsbTestBase):

    def setUp(self):
        super().setUp()
        disk = mock.Mock()
        disk.direct_snapshot.side_effect = NotImplementedError
        disk.snapshot_extract.side_effect = (
            lambda target, image_format: self._copy(target))
        self.useFixture(fixtures.MockPatch(
            'nova.virt.libvirt.imagebackend.Backend.by_libvirt_path',
            return_value=disk))
        self.useFixture(fixtures.MonkeyPatch(
            DRIVER + '_live_snapshot',
            lambda driver, context, instance, guest, disk_path, out_path,
            *args: self._copy(out_path)))
        self.flags(snapshots_directory=self.useFixture(
            fixtures.TempDir()).path, group='libvirt')
        self.server = self.attached_server()
        #: Called while the disk is copied.
        self.meanwhile = lambda: None
        #: What the guest had when the copy began, and when the upload did.
        self.seen = {}
        #: The exception that a snapshot ended with, None without one.
        self.outcomes = []
        self._snapshot_of = driver.LibvirtDriver.snapshot
        # Not to be asked of the API: on 34.0.0 the task goes on for ever
        # when it fails.
        self.useFixture(fixtures.MonkeyPatch(
            DRIVER + 'snapshot',
            lambda *args, **kwargs: self._snapshot(*args, **kwargs)))
        api = self.computes['compute1'].driver._image_api
        self._update_image = api.update
        self.useFixture(fixtures.MockPatchObject(
            api, 'update', side_effect=self._upload))

    def _copy(self, target):
        self.seen['copy'] = self.live(self.server)
        self.meanwhile()
        with open(target, 'w') as image:
            image.write('a disk')

    def _upload(self, *args, **kwargs):
        self.seen['upload'] = self.live(self.server)
        return self._update_image(*args, **kwargs)

    def _snapshot(self, driver, *args, **kwargs):
        try:
            self._snapshot_of(driver, *args, **kwargs)
        except Exception as e:
            self.outcomes.append(type(e))
            raise
        self.outcomes.append(None)

    def snapshot(self, status='ACTIVE'):
        """Take one; wait until the server's task is over."""
        self._try_snapshot()
        self.assertEqual([None], self.outcomes)
        self._wait_for_server_parameter(
            self.server, {'OS-EXT-STS:task_state': None, 'status': status})

    def _try_snapshot(self):
        self._snapshot_server(self.server, 'snapshot')
        self._wait_for_assert(
            lambda: self.assertEqual(1, len(self.outcomes)))

    def assert_has_it(self, address):
        self.assertEqual({self.uuid: address}, self.live(self.server))
        domain = self.domain(self.server)
        self.assertEqual((1, 0), (len(domain.usb_live),
                                  len(domain.usb_config)))
        device = [device for device in self.all_devices()
                  if device.uuid == self.uuid]
        self.assertEqual([('attached', self.server['id'])], [
            (found.status, found.instance_uuid) for found in device])


class LiveSnapshotTest(SnapshotTestBase):

    def test_nothing_is_touched(self):
        attached = list(self.usb_libvirt.attach_calls)
        started = list(self.usb_libvirt.started)
        self.snapshot()
        has = {self.uuid: self.address}
        self.assertEqual({'copy': has, 'upload': has}, self.seen)
        self.assertEqual(([], []), (self.usb_libvirt.saved,
                                    self.usb_libvirt.detach_calls))
        self.assertEqual((attached, started), (
            self.usb_libvirt.attach_calls, self.usb_libvirt.started))
        self.assert_has_it(self.address)

    def test_replugged_meanwhile(self):
        def replug():
            self.address = self.host.replug('1-1')
            self.scan()

        self.meanwhile = replug
        self.snapshot()
        # The task held it up; the next scan makes it good.
        self.scan()
        self.assert_has_it(self.address)


class ColdSnapshotTest(SnapshotTestBase):

    def setUp(self):
        super().setUp()
        self.flags(disable_libvirt_livesnapshot=True, group='workarounds')

    def test_back_before_the_upload(self):
        self.snapshot()
        self.assertEqual([[]], self.usb_libvirt.saved)
        self.assertEqual({'copy': None, 'upload': {
            self.uuid: self.address}}, self.seen)
        self.assert_has_it(self.address)

    def test_at_another_address_meanwhile(self):
        def impostor():
            self.address = self.impostor()

        old = self.address
        self.meanwhile = impostor
        started = self.usb_libvirt.started
        before = len(started)
        self.snapshot()
        self.assertEqual({self.uuid: self.address}, self.seen['upload'])
        self.assertEqual([[]], started[before:])
        self.assertNotEqual(old, self.address)
        self.assert_has_it(self.address)

    def test_pulled_out_meanwhile(self):
        self.meanwhile = lambda: self.host.unplug('1-1')
        self.snapshot()
        self.assertEqual({}, self.seen['upload'])
        self.scan()
        device = self.device('1-1')
        self.assertEqual(('attached', False), (device.status, device.present))
        address = self.host.plug('1-1', **libvirt_base.STICK)
        self.scan()
        self.assert_has_it(address)

    def test_cannot_be_put_back_at_once(self):
        def fail():
            self.usb_libvirt.attach_error = 'not now'

        self.meanwhile = fail
        self.snapshot()
        self.assertEqual({}, self.live(self.server))
        self.assertEqual('attached', self.device('1-1').status)
        # Nothing on the host changes, and yet it is tried again.
        self.usb_libvirt.attach_error = None
        self.scan()
        self.assert_has_it(self.address)

    def test_guest_does_not_let_go(self):
        self.flags(detach_timeout=1, group='usb')
        self.usb_libvirt.keeps_device = True
        self._try_snapshot()
        self.assertEqual([usb_exception.UsbDetachTimeout], self.outcomes)
        self.assertEqual([], self.usb_libvirt.saved)
        self.assertEqual({self.uuid: self.address}, self.live(self.server))
        self.assertEqual('attached', self.device('1-1').status)

    def test_cannot_be_saved(self):
        self.usb_libvirt.save_error = 'no space left on device'
        self._try_snapshot()
        self.assertEqual([fakelibvirt.libvirtError], self.outcomes)
        self.assert_has_it(self.address)

    def test_stopped_server(self):
        self._stop_server(self.server)
        self.snapshot(status='SHUTOFF')
        self.assertEqual({'copy': None, 'upload': None}, self.seen)
        self._start_server(self.server)
        self.assert_has_it(self.address)
