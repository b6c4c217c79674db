# SPDX-License-Identifier: Apache-2.0
"""What a real libvirt makes of the definitions, where there is one.

A server that never asked for USB keeps the PCI addresses of all its devices:
guests name network interfaces by them.
"""

from lxml import etree

from nova import test
from nova.tests.usb_fixtures import usb_virsh
from nova.virt.libvirt import config as vconfig
from nova.virt.libvirt.usb import config as usb_config


def _guest(machine):
    """A guest as upstream's driver makes it, without its USB."""
    guest = vconfig.LibvirtConfigGuest()
    guest.virt_type = 'qemu'
    guest.name = 'instance-00000001'
    guest.uuid = 'c8a5ab16-5a6f-4f5c-9a3b-2f4f62a5a5b1'
    guest.memory = 64 * 1024
    guest.os_type = 'hvm'
    guest.os_mach_type = machine
    guest.os_boot_dev = ['hd']
    for name in ('vda', 'vdb'):
        disk = vconfig.LibvirtConfigGuestDisk()
        disk.source_type = 'file'
        disk.source_path = '/nonexistent/' + name
        disk.source_device = 'disk'
        disk.target_dev = name
        disk.target_bus = 'virtio'
        disk.driver_name = 'qemu'
        guest.add_device(disk)
    return guest


def _with_others(guest):
    """Add what comes after the controllers: network, GPU, balloon, rng."""
    for last in (1, 2):
        interface = vconfig.LibvirtConfigGuestInterface()
        interface.net_type = 'ethernet'
        interface.mac_addr = '52:54:00:00:00:0%d' % last
        interface.model = 'virtio'
        interface.target_dev = 'tap%d' % last
        guest.add_device(interface)
    port = vconfig.LibvirtConfigGuestInterface()
    port.net_type = 'hostdev'
    port.mac_addr = '52:54:00:00:00:03'
    port.source_dev = '0000:82:02.1'
    guest.add_device(port)
    gpu = vconfig.LibvirtConfigGuestHostdevPCI()
    gpu.domain, gpu.bus, gpu.slot, gpu.function = '0000', '81', '00', '0'
    guest.add_device(gpu)
    video = vconfig.LibvirtConfigGuestVideo()
    video.type = 'virtio'
    guest.add_device(video)
    balloon = vconfig.LibvirtConfigMemoryBalloon()
    balloon.model = 'virtio'
    guest.add_device(balloon)
    rng = vconfig.LibvirtConfigGuestRng()
    rng.backend = '/dev/urandom'
    guest.add_device(rng)
    return guest


def _usb(guest, model, tablet):
    controller = vconfig.LibvirtConfigGuestUSBHostController()
    controller.index = 0
    controller.model = model
    guest.add_device(controller)
    if tablet:
        pointer = vconfig.LibvirtConfigGuestInput()
        pointer.type, pointer.bus = 'tablet', 'usb'
        guest.add_device(pointer)


def _xml(guest, architecture):
    # Nova leaves it to libvirt, which takes the host's own.
    tree = etree.fromstring(guest.to_xml())
    tree.find('os/type').set('arch', architecture)
    return etree.tostring(tree, encoding='unicode')


class AddressesTest(test.NoDBTestCase):
    """Before and after the controller, by machine type."""

    def setUp(self):
        super().setUp()
        self.virsh = self.useFixture(usb_virsh.VirshFixture())

    def _define(self, architecture, machine, usb, ours):
        guest = _guest(machine)
        _usb(guest, *usb)
        _with_others(guest)
        index = usb_config.ensure_controller(guest) if ours else None
        return index, self.virsh.pci_addresses(_xml(guest, architecture))

    def _keeps_its_addresses(self, architecture, machine):
        reason = usb_virsh.why_not(architecture)
        if reason:
            self.skipTest(reason)
        for usb in (('none', False), (None, True)):
            _index, before = self._define(architecture, machine, usb, False)
            index, after = self._define(architecture, machine, usb, True)
            added = {key: after.pop(key) for key in set(after) - set(before)}
            self.assertEqual(before, after, usb)
            # Two NICs, a port of SR-IOV, a GPU, two disks and the rest.
            self.assertLessEqual(9, len(before))
            self.assertEqual(
                [('controller', 'usb', str(index), 'qemu-xhci')],
                list(added), usb)

    def test_pc(self):
        self._keeps_its_addresses('x86_64', 'pc')

    def test_q35(self):
        self._keeps_its_addresses('x86_64', 'q35')

    def test_virt_of_aarch64(self):
        self._keeps_its_addresses('aarch64', 'virt')

    def test_libvirts_own_choice_would_move_others(self):
        """What the address is good for; and that this test can fail."""
        reason = usb_virsh.why_not('x86_64')
        if reason:
            self.skipTest(reason)
        for machine in ('pc', 'q35'):
            guest = _guest(machine)
            guest.add_device(usb_config.LibvirtConfigGuestXhciController(0))
            moved = self.virsh.pci_addresses(
                _xml(_with_others(guest), 'x86_64'))
            _index, before = self._define(
                'x86_64', machine, ('none', False), False)
            self.assertNotEqual(before, {
                key: moved.get(key) for key in before})
