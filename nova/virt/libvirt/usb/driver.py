# SPDX-License-Identifier: Apache-2.0
"""USB passthrough with libvirt and QEMU.

libvirt does not follow a device that is pulled out and plugged in again:
its hostdev goes on naming the old address.  So nothing here remembers
addresses; each call is given one that was looked up just before, and what a
domain has is read from its XML.  For the same reason no persistent definition
has devices: only the running domain has them.
"""

import contextlib

from oslo_log import log as logging

import nova.conf
from nova import exception as nova_exception
from nova.i18n import _
from nova.usb import events
from nova.usb import exception
from nova.usb import scanner
from nova import usb_compat
from nova.virt.libvirt import guest as libvirt_guest
from nova.virt.libvirt.usb import config as usb_config
from nova.virt.usb import driver as usb_driver

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: How long after a device has left a domain its event is waited for.
#: Nothing depends on it; upstream warns of events that nobody awaits.
_LATE_EVENT = 1

#: What libvirt and QEMU say when a guest's USB ports are all taken: "No
#: free USB ports" (libvirt, domain_addr.c), "with no free ports" (QEMU).
_NO_PORTS = ('no free usb port', 'no free ports')

#: libvirt's words for a guest whose USB controller is ``none``.
_NO_CONTROLLER = ('no usb bus', 'usb is disabled')


def _libvirt():
    # Upstream's module, which a test may have replaced.
    return libvirt_guest.libvirt


def _is_missing(error):
    """Whether libvirt could not detach because there is no such device.

    Before 4.1 libvirt had no code of its own for that.
    """
    lib = _libvirt()
    code = error.get_error_code()
    return code == lib.VIR_ERR_DEVICE_MISSING or (
        code == lib.VIR_ERR_OPERATION_FAILED and
        'not found' in (error.get_error_message() or ''))


