# SPDX-License-Identifier: Apache-2.0
"""A UsbDriver that does what a test tells it: refuses, ignores, is slow."""

import fixtures

from nova.usb import exception as usb_exception
from nova.virt.usb import driver as usb_driver


class Faults(object):
    """What a driver is told to do instead of its work."""

    def __init__(self):
        self._instead = {}

    def instead(self, method, function, times=None):
        """Call a function instead of a method of the driver.

        :param method: name of the method
        :param function: callable that takes the real method and its
            arguments
        :param times: how often; None for ever
        """
        self._instead[method] = [function, times]

    def refuse(self, method, error, times=None):
        """Raise an error instead."""
        def refuse(real, *args):
            raise error
        self.instead(method, refuse, times)

    def ignore(self, method):
        """Do nothing, and say nothing of it."""
        self.instead(method, lambda real, *args: None)

    def obey(self):
        """Do as a driver should from now on."""
        self._instead.clear()

    def call(self, name, real, args):
        function, times = self._instead.get(name, (None, None))
        if function is None:
            return real(*args)
        if times is not None:
            if times <= 1:
                del self._instead[name]
            else:
                self._instead[name][1] = times - 1
        return function(real, *args)


def faulty(driver_class, faults):
    """Make a class of drivers that heed Faults."""
    def heeding(name):
        def method(self, *args):
            real = getattr(super(made, self), name)
            return faults.call(name, real, args)
        return method

    made = type('Faulty' + driver_class.__name__, (driver_class,), {
        name: heeding(name) for name in
        ('scan', 'holders', 'attached', 'attach', 'detach')})
    return made


class FaultyUsbDriver(fixtures.Fixture):
    """Lets the simulated driver of each nova-compute be told what to refuse.

    To be used before nova-compute starts.

    :ivar faults: Faults
    """

    def _setUp(self):
        # Not sooner: unit tests without virt drivers use this module, too.
        from nova.virt.usb import simulated
        self.faults = Faults()
        self.useFixture(fixtures.MonkeyPatch(
            'nova.virt.usb.simulated.SimulatedUsbDriver',
            faulty(simulated.SimulatedUsbDriver, self.faults)))


class MemoryUsbDriver(usb_driver.UsbDriver):
    """A host and its domains in memory, for unit tests.

    :ivar plugged: list of the HostUsbDevice that a scan sees
    :ivar domains: dict of a server's uuid to what its live domain has, a
        dict of device uuid to UsbAddress
    :ivar calls: (method, device uuid) of each attach and detach
    :ivar scans: how often it was scanned
    """

    def __init__(self, host):
        super().__init__(None)
        self.host = host
        self.plugged = []
        self.domains = {}
        self.calls = []
        self.scans = 0
        self.callback = None

    def scan(self):
        self.scans += 1
        return list(self.plugged)

    def holders(self):
        return {uuid for uuid, devices in self.domains.items() if devices}

    def attached(self, instance):
        devices = self.domains.get(instance.uuid)
        return None if devices is None else dict(devices)

    def attach(self, context, instance, device_uuid, address):
        self.calls.append(('attach', device_uuid))
        devices = self.domains.get(instance.uuid)
        if devices is None:
            return
        if address not in [device.address for device in self.plugged]:
            raise usb_exception.UsbAttachFailed(
                device=device_uuid, server=instance.uuid,
                reason='nothing is at %s' % (address,))
        devices[device_uuid] = address

    def detach(self, context, instance, device_uuid):
        self.calls.append(('detach', device_uuid))
        self.domains.get(instance.uuid, {}).pop(device_uuid, None)

    def start_events(self, callback):
        self.callback = callback
        return False

    def stop_events(self):
        self.callback = None
