# SPDX-License-Identifier: Apache-2.0

import json
import os

import fixtures
from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute import power_state
from nova import objects
from nova import test
from nova.usb import exception
from nova.usb import host_device
from nova.virt import fake
from nova.virt.usb import factory

STICK = {'vendor_id': '0781', 'product_id': '5567', 'port_path': '1-1',
         'bus_number': 1, 'device_number': 2}
OTHER = dict(STICK, port_path='1-2', device_number=3)


class SimulatedTestCase(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.path = os.path.join(folder, 'devices.json')
        self.flags(simulated_devices=self.path, group='usb')
        self.write([STICK, OTHER])

    def write(self, content):
        with open(self.path, 'w') as target:
            target.write(content if isinstance(content, str)
                         else json.dumps(content))

    def driver(self):
        self.compute_driver = fake.FakeDriver(virtapi=None)
        return factory.for_driver(self.compute_driver)


class FileTest(SimulatedTestCase):

    def test_all_keys(self):
        entry = dict(
            STICK, vendor_id='ABCD', serial='AB-1', manufacturer=' Müller\n',
            product=None, device_class='EF', interface_classes=['0E', '01'],
            speed='5000', controller='0000:00:14.0',
            host_use='it is mounted')
        self.write([entry])
        self.assertEqual([host_device.HostUsbDevice(
            vendor_id='abcd', product_id='5567', port_path='1-1',
            bus_number=1, device_number=2, serial='AB-1',
            manufacturer='Müller', device_class='ef',
            interface_classes=('01', '0e'), speed='5000',
            controller='0000:00:14.0', host_use='it is mounted',
        )], self.driver().scan())

    def test_is_read_at_each_scan(self):
        driver = self.driver()
        self.assertEqual(2, len(driver.scan()))
        self.write([])
        self.assertEqual([], driver.scan())

    def test_each_host_has_its_own(self):
        self.flags(host='two')
        self.write({'one': [STICK], 'two': [OTHER]})
        device, = self.driver().scan()
        self.assertEqual('1-2', device.port_path)
        self.flags(host='three')
        self.assertEqual([], self.driver().scan())

    def _assert_wrong(self, content, *words):
        self.write(content)
        error = self.assertRaises(exception.UsbSimulationInvalid, self.driver)
        for word in words + (self.path,):
            self.assertIn(word, str(error))

    def test_wrong_files(self):
        self._assert_wrong('{', 'cannot be read as JSON')
        self._assert_wrong('"devices"', 'it holds str')
        self._assert_wrong([STICK, 'stick'], 'entry 1 is not an object')
        self._assert_wrong([dict(STICK, vendor='x')], 'unknown keys: vendor')
        self._assert_wrong([{'vendor_id': '0781'}],
                           'lacks product_id, port_path, bus_number')
        self._assert_wrong([dict(STICK, serial=1)], 'serial that is no string')
        for number in (True, '2', 2.5):
            self._assert_wrong([dict(STICK, device_number=number)],
                               'device_number that is no integer')
        for classes in ('08', [8]):
            self._assert_wrong([dict(STICK, interface_classes=classes)],
                               'interface_classes')
        self._assert_wrong([dict(STICK, vendor_id='stick')],
                           'is no USB device', 'vendor_id')
        self._assert_wrong([STICK, dict(OTHER, device_number=2)],
                           'the address of another one')

    def test_no_file(self):
        os.unlink(self.path)
        error = self.assertRaises(exception.UsbSimulationInvalid, self.driver)
        self.assertIn('No such file', str(error))


class AttachTest(SimulatedTestCase):

    def setUp(self):
        super().setUp()
        self.driver = self.driver()
        self.address = host_device.UsbAddress(1, 2)
        self.one, self.two = (
            self._server(uuid) for uuid in (uuids.one, uuids.two))

    def _server(self, uuid):
        self.compute_driver.instances[uuid] = fake.FakeInstance(
            uuid, power_state.RUNNING, uuid)
        return objects.Instance(uuid=uuid)

    def _attach(self, instance, uuid=uuids.device, address=None):
        self.driver.attach(None, instance, uuid, address or self.address)

    def test_attach_and_detach(self):
        self.assertEqual({}, self.driver.attached(self.one))
        self._attach(self.one)
        self.assertEqual({uuids.device: (1, 2)},
                         self.driver.attached(self.one))
        self.assertEqual({}, self.driver.attached(self.two))
        for _n in range(2):
            self.driver.detach(None, self.one, uuids.device)
            self.assertEqual({}, self.driver.attached(self.one))

    def test_same_once_more(self):
        self._attach(self.one)
        self._attach(self.one)
        self.assertEqual({uuids.device: (1, 2)},
                         self.driver.attached(self.one))

    def test_at_its_new_address(self):
        self._attach(self.one)
        self.write([dict(STICK, device_number=9)])
        self._attach(self.one, address=host_device.UsbAddress(1, 9))
        self.assertEqual({uuids.device: (1, 9)},
                         self.driver.attached(self.one))

    def test_nothing_at_that_address(self):
        error = self.assertRaises(
            exception.UsbAttachFailed, self._attach, self.one,
            address=host_device.UsbAddress(1, 7))
        self.assertIn('Did not find USB device bus:1 device:7', str(error))
        self.assertEqual({}, self.driver.attached(self.one))

    def test_never_to_two_servers(self):
        self._attach(self.one)
        error = self.assertRaises(exception.UsbAttachFailed, self._attach,
                                  self.two, uuid=uuids.other)
        self.assertIn('in use by domain ' + uuids.one, str(error))
        self.assertEqual({}, self.driver.attached(self.two))

    def test_server_that_does_not_run(self):
        server = self.compute_driver.instances[uuids.one]
        self._attach(self.one)
        server.state = power_state.SHUTDOWN
        self.assertIsNone(self.driver.attached(self.one))
        self._attach(self.one)
        server.state = power_state.RUNNING
        # What its domain had has gone with it.
        self.assertEqual({}, self.driver.attached(self.one))
        self.assertIsNone(
            self.driver.attached(objects.Instance(uuid=uuids.unknown)))

    def test_no_events(self):
        self.assertFalse(self.driver.start_events(None))
        self.driver.stop_events()
