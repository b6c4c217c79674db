# SPDX-License-Identifier: Apache-2.0

import inspect
from unittest import mock

import fixtures
from oslo_utils.fixture import uuidsentinel as uuids

from nova import context as nova_context
from nova import objects
from nova.objects import usb_device as usb_obj
from nova import test
from nova.tests.usb_fixtures import usb as usb_fixtures
from nova.usb import devspec
from nova.usb import exception
from nova.virt.libvirt import config as vconfig
from nova.virt.libvirt import driver as libvirt_driver
from nova.virt.libvirt.usb import config as usb_config
from nova.virt.libvirt.usb import hooks as usb_hooks
from nova.virt.usb import factory

STICK = {'vendor_id': '0781', 'product_id': '5567', 'serial': 'AB-1'}


class Driver(libvirt_driver.LibvirtDriver):
    """Makes the plainest of definitions."""

    machine = 'pc'

    def __init__(self):
        # Upstream's wants a libvirt.
        pass

    @usb_hooks.guest_config
    def _get_guest_config(self, instance, network_info, image_meta,
                          disk_info, rescue=None, block_device_info=None,
                          context=None):
        guest = vconfig.LibvirtConfigGuest()
        guest.os_mach_type = self.machine
        controller = vconfig.LibvirtConfigGuestUSBHostController()
        controller.index = 0
        controller.model = 'none'
        guest.add_device(controller)
        return guest