class LibvirtUsbDriver(usb_driver.UsbDriver):
    """USB passthrough on a host with libvirt."""

    def __init__(self, compute_driver):
        super().__init__(compute_driver)
        self._scanner = scanner.Scanner()
        self._monitor = None

    @property
    def wants_controller(self):
        """Whether guests of this host get a controller to attach to."""
        return (CONF.usb.enabled and CONF.usb.guest_controller and
                self._scanner.has_usb())

    def scan(self):
        return self._scanner.scan()

    def start_events(self, callback):
        self.stop_events()
        monitor = events.Monitor(callback)
        if not monitor.start():
            return False
        self._monitor = monitor
        return True

    def stop_events(self):
        if self._monitor is not None:
            self._monitor.stop()
            self._monitor = None

    def _guest(self, instance):
        """Return the server's domain, None when it is not defined."""
        try:
            return self.compute_driver._host.get_guest(instance)
        except nova_exception.InstanceNotFound:
            return None

    @staticmethod
    def _read(guest, live):
        """Read a definition of a domain.

        :param live: the live one, else the persistent one
        :returns: DomainUsb; None when the domain is gone, or not active
        """
        try:
            if live and not guest.is_active():
                return None
            return usb_config.DomainUsb(
                guest.get_xml_desc(dump_inactive=not live))
        except _libvirt().libvirtError as error:
            if error.get_error_code() == _libvirt().VIR_ERR_NO_DOMAIN:
                return None
            raise

    def holders(self):
        found = set()
        for guest in self.compute_driver._host.list_guests():
            domain = self._read(guest, live=True)
            if domain is not None and domain.hostdevs:
                found.add(guest.uuid)
        return found

    def attached(self, instance):
        guest = self._guest(instance)
        domain = self._read(guest, live=True) if guest else None
        if domain is None:
            return None
        return {uuid: conf.address for uuid, conf in domain.hostdevs.items()
                if not conf.missing}

    def attach(self, context, instance, device_uuid, address):
        guest = self._guest(instance)
        domain = self._read(guest, live=True) if guest else None
        if domain is None:
            return
        has = domain.hostdevs.get(device_uuid)
        if has is not None and has.address == address and not has.missing:
            return
        if has is not None:
            # An alias may be there only once.
            self.detach(context, instance, device_uuid)
        conf = usb_config.LibvirtConfigGuestHostdevUSB()
        conf.bus, conf.device = address
        conf.alias = usb_config.alias_of(device_uuid)
        conf.controller = domain.controller
        try:
            # Not to the persistent definition, see clear_definition.
            guest.attach_device(conf, persistent=False, live=True)
        except _libvirt().libvirtError as error:
            raise self._attach_error(instance, device_uuid, error)
        LOG.info('Attached USB device %(device)s from bus %(bus)s device '
                 '%(number)s', {'device': device_uuid, 'bus': address.bus,
                                'number': address.device},
                 instance=instance)

    @staticmethod
    def _attach_error(instance, device_uuid, error):
        reason = error.get_error_message() or str(error)
        lower = reason.lower()
        if any(words in lower for words in _NO_PORTS):
            return exception.UsbGuestPortsExhausted(
                device=device_uuid, server=instance.uuid)
        if any(words in lower for words in _NO_CONTROLLER):
            return exception.UsbGuestWithoutController(
                device=device_uuid, server=instance.uuid)
        return exception.UsbAttachFailed(
            device=device_uuid, server=instance.uuid, reason=reason)

    def clear_definition(self, guest):
        """Take our devices out of the persistent definition of a domain.

        The running domain keeps them.  Nothing here raises: a server is
        being started.

        :param guest: nova.virt.libvirt.guest.Guest
        """
        try:
            if not guest.has_persistent_configuration():
                return
            domain = self._read(guest, live=False)
            for conf in domain.hostdevs.values() if domain else ():
                with self._missing_is_fine():
                    guest.detach_device(conf, persistent=True)
        except _libvirt().libvirtError as error:
            LOG.warning('USB devices stay in the persistent definition of '
                        'domain %(domain)s, where their addresses may become '
                        'those of others: %(error)s',
                        {'domain': guest.name, 'error': error})

    def detach(self, context, instance, device_uuid):
        guest = self._guest(instance)
        if guest is None:
            return
        try:
            if guest.has_persistent_configuration():
                domain = self._read(guest, live=False)
                conf = domain and domain.hostdevs.get(device_uuid)
                if conf:
                    with self._missing_is_fine():
                        guest.detach_device(conf, persistent=True)
            domain = self._read(guest, live=True)
            conf = domain and domain.hostdevs.get(device_uuid)
            if conf:
                self._detach_live(guest, instance, conf)
        except _libvirt().libvirtError as error:
            raise exception.UsbDetachFailed(
                device=device_uuid, server=instance.uuid,
                reason=error.get_error_message() or str(error))

    @staticmethod
    @contextlib.contextmanager
    def _missing_is_fine():
        try:
            yield
        except _libvirt().libvirtError as error:
            if not _is_missing(error):
                raise
            LOG.debug('libvirt had nothing to detach: %s', error)

    def _detach_live(self, guest, instance, conf):
        """Ask for a device, wait until the guest let go of it.

        The XML tells whether it did; the event only ends the waiting.
        """
        def is_gone():
            domain = self._read(guest, live=True)
            return domain is None or conf.device_uuid not in domain.hostdevs

        with usb_compat.device_removal(
                self.compute_driver, instance.uuid, conf.alias) as removal:
            with self._missing_is_fine():
                guest.detach_device(conf, live=True)
            # As a rule it is gone: libvirt itself waits for QEMU a few
            # seconds.
            refused = removal.wait(
                _LATE_EVENT if is_gone() else CONF.usb.detach_timeout,
                is_gone)
        if is_gone():
            return
        if refused:
            raise exception.UsbDetachFailed(
                device=conf.device_uuid, server=instance.uuid,
                reason=_("QEMU refused to take it out"))
        raise exception.UsbDetachTimeout(
            device=conf.device_uuid, server=instance.uuid,
            seconds=CONF.usb.detach_timeout)
