# SPDX-License-Identifier: Apache-2.0
"""Tests of the objects, locally and as nova-compute sees them."""

import dataclasses
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids
from oslo_versionedobjects import fixture as object_fixture

from nova.db.usb import models
from nova import exception
from nova import objects
from nova.objects import base
from nova.objects import usb_device as usb_obj
from nova.objects import usb_hooks
from nova import test
from nova.tests.unit.objects import test_objects
from nova.tests.unit.usb import enumerations
from nova.tests.unit.usb import host_devices
from nova.tests.unit.usb import usb_db_base
from nova.usb import devspec
from nova.usb import exception as usb_exception
from nova.usb import host_device
from nova.usb import status
from nova.usb import tracker

stick = usb_db_base.stick

HASHES = enumerations.OBJECTS


class VersionTest(test.NoDBTestCase):

    def test_hashes(self):
        checker = object_fixture.ObjectVersionChecker(
            {name: [base.NovaObjectRegistry.obj_classes()[name][0]]
             for name in HASHES})
        expected, found = checker.test_hashes(HASHES)
        self.assertEqual(expected, found)

    def test_for_those_that_know_the_first_version(self):
        device = usb_obj.UsbDevice(
            uuid=uuids.device, description='d', claim_project_id=None,
            absent_since=None)
        primitive = device.obj_to_primitive(target_version='1.0')
        self.assertEqual({'uuid'}, set(primitive['nova_object.data']))
        primitive = device.obj_to_primitive(target_version='1.1')
        self.assertIn('description', primitive['nova_object.data'])

    def test_registered(self):
        self.assertIs(usb_obj.UsbDevice, objects.UsbDevice)
        self.assertIs(usb_obj.UsbDeviceList, objects.UsbDeviceList)
        register = mock.Mock(return_value='result')
        self.assertEqual('result', usb_hooks.registered(register)())
        register.assert_called_once_with()

    def test_fields_are_columns(self):
        self.assertEqual(
            set(models.UsbDevice.__table__.columns.keys()),
            set(usb_obj.UsbDevice.fields))

    def test_every_reported_field_is_a_field(self):
        self.assertLessEqual(set(tracker.REPORTED_FIELDS),
                             set(usb_obj.UsbDevice.fields))


