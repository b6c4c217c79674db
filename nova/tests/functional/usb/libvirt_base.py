# SPDX-License-Identifier: Apache-2.0
"""A whole cloud with the libvirt driver: a host of files, a fake libvirt."""

from nova import context as nova_context
from nova.objects import usb_device as usb_obj
from nova.tests.functional.libvirt import base as upstream_base
from nova.tests.functional.usb import base
from nova.tests.usb_fixtures import compat
from nova.tests.usb_fixtures import usb as usb_fixtures
from nova.tests.usb_fixtures import usb_libvirt
from nova.virt.libvirt.usb import config as usb_config

STICK = {'vendor_id': '0781', 'product_id': '5567', 'serial': 'STICK-0001',
         'manufacturer': 'SanDisk', 'product': 'Cruzer Blade',
         'interfaces': ['08']}
TWIN = {'vendor_id': '0403', 'product_id': '6001', 'speed': '12'}


class LibvirtUsbTestBase(compat.Harness, upstream_base.ServersTestBase):
    """One compute host with the libvirt driver."""

    microversion = 'latest'
    CAST_AS_CALL = False

    # The same requests as with simulated devices.
    request = base.UsbTestBase.request
    attach = base.UsbTestBase.attach
    detach = base.UsbTestBase.detach
    boot = base.UsbTestBase.boot
    devices = base.UsbTestBase.devices
    device = base.UsbTestBase.device
    event = base.UsbTestBase.event
    actions = base.UsbTestBase.actions

    def setUp(self):
        self.context = nova_context.get_admin_context()
        self.hosts = self.useFixture(usb_fixtures.UsbHostFixture())
        super().setUp()
        # See base.UsbTestBase.
        nova_context.set_target_cell(
            self.context, self.cell_mappings['cell1'])
        self.usb_libvirt = self.useFixture(
            usb_libvirt.UsbLibvirtFixture(self.hosts))
        self.host = self.hosts.host('compute1')
        self.address = self.host.plug('1-1', **STICK)
        self.start_compute('compute1')

    def start_compute(self, hostname='compute1', *args, **kwargs):
        super().start_compute(hostname, *args, **kwargs)
        driver = self.computes[hostname].driver
        self.usb_libvirt.listen(driver._host.get_connection(), driver)
        return hostname

    def scan(self, hostname='compute1'):
        self.computes[hostname].manager.usb.reconcile(self.context)

    def domain(self, server, hostname='compute1'):
        connection = self.computes[hostname].driver._host.get_connection()
        return connection.lookupByUUIDString(server['id'])

    def live(self, server, hostname='compute1'):
        """Address by device uuid in the live domain, None without one."""
        domain = self.domain(server, hostname)
        if not domain.isActive():
            return None
        usb = usb_config.DomainUsb(domain.XMLDesc(0))
        return {uuid: conf.address for uuid, conf in usb.hostdevs.items()
                if not conf.missing}

    def impostor(self):
        """Give the stick another address, and its old one to another."""
        fields = self.host.unplug('1-1')
        self.host.plug('1-5', address=self.address, **TWIN)
        return self.host.plug('1-1', **fields)

    def all_devices(self):
        return usb_obj.UsbDeviceList.get_by_filters(self.context, {})

    def attached_server(self):
        server = self.boot()
        self.uuid = self.device('1-1').uuid
        code, body = self.attach(server, id=self.uuid)
        self.assertEqual((200, 'attached'), (
            code, body.get('usb_device', body).get('status')))
        self.assertEqual({self.uuid: self.address}, self.live(server))
        return server
