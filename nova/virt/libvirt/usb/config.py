# SPDX-License-Identifier: Apache-2.0
"""The libvirt XML of USB passthrough.

https://libvirt.org/formatdomain.html#usb-pci-scsi-devices has the elements.
A host device is always named by its address, never by vendor and product:
of two identical devices libvirt would take either, or refuse.
"""

from lxml import etree
from oslo_utils import uuidutils

from nova.usb import host_device
from nova.virt.libvirt import config as vconfig

#: Marks the devices of USB passthrough in a domain.  libvirt keeps aliases
#: that begin with ``ua-`` and names them in its events.
ALIAS_PREFIX = 'ua-usb-'

#: Ports of a guest's USB 3 controller: the most that QEMU's controller can
#: have.  libvirt's default is four, of which a tablet takes one.
PORTS = 15

#: Its model where flavor and image do not choose.
_MODEL = 'qemu-xhci'

#: Slot of the guest's first PCI bus at which our controller stands, by
#: family of machine types: behind all that libvirt places by itself, which
#: begins at slot 1 and takes the first that is free.  On q35 it lies below
#: those that stand for ICH9's own functions (0x19 and above).
_SLOTS = {'pc': 0x1f, 'q35': 0x18, 'virt': 0x18}


def alias_of(device_uuid):
    """Name a device in a domain.

    :param device_uuid: uuid of the device's record
    """
    return ALIAS_PREFIX + device_uuid


def _number(text):
    """Read a number as libvirt writes it, decimal or with 0x."""
    return int(text, 0)


class LibvirtConfigGuestHostdevUSB(vconfig.LibvirtConfigGuestHostdev):
    """A USB device of the host in a guest.

    :ivar bus: bus number of the device on the host
    :ivar device: device number there
    :ivar alias: see alias_of()
    :ivar startup_policy: ``optional`` lets a domain start without it
    :ivar controller: index of the guest's USB controller; None lets libvirt
        choose
    :ivar missing: libvirt started the domain without it (only parsed)
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mode = 'subsystem'
        self.type = 'usb'
        self.bus = None
        self.device = None
        self.alias = None
        self.startup_policy = 'optional'
        self.controller = None
        self.missing = False

    @property
    def address(self):
        return host_device.UsbAddress(self.bus, self.device)

    @property
    def device_uuid(self):
        """The uuid of the device's record, None for a foreign hostdev."""
        uuid = (self.alias or '')[len(ALIAS_PREFIX):]
        if (self.alias or '').startswith(ALIAS_PREFIX) and (
                uuidutils.is_uuid_like(uuid)):
            return uuid
        return None

    def format_dom(self):
        dev = super().format_dom()
        source = etree.SubElement(dev, 'source')
        if self.startup_policy:
            source.set('startupPolicy', self.startup_policy)
        etree.SubElement(source, 'address', bus=str(self.bus),
                         device=str(self.device))
        if self.alias:
            etree.SubElement(dev, 'alias', name=self.alias)
        if self.controller is not None:
            etree.SubElement(dev, 'address', type='usb',
                             bus=str(self.controller))
        return dev

    def parse_dom(self, xmldoc):
        for child in super().parse_dom(xmldoc):
            if child.tag == 'source':
                self._parse_source(child)
            elif child.tag == 'alias':
                self.alias = child.get('name')
            elif child.tag == 'address' and child.get('type') == 'usb':
                self.controller = _number(child.get('bus'))

    def _parse_source(self, source):
        self.startup_policy = source.get('startupPolicy')
        self.missing = source.get('missing') == 'yes'
        address = source.find('address')
        if address is not None:
            self.bus = _number(address.get('bus'))
            self.device = _number(address.get('device'))