class GuestConfigTest(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        hosts = self.useFixture(usb_fixtures.UsbHostFixture())
        self.flags(host='compute1')
        self.host = hosts.host('compute1')
        self.address = self.host.plug('1-1', **STICK)
        self.driver = Driver()
        self.usb_driver = factory.for_driver(self.driver)
        self.instance = objects.Instance(
            id=1, uuid=uuids.instance, project_id='project',
            flavor=objects.Flavor(extra_specs={}))
        self.records = []
        self.get = self.useFixture(fixtures.MockPatchObject(
            usb_obj.UsbDeviceList, 'get_by_instance_uuid',
            side_effect=lambda context, uuid: self.records)).mock
        self.record = self._record()

    def _record(self, **changes):
        values = dict(
            uuid=uuids.device, host='compute1', status='attached',
            identity='0781:5567/serial=AB-1', vendor_id='0781',
            product_id='5567', serial='AB-1', port_path='1-1',
            controller='0000:00:14.0', speed='480',
            bus_number=self.address.bus, device_number=self.address.device,
            blocked_reason=None, accepted_as=None, project_id='project',
            claim_project_id='project')
        values.update(changes)
        record = usb_obj.UsbDevice(**values)
        self.records.append(record)
        return record

    def config(self, *args, **kwargs):
        """What was made of USB: controllers, and addresses by uuid."""
        guest = self.driver._get_guest_config(
            self.instance, [], objects.ImageMeta.from_dict({}), {},
            *args, **kwargs)
        hostdevs = {
            device.device_uuid: device for device in guest.devices
            if isinstance(device, usb_config.LibvirtConfigGuestHostdevUSB)}
        self.assertTrue(all(device.startup_policy == 'optional' and
                            device.controller == 0
                            for device in hostdevs.values()))
        return [device.model for device in guest.devices
                if device.root_name == 'controller'], {
            uuid: device.address for uuid, device in hostdevs.items()}

    def test_adds_what_the_server_holds(self):
        self.assertEqual((['qemu-xhci'], {uuids.device: self.address}),
                         self.config())

    def test_without_usb_by_choice(self):
        self.instance.flavor.extra_specs['hw:usb_model'] = 'none'
        self.assertEqual((['none'], {}), self.config())
        self.assertIn('says that it has no USB', self.stdlog.logger.output)
        self.records = []
        self.assertEqual((['none'], {}), self.config())

    def test_machine_type_of_which_nothing_is_known(self):
        # Its other devices would move, and this server never asked.
        self.driver.machine = 'pseries'
        self.assertEqual((['qemu-xhci'], {uuids.device: self.address}),
                         self.config())
        self.records = []
        self.assertEqual((['none'], {}), self.config())

    def test_signature_is_kept(self):
        self.assertEqual(
            ['self', 'instance', 'network_info', 'image_meta', 'disk_info',
             'rescue', 'block_device_info', 'context'],
            inspect.getfullargspec(Driver._get_guest_config).args)

    def test_context(self):
        context = nova_context.RequestContext('user', 'project')
        self.config(None, None, context)
        self.assertEqual(mock.call(context, uuids.instance),
                         self.get.call_args)
        self.config(context=None)
        self.assertTrue(self.get.call_args[0][0].is_admin)

    def test_address_is_the_present_one(self):
        address = self.host.replug('1-1', '1-4')
        self.assertEqual({uuids.device: address}, self.config()[1])

    def test_second_one_with_the_same_serial_came(self):
        """Before the record's identity was changed by a report."""
        self.host.plug('1-3', **STICK)
        self.assertEqual({uuids.device: self.address}, self.config()[1])

    def test_twins(self):
        self.record.vendor_id, self.record.product_id = '0403', '6001'
        self.record.serial = None
        self.record.identity = '0403:6001/port=1-6'
        self.record.port_path = '1-6'
        self.host.plug('1-5', vendor_id='0403', product_id='6001')
        address = self.host.plug('1-6', vendor_id='0403', product_id='6001')
        self.assertEqual({uuids.device: address}, self.config()[1])

    def test_another_one_in_its_port(self):
        self.host.unplug('1-1')
        self.host.plug('1-1', **dict(STICK, serial='AB-2'))
        self.assertEqual(['qemu-xhci'], self.config()[0])
        self.assertEqual({}, self.config()[1])
        self.assertIn('Plug it in, or detach it', self.stdlog.logger.output)

    def test_missing(self):
        self._record(uuid=uuids.other, identity='0403:6001/port=1-9',
                     serial=None, vendor_id='0403', product_id='6001',
                     port_path='1-9')
        self.assertEqual({uuids.device: self.address}, self.config()[1])
        self.assertIn('starts without its USB device %s' % uuids.other,
                      self.stdlog.logger.output)

    def test_host_uses_it_now(self):
        self.host.disk('1-1', 'sdb', 16)
        self.host.mounts(('8:16', '/mnt', '/dev/sdb'))
        self.assertEqual({}, self.config()[1])
        self.assertIn('mounted at /mnt', self.stdlog.logger.output)

    def test_device_spec_denies_it_now(self):
        # As a scan decides, so that it is not taken out again by one.
        self.usb_driver.spec = devspec.DeviceSpec.parse(
            ['{"vendor_id": "0781", "deny": true}'])
        self.assertEqual({}, self.config()[1])
        self.assertIn('device_spec denies it', self.stdlog.logger.output)

    def test_not_what_is_under_way_or_elsewhere(self):
        for changes in ({'status': 'attaching'}, {'status': 'detaching'},
                        {'host': 'compute2'}):
            self.records = []
            self._record(**changes)
            self.assertEqual({}, self.config()[1], changes)

    def test_more_than_there_are_ports(self):
        for number in range(2, 20):
            self.host.plug('2-%d' % number, vendor_id='0403',
                           product_id='6001')
            self._record(uuid=getattr(uuids, 'n%d' % number), serial=None,
                         identity='0403:6001/port=2-%d' % number,
                         vendor_id='0403', product_id='6001',
                         port_path='2-%d' % number)
        self.assertEqual(15, len(self.config()[1]))
        self.assertIn('no free USB port', self.stdlog.logger.output)

    def test_rescue_is_left_alone(self):
        self.assertEqual((['none'], {}),
                         self.config(rescue={'kernel_id': None}))
        self.get.assert_not_called()

    def test_nothing_held(self):
        self.records = []
        with mock.patch.object(self.usb_driver, 'scan') as scan:
            self.assertEqual((['qemu-xhci'], {}), self.config())
        scan.assert_not_called()
        self.get.assert_called_once()

    def test_no_controller_unless_wanted(self):
        self.records = []
        self.flags(guest_controller=False, group='usb')
        self.assertEqual((['none'], {}), self.config())
        self._record()
        self.assertEqual((['qemu-xhci'], {uuids.device: self.address}),
                         self.config())

    def test_held_devices_stay_when_usb_is_disabled(self):
        self.flags(enabled=False, group='usb')
        self.assertEqual({uuids.device: self.address}, self.config()[1])

    def test_where_no_compute_service_asked_for_usb(self):
        self.driver = Driver()
        self.assertEqual((['none'], {}), self.config())
        self.get.assert_not_called()

    def test_nothing_of_ours_stops_a_boot(self):
        for error in (exception.UsbDatabaseNotSynced(cell='cell1'),
                      test.TestingException('conductor is away')):
            self.get.side_effect = error
            self.assertEqual({}, self.config()[1])
            self.assertIn(str(error), self.stdlog.logger.output)

    def test_scan_that_fails(self):
        with mock.patch.object(self.usb_driver, 'scan',
                               side_effect=OSError('no sysfs')):
            self.assertEqual((['qemu-xhci'], {}), self.config())
        self.assertIn('starts without its USB devices',
                      self.stdlog.logger.output)
