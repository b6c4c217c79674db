# SPDX-License-Identifier: Apache-2.0

from lxml import etree
from oslo_utils.fixture import uuidsentinel as uuids

from nova import test
from nova.usb import host_device
from nova.virt.libvirt import config as vconfig
from nova.virt.libvirt.usb import config as usb_config

HOSTDEV = (
    '<hostdev mode="subsystem" type="usb" managed="yes">'
    '<source startupPolicy="optional"><address bus="1" device="3"/></source>'
    '<alias name="ua-usb-%s"/>'
    '<address type="usb" bus="1"/>'
    '</hostdev>' % uuids.device)

#: As libvirt 9.0 shows a live domain; an input that is not ours, a hostdev
#: that Nova did not make, one that libvirt started the domain without.
DOMAIN = """
<domain type='kvm' id='1'>
  <devices>
    <controller type='usb' index='0' model='piix3-uhci'>
      <alias name='usb'/>
    </controller>
    <controller type='usb' index='1' model='qemu-xhci' ports='15'>
      <alias name='usb1'/>
      <address type='pci' domain='0x0000' bus='0x03' slot='0x00'/>
    </controller>
    <controller type='pci' index='0' model='pcie-root'/>
    <input type='tablet' bus='usb'>
      <address type='usb' bus='0' port='1'/>
    </input>
    <hostdev mode='subsystem' type='usb' managed='yes'>
      <source startupPolicy='optional'>
        <address bus='1' device='3'/>
      </source>
      <alias name='ua-usb-{here}'/>
      <address type='usb' bus='1' port='1'/>
    </hostdev>
    <hostdev mode='subsystem' type='usb' managed='yes'>
      <source startupPolicy='optional' missing='yes'>
        <address bus='2' device='9'/>
      </source>
      <alias name='ua-usb-{gone}'/>
      <address type='usb' bus='1' port='2'/>
    </hostdev>
    <hostdev mode='subsystem' type='usb' managed='no'>
      <source>
        <vendor id='0x0403'/>
        <product id='0x6001'/>
        <address bus='0x01' device='0x0c'/>
      </source>
      <alias name='hostdev2'/>
    </hostdev>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source>
        <address domain='0x0000' bus='0x06' slot='0x12' function='0x5'/>
      </source>
      <alias name='ua-usb-{pci}'/>
    </hostdev>
  </devices>
</domain>
""".format(here=uuids.device, gone=uuids.gone, pci=uuids.pci)


def _parse(xml):
    conf = usb_config.LibvirtConfigGuestHostdevUSB()
    conf.parse_str(xml)
    return conf


class HostdevTest(test.NoDBTestCase):

    def _format(self, conf):
        return etree.tostring(conf.format_dom(), encoding='unicode')

    def test_format(self):
        conf = usb_config.LibvirtConfigGuestHostdevUSB()
        conf.bus, conf.device = host_device.UsbAddress(1, 3)
        conf.alias = usb_config.alias_of(uuids.device)
        conf.controller = 1
        self.assertEqual(HOSTDEV, self._format(conf))

    def test_round_trip(self):
        conf = _parse(HOSTDEV)
        self.assertEqual((1, 3), conf.address)
        self.assertEqual(uuids.device, conf.device_uuid)
        self.assertEqual(HOSTDEV, self._format(conf))

    def test_never_by_vendor_and_product(self):
        conf = _parse(HOSTDEV)
        conf.startup_policy = conf.alias = conf.controller = None
        self.assertEqual(
            '<hostdev mode="subsystem" type="usb" managed="yes"><source>'
            '<address bus="1" device="3"/></source></hostdev>',
            self._format(conf))

    def test_parse_hexadecimal(self):
        conf = _parse('<hostdev mode="subsystem" type="usb"><source>'
                      '<address bus="0x01" device="0x0c"/></source></hostdev>')
        self.assertEqual((1, 12), conf.address)

    def test_whose_it_is(self):
        conf = usb_config.LibvirtConfigGuestHostdevUSB()
        for alias in (None, '', 'hostdev0', 'ua-usb-', 'ua-usb-mine',
                      'ua-mdev-' + uuids.device, uuids.device):
            conf.alias = alias
            self.assertIsNone(conf.device_uuid, alias)


