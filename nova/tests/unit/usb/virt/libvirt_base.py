# SPDX-License-Identifier: Apache-2.0
"""A fake libvirt with one domain, for tests of the libvirt driver."""


from oslo_utils.fixture import uuidsentinel as uuids

from nova import objects
from nova import test
from nova.tests.usb_fixtures import compat
from nova.tests.usb_fixtures.compat import fakelibvirt
from nova.tests.usb_fixtures import usb as usb_fixtures
from nova.tests.usb_fixtures import usb_libvirt
from nova.virt import fake
from nova.virt.libvirt import driver as libvirt_driver
from nova.virt.usb import factory

STICK = {'vendor_id': '0781', 'product_id': '5567'}

DOMAIN = """<domain type='kvm'>
  <name>%(name)s</name><uuid>%(uuid)s</uuid>
  <memory>65536</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>%(devices)s</devices>
</domain>"""

XHCI = "<controller type='usb' index='1' model='qemu-xhci' ports='15'/>"
PLAIN = ("<controller type='usb' index='0'/>"
         "<input type='tablet' bus='usb'/>")
NONE = "<controller type='usb' index='0' model='none'/>"

ATTACHED = (
    '<hostdev mode="subsystem" type="usb" managed="yes">'
    '<source startupPolicy="optional"><address bus="1" device="%d"/></source>'
    '<alias name="ua-usb-%s"/>%s</hostdev>')

LIVE = fakelibvirt.VIR_DOMAIN_AFFECT_LIVE
CONFIG = fakelibvirt.VIR_DOMAIN_AFFECT_CONFIG


class LibvirtUsbTestCase(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        self.useFixture(compat.LibvirtFixture())
        self.hosts = self.useFixture(usb_fixtures.UsbHostFixture())
        self.libvirt = self.useFixture(
            usb_libvirt.UsbLibvirtFixture(self.hosts))
        self.flags(host='compute1')
        self.host = self.hosts.host('compute1')
        self.connection = fakelibvirt.Connection(
            'qemu:///system', hostname='compute1')
        compute_driver = libvirt_driver.LibvirtDriver(fake.FakeVirtAPI())
        compute_driver._host.get_connection = lambda: self.connection
        self.libvirt.listen(self.connection, compute_driver)
        self.compute_driver = compute_driver
        self.driver = factory.for_driver(compute_driver)
        self.instance = objects.Instance(
            id=1, uuid=uuids.instance, display_name='one')
        self.address = self.host.plug('1-1', **STICK)

    def define(self, devices=PLAIN + XHCI, uuid=uuids.instance):
        self.domain = self.connection.defineXML(DOMAIN % {
            'name': 'instance-' + uuid, 'uuid': uuid, 'devices': devices})
        return self.domain

    def start(self, devices=PLAIN + XHCI, uuid=uuids.instance):
        self.define(devices, uuid).create()
        return self.domain

    def attach(self, uuid=uuids.device, address=None):
        self.driver.attach(None, self.instance, uuid, address or self.address)

    def detach(self, uuid=uuids.device):
        self.driver.detach(None, self.instance, uuid)

    def attached(self):
        return self.driver.attached(self.instance)
