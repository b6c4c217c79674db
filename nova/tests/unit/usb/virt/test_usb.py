# SPDX-License-Identifier: Apache-2.0

from unittest import mock

import fixtures

from nova import test
from nova.usb import exception
from nova.virt import fake
from nova.virt.libvirt import driver as libvirt_driver
from nova.virt.libvirt.usb import driver as libvirt_usb
from nova.virt.usb import driver as usb_driver
from nova.virt.usb import factory
from nova.virt.usb import simulated

for_driver = factory.for_driver


def _libvirt_driver():
    # Its constructor wants a libvirt.
    return libvirt_driver.LibvirtDriver.__new__(libvirt_driver.LibvirtDriver)


class ForDriverTest(test.NoDBTestCase):

    def _simulate(self):
        path = self.useFixture(fixtures.TempDir()).path + '/devices'
        with open(path, 'w') as target:
            target.write('[]')
        self.flags(simulated_devices=path, group='usb')
        return path

    def test_libvirt(self):
        for virt_type in ('kvm', 'qemu'):
            self.flags(virt_type=virt_type, group='libvirt')
            found = for_driver(_libvirt_driver())
            self.assertIsInstance(found, libvirt_usb.LibvirtUsbDriver)

    def test_same_one_at_every_call(self):
        driver = _libvirt_driver()
        self.assertIsNone(usb_driver.existing(driver))
        self.assertIs(for_driver(driver), for_driver(driver))
        self.assertIs(for_driver(driver), usb_driver.existing(driver))
        self.assertIsNot(for_driver(driver),
                         for_driver(_libvirt_driver()))

    def test_host_is_that_of_the_start(self):
        self.flags(host='one')
        found = for_driver(_libvirt_driver())
        self.flags(host='two')
        self.assertEqual('one', found.host)

    def test_libvirt_without_qemu(self):
        self.flags(virt_type='lxc', group='libvirt')
        error = self.assertRaises(exception.UsbNotSupported, for_driver,
                                  _libvirt_driver())
        self.assertIn('virt_type is lxc', str(error))
        self.assertEqual(501, error.code)

    def test_simulated(self):
        self._simulate()
        for kind in (fake.FakeDriver, fake.SmallFakeDriver):
            found = for_driver(kind(virtapi=None))
            self.assertIsInstance(found, simulated.SimulatedUsbDriver)

    def test_fake_without_simulation(self):
        error = self.assertRaises(exception.UsbNotSupported, for_driver,
                                  fake.FakeDriver(virtapi=None))
        self.assertIn('simulated_devices', str(error))

    def test_simulation_is_never_mixed_in(self):
        path = self._simulate()
        self.flags(compute_driver='libvirt.LibvirtDriver')
        for driver in (_libvirt_driver(), mock.Mock()):
            error = self.assertRaises(exception.UsbSimulationInvalid,
                                      for_driver, driver)
            self.assertIn('libvirt.LibvirtDriver', str(error))
            self.assertIn(path, str(error))

    def test_another_driver(self):
        class VMwareVCDriver(object):
            pass
        driver = VMwareVCDriver()
        error = self.assertRaises(exception.UsbNotSupported, for_driver,
                                  driver)
        self.assertIn('VMwareVCDriver', str(error))
        self.assertIsNone(usb_driver.existing(driver))

    def test_interface_is_complete(self):
        names = {name for name in vars(usb_driver.UsbDriver)
                 if not name.startswith('_')}
        self.assertEqual({'scan', 'sightings', 'holders', 'attached',
                          'attach', 'detach', 'start_events', 'stop_events',
                          'register', 'unregister'}, names)
        for name in ('scan', 'holders', 'attached', 'attach', 'detach'):
            for kind in (libvirt_usb.LibvirtUsbDriver,
                         simulated.SimulatedUsbDriver):
                self.assertIn(name, vars(kind))
