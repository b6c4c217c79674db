# SPDX-License-Identifier: Apache-2.0
"""Which UsbDriver belongs to a virt driver."""

import sys

import nova.conf
from nova.i18n import _
from nova.usb import exception
from nova.virt.usb import driver as usb_driver

CONF = nova.conf.CONF


def for_driver(compute_driver):
    """Find the USB side of a virt driver; the same one at every call.

    :param compute_driver: the nova.virt.driver.ComputeDriver of the host
    :returns: a UsbDriver
    :raises: UsbNotSupported when this virt driver has none
    :raises: UsbSimulationInvalid when ``[usb] simulated_devices`` is set for
        a driver that has a hypervisor
    """
    found = usb_driver.existing(compute_driver)
    if found is None:
        found = _make(compute_driver)
        setattr(compute_driver, usb_driver.ATTRIBUTE, found)
    return found


def _is_a(compute_driver, module_name, class_name):
    """Tell whether a driver is an instance of a class, without importing it.

    When the module of the class was not imported, no instance can exist.
    Importing a virt driver to ask about another one would import everything
    that it needs.
    """
    module = sys.modules.get(module_name)
    return module is not None and isinstance(compute_driver,
                                             getattr(module, class_name))


def _make(compute_driver):
    if _is_a(compute_driver, 'nova.virt.fake', 'FakeDriver'):
        if not CONF.usb.simulated_devices:
            raise exception.UsbNotSupported(reason=_(
                "the fake driver has no USB devices. Set [usb] "
                "simulated_devices to simulate some."))
        from nova.virt.usb import simulated
        return simulated.SimulatedUsbDriver(compute_driver)

    if CONF.usb.simulated_devices:
        raise exception.UsbSimulationInvalid(
            path=CONF.usb.simulated_devices,
            reason=_("simulated devices need Nova's fake driver, and "
                     "compute_driver is %s. Remove the option") %
            CONF.compute_driver)

    if _is_a(compute_driver, 'nova.virt.libvirt.driver', 'LibvirtDriver'):
        if CONF.libvirt.virt_type not in ('kvm', 'qemu'):
            raise exception.UsbNotSupported(reason=_(
                "[libvirt] virt_type is %s. Only kvm and qemu can give USB "
                "devices to a guest.") % CONF.libvirt.virt_type)
        from nova.virt.libvirt.usb import driver as libvirt_usb
        return libvirt_usb.LibvirtUsbDriver(compute_driver)

    raise exception.UsbNotSupported(reason=_(
        "compute driver %s cannot give USB devices to servers. Use a host "
        "with the libvirt driver.") % type(compute_driver).__name__)