class DomainTest(test.NoDBTestCase):

    def test_read(self):
        domain = usb_config.DomainUsb(DOMAIN)
        self.assertEqual(
            {uuids.device: ((1, 3), False), uuids.gone: ((2, 9), True)},
            {uuid: (conf.address, conf.missing)
             for uuid, conf in domain.hostdevs.items()})
        self.assertEqual(1, domain.controller)

    def test_nothing_there(self):
        for xml in ('<domain/>', '<domain><devices/></domain>',
                    '<domain><devices><hostdev type="usb"><alias '
                    'name="ua-usb-%s"/></hostdev></devices></domain>'
                    % uuids.device):
            domain = usb_config.DomainUsb(xml)
            self.assertEqual(({}, None),
                             (domain.hostdevs, domain.controller))


XHCI = '<controller type="usb" index="%d" model="qemu-xhci" ports="15"%s'
AT = ('><address type="pci" domain="0x0000" bus="0x00" slot="0x%02x" '
      'function="0x0"/></controller>')


class ControllerTest(test.NoDBTestCase):

    def _guest(self, *models, machine='pc'):
        guest = vconfig.LibvirtConfigGuest()
        guest.os_mach_type = machine
        for index, model in enumerate(models):
            controller = vconfig.LibvirtConfigGuestUSBHostController()
            controller.index = index
            controller.model = model
            guest.add_device(controller)
        guest.add_device(vconfig.LibvirtConfigGuestInput())
        return guest

    def _ensure(self, *models, machine='pc', known=None, chosen=None):
        guest = self._guest(*models, machine=machine)
        found = usb_config.ensure_controller(guest, known, chosen)
        return found, [etree.tostring(device.format_dom(), encoding='unicode')
                       for device in guest.devices
                       if device.root_name == 'controller']

    def test_guest_without_usb(self):
        self.assertEqual((0, [XHCI % (0, AT % 0x1f)]), self._ensure('none'))

    def test_guest_with_libvirts_default(self):
        self.assertEqual((1, ['<controller type="usb" index="0"/>',
                              XHCI % (1, AT % 0x1f)]), self._ensure(None))

    def test_guest_that_has_usb_3(self):
        # It keeps its place.
        self.assertEqual((0, [
            '<controller type="usb" index="0" model="nec-xhci" ports="15"/>',
        ]), self._ensure('nec-xhci'))

    def test_guest_of_which_nothing_is_said(self):
        # 22.x on x86; libvirt would add the first one by itself.
        self.assertEqual((1, ['<controller type="usb" index="0"/>',
                              XHCI % (1, AT % 0x1f)]), self._ensure())

    def test_place_by_machine_type(self):
        for machine, slot in [
                ('pc', 0x1f), ('pc-i440fx-7.2', 0x1f), ('pc-1.0', 0x1f),
                ('q35', 0x18), ('pc-q35-7.2', 0x18),
                ('pc-q35-rhel9.4.0', 0x18), ('virt', 0x18),
                ('virt-9.0', 0x18)]:
            with self.subTest(machine=machine):
                self.assertEqual((0, [XHCI % (0, AT % slot)]),
                                 self._ensure('none', machine=machine))

    def test_place_that_nobody_knows(self):
        for machine in ('pseries-7.2', 's390-ccw-virtio', 'microvm', None):
            with self.subTest(machine=machine):
                self.assertIsNone(usb_config.free_slot(machine))
                self.assertEqual((0, [XHCI % (0, '/>')]),
                                 self._ensure('none', machine=machine))

    def test_machine_type_that_only_the_caller_knows(self):
        self.assertEqual(
            (0, [XHCI % (0, AT % 0x1f)]),
            self._ensure('none', machine=None, known='pc'))

    def test_twice_is_once(self):
        guest = vconfig.LibvirtConfigGuest()
        for _n in range(2):
            self.assertEqual(1, usb_config.ensure_controller(guest))
        self.assertEqual(2, len(guest.devices))

    def test_chosen_by_flavor_or_image(self):
        for model, chosen, index, xml in [
                ('none', 'none', None,
                 ['<controller type="usb" index="0" model="none"/>']),
                # For a tablet, and for nothing else.
                (None, 'none', None, ['<controller type="usb" index="0"/>']),
                ('nec-xhci', 'nec-xhci', 0, [
                    '<controller type="usb" index="0" model="nec-xhci" '
                    'ports="15"/>']),
                (None, 'nec-xhci', 1, [
                    '<controller type="usb" index="0"/>',
                    (XHCI % (1, AT % 0x1f)).replace('qemu', 'nec')])]:
            with self.subTest(model=model, chosen=chosen):
                self.assertEqual((index, xml),
                                 self._ensure(model, chosen=chosen))