class LibvirtConfigGuestXhciController(
        vconfig.LibvirtConfigGuestUSBHostController):
    """A USB 3 controller with as many ports as it can have.

    :param index: its number among the guest's USB controllers
    :param model: ``qemu-xhci`` or ``nec-xhci``
    :param slot: its slot on the guest's first PCI bus; None lets libvirt
        choose
    """

    def __init__(self, index=0, model='qemu-xhci', slot=None, **kwargs):
        super().__init__(**kwargs)
        self.index = index
        self.model = model
        self.slot = slot

    def format_dom(self):
        controller = super().format_dom()
        controller.set('ports', str(PORTS))
        if self.slot is not None:
            etree.SubElement(controller, 'address', type='pci',
                             domain='0x0000', bus='0x00',
                             slot='0x%02x' % self.slot, function='0x0')
        return controller


class DomainUsb:
    """What a domain's definition says about USB.

    :param xml: the definition as libvirt gives it
    :ivar hostdevs: dict of the record's uuid to the
        LibvirtConfigGuestHostdevUSB of each device that has a record
    :ivar controller: index of the first USB 3 controller, None without one
    """

    def __init__(self, xml):
        devices = etree.fromstring(xml).find('devices')
        self.hostdevs = {}
        self.controller = None
        if devices is None:
            return
        for node in devices.findall("hostdev[@type='usb']"):
            conf = LibvirtConfigGuestHostdevUSB()
            conf.parse_dom(node)
            if conf.device_uuid and conf.bus is not None:
                self.hostdevs[conf.device_uuid] = conf
        indexes = [int(node.get('index', 0)) for node in
                   devices.findall("controller[@type='usb']")
                   if 'xhci' in node.get('model', '')]
        self.controller = min(indexes) if indexes else None


def free_slot(machine):
    """Where a guest's USB controller stands in nobody's way.

    :param machine: machine type as libvirt calls it, ``pc-q35-7.2``
    :returns: slot of its first PCI bus; None where that is not known
    """
    machine = machine or ''
    family = 'q35' if 'q35' in machine else machine.partition('-')[0]
    return _SLOTS.get(family)


def ensure_controller(guest, machine=None, chosen=None):
    """Give a guest that is being defined a USB 3 controller.

    Without one, devices could not be attached while it runs: since Zed a
    guest without a USB tablet has no USB at all, and one with a tablet has
    libvirt's default, on x86 a USB 1.1 controller with two ports.  That one
    stays for the tablet, which old guests can find on no other.

    It stands behind all others: libvirt would place it before network and
    disks, whose addresses would change, and guests name interfaces by those.

    :param guest: LibvirtConfigGuest, changed in place
    :param machine: its machine type, where the guest does not say
    :param chosen: the model that flavor or image ask for, or None
    :returns: index of the controller; None for a guest that has no USB by
        choice
    """
    if chosen == 'none':
        return None
    model = chosen or _MODEL
    slot = free_slot(guest.os_mach_type or machine)
    found = [device for device in guest.devices if isinstance(
        device, vconfig.LibvirtConfigGuestUSBHostController)]
    for device in found:
        if device.model == 'none':
            return _replace(guest, device, model, slot)
        if 'xhci' in (device.model or ''):
            # One that upstream adds stays where libvirt places it.
            return _replace(guest, device, device.model,
                            getattr(device, 'slot', None))
    if not found:
        # libvirt adds this controller by itself when Nova defines none
        # (22.x), but not when there is another one. So it is defined here.
        found = [vconfig.LibvirtConfigGuestUSBHostController()]
        found[0].index = 0
        guest.add_device(found[0])
    index = 1 + max(device.index or 0 for device in found)
    guest.add_device(LibvirtConfigGuestXhciController(index, model, slot))
    return index


def _replace(guest, device, model, slot):
    """Replace a guest's controller by one with all ports.

    :returns: its index
    """
    ours = LibvirtConfigGuestXhciController(device.index or 0, model, slot)
    guest.devices[guest.devices.index(device)] = ours
    return ours.index


def free_ports(guest):
    """Count how many USB devices a guest that is being defined can take.

    :param guest: LibvirtConfigGuest with a controller of ensure_controller()
    """
    taken = [device for device in guest.devices if
             'usb' in (getattr(device, 'bus', None),
                       getattr(device, 'target_bus', None)) or
             device.root_name == 'redirdev' or
             isinstance(device, LibvirtConfigGuestHostdevUSB)]
    return PORTS - len(taken)