class _UsbObjectTests(object):

    host = 'compute1'

    def report(self, *devices, **reasons):
        self.sequence = getattr(self, 'sequence', 0) + 1
        seen = usb_obj.UsbDeviceList(self.context, objects=[
            usb_obj.UsbDevice.from_sighting(
                self.context, self.host, sighting)
            for sighting in host_devices.see(*devices, **reasons)])
        return usb_obj.UsbDeviceList.report(
            self.context, self.host, 'me', self.sequence, seen)

    def one(self, **kwargs):
        return self.report(stick(**kwargs))[0]

    def get(self, device):
        return usb_obj.UsbDevice.get_by_uuid(self.context, device.uuid)

    def assertIs_(self, device, state, server):
        for found in (device, self.get(device)):
            self.assertEqual((state, server),
                             (found.status, found.instance_uuid))
            self.assertEqual({}, found.obj_get_changes())

    def report_of_1_0(self, *devices):
        """A report of a nova-compute from before bcd_device and places."""
        self.sequence = getattr(self, 'sequence', 0) + 1
        seen = usb_obj.UsbDeviceList(self.context)
        seen.objects = []
        for device in devices:
            bare = dataclasses.replace(device, controller=None)
            primitive = usb_obj.UsbDevice.from_sighting(
                self.context, self.host, tracker.Sighting(
                    host_device.port_identity(bare), device,
                    devspec.Decision(None, None, ()))
            ).obj_to_primitive('1.0')
            self.assertNotIn('bcd_device', primitive['nova_object.data'])
            seen.objects.append(usb_obj.UsbDevice.obj_from_primitive(
                primitive, self.context))
        return usb_obj.UsbDeviceList.report(
            self.context, self.host, 'me', self.sequence, seen)

    def test_reports_of_older_and_newer_services(self):
        """Each device has one record, its own, whoever reports."""
        devices = [
            stick('%d-1' % bus, controller='0000:0%d:00.0' % bus,
                  bus_number=bus, bcd_device='0100') for bus in (1, 3)]
        old = self.report_of_1_0(*devices)
        for device, server in zip(old, (uuids.one, uuids.two)):
            self.assertTrue(host_device.is_by_bus(device.identity))
            self.assertIsNone(device.bcd_device)
            device.claim(server)
        # The new nova-compute comes with a kernel that counts otherwise.
        moved = [dataclasses.replace(device, port_path='%d-1' % bus,
                                     bus_number=bus)
                 for device, bus in zip(devices, (3, 1))]
        for report in (self.report, self.report_of_1_0, self.report):
            found = report(*moved)
            self.assertEqual(
                [(old[0].uuid, uuids.one, '0000:01:00.0', '3-1', '0100'),
                 (old[1].uuid, uuids.two, '0000:03:00.0', '1-1', '0100')],
                [(row.uuid, row.instance_uuid, row.controller, row.port_path,
                  row.bcd_device) for row in found])
            for row in found:
                self.assertEqual(host_device.port_identity(row),
                                 row.identity)

    def test_report_gives_what_was_seen(self):
        device = self.one(serial='ä', product='日本', port='1-1.4',
                          interface_classes=('ff', '08'), speed='480',
                          controller='0000:00:14.0')
        seen = stick(serial='ä', product='日本', port='1-1.4',
                     interface_classes=('ff', '08'), speed='480',
                     controller='0000:00:14.0')
        for name in tracker.DEVICE_FIELDS:
            value = getattr(seen, name)
            if name == 'interface_classes':
                value = list(value)
            self.assertEqual(value, getattr(device, name), name)
        self.assertEqual((True, status.AVAILABLE, False, 'CUSTOM_X'), (
            device.present, device.status, device.disabled,
            device.resource_class))
        self.assertIsNotNone(device.created_at)
        self.assertEqual(device.uuid, self.get(device).uuid)

    def test_whole_life(self):
        device = self.one()
        device.claim(uuids.server, 'dongle')
        self.assertIs_(device, status.ATTACHING, uuids.server)
        self.assertEqual('dongle', device.tag)
        device.finish_attach()
        self.assertIs_(device, status.ATTACHED, uuids.server)
        device.begin_detach()
        self.assertIs_(device, status.DETACHING, uuids.server)
        device.abort_detach()
        self.assertIs_(device, status.ATTACHED, uuids.server)
        device.release([status.ATTACHED])
        self.assertIs_(device, status.AVAILABLE, None)
        device.claim(uuids.other)
        device.force_release()
        self.assertIs_(device, status.AVAILABLE, None)

    def test_released_while_absent(self):
        for verb in ('release', 'force_release'):
            device = self.one()
            device.claim(uuids.server)
            self.assertEqual([False],
                             [row.present for row in self.report()])
            getattr(device, verb)()
            self.assertIs_(device, status.AVAILABLE, None)
            self.assertFalse(self.get(device).present)

    def test_force_release_of_what_was_judged(self):
        device = self.one()
        device.claim(uuids.server)
        judged = self.get(device)
        device.finish_attach()
        self.assertRaises(usb_exception.UsbDeviceChanged,
                          judged.force_release)
        self.assertIs_(device, status.ATTACHED, uuids.server)

    def test_a_grant_that_is_revoked_meanwhile(self):
        device = self.one()
        device.project_id = 'p'
        device.save()
        device.claim(uuids.server)
        again = self.get(device)
        again.project_id = None
        again.save()
        self.assertRaises(usb_exception.UsbGrantChanged,
                          device.finish_attach)

    def test_an_object_out_of_date_does_no_harm(self):
        device = self.one()
        late = self.get(device)
        device.claim(uuids.server)
        self.assertRaises(usb_exception.UsbDeviceInUse, late.claim,
                          uuids.other)
        late.instance_uuid = uuids.other
        for verb in (late.finish_attach, late.begin_detach,
                     late.abort_detach, late.release):
            self.assertRaises(usb_exception.UsbDeviceClaimLost, verb)
        self.assertIs_(self.get(device), status.ATTACHING, uuids.server)

    def test_a_grant_that_changed_since_it_was_read(self):
        device = self.one()
        late = self.get(device)
        device.project_id = 'p'
        device.save()
        self.assertRaises(usb_exception.UsbDeviceChanged, late.claim,
                          uuids.server)
        device.claim(uuids.server)

    def test_save(self):
        device = self.one()
        device.disabled = True
        device.project_id = 'p'
        device.description = 'd'
        device.save()
        self.assertIs_(device, status.BLOCKED, None)
        again = self.get(device)
        self.assertEqual(
            (True, 'p', 'd'),
            (again.disabled, again.project_id, again.description))
        again.disabled = False
        again.save()
        self.assertIs_(again, status.AVAILABLE, None)
        again.status = status.ATTACHED
        self.assertRaises(exception.ObjectActionError, again.save)

    def test_forget(self):
        device = self.one()
        self.assertRaises(usb_exception.UsbDevicePresent, device.forget)
        device.claim(uuids.server)
        self.assertRaises(usb_exception.UsbDeviceInUse, device.forget)

    def test_lists(self):
        first, second = self.report(stick('1-1'), stick('1-2'))
        first.claim(uuids.server)
        devices = usb_obj.UsbDeviceList
        self.assertEqual(2, len(devices.get_by_host(self.context,
                                                    self.host)))
        self.assertEqual(
            [first.uuid], [device.uuid for device in
                           devices.get_by_instance_uuid(self.context,
                                                        uuids.server)])
        self.assertEqual(
            [second.uuid],
            [device.uuid for device in devices.get_by_filters(
                self.context, {'status': status.AVAILABLE}, limit=5,
                sort_keys=['host'], sort_dirs=['desc'])])
        everything = devices.get_by_filters(self.context)
        self.assertEqual(
            [everything[1].uuid],
            [device.uuid for device in devices.get_by_filters(
                self.context, marker=everything[0].uuid)])

    def test_forget_host(self):
        first, second = self.report(stick('1-1'), stick('1-2'))
        first.claim(uuids.server)
        orphans = usb_obj.UsbDeviceList.forget_host(self.context, self.host)
        self.assertEqual([(first.uuid, False)], [
            (device.uuid, device.present) for device in orphans])

    def test_superseded(self):
        self.one()
        self.sequence = 0
        self.assertRaises(usb_exception.UsbReportSuperseded, self.report)

    def test_not_found(self):
        self.assertRaises(usb_exception.UsbDeviceNotFound,
                          usb_obj.UsbDevice.get_by_uuid, self.context,
                          uuids.unknown)


class LocalTest(_UsbObjectTests, test_objects._LocalTest):
    USES_DB = True


class RemoteTest(_UsbObjectTests, test_objects._RemoteTest):
    """As on nova-compute: through serialisation and the conductor."""
    USES_DB = True


class MarkerTest(usb_db_base.UsbDbTestCase):

    def test_an_object_as_marker(self):
        rows = self.report(stick('1-1'), stick('1-2'), stick('1-3'))
        rows.sort(key=lambda row: (row.created_at, row.uuid))
        marker = usb_obj.UsbDevice.from_row(self.context, rows[0])
        self.assertEqual(
            [row.uuid for row in rows[1:]],
            [device.uuid for device in usb_obj.UsbDeviceList.get_by_filters(
                self.context, {}, marker=marker)])
