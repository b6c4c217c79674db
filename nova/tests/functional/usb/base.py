# SPDX-License-Identifier: Apache-2.0
"""A whole cloud in one process, with USB devices that tests plug."""

import json
import os

import fixtures

from nova import context as nova_context
from nova.db.usb import models
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.tests.functional import integrated_helpers
from nova.tests.functional.usb import waits
from nova.tests.usb_fixtures import compat
from nova.tests.usb_fixtures import usb_faults
from nova.tests.usb_fixtures import usb_projects
from nova.tests.usb_fixtures import usb_widths
from nova import usb_compat

#: A stick with a serial number, as a scan sees it.
STICK = {
    'vendor_id': '0781', 'product_id': '5567', 'serial': 'STICK-0001',
    'manufacturer': 'SanDisk', 'product': 'Cruzer Blade',
    'port_path': '1-1', 'bus_number': 1, 'device_number': 2,
    'interface_classes': ['08'], 'speed': '480',
    'controller': '0000:00:14.0',
}

#: Two of a kind without one.
TWINS = [
    {'vendor_id': '0403', 'product_id': '6001', 'port_path': '1-2.%d' % n,
     'bus_number': 1, 'device_number': 10 + n, 'speed': '12'}
    for n in (1, 2)]

#: Their resource classes in Placement.
STICK_CLASS = 'CUSTOM_USB_0781_5567'
TWIN_CLASS = 'CUSTOM_USB_0403_6001'

#: The smallest of the flavors that upstream's fixture makes.
FLAVOR = '1'


def drop_tables(context):
    """Make a cell's database one that was not synced yet."""
    models.models.BASE.metadata.drop_all(
        usb_compat.db_api.get_engine(context=context),
        tables=[models.UsbDevice.__table__, models.UsbReport.__table__,
                models.version_table])


class UsbTestBase(waits.PatientWaits, compat.Harness,
                  integrated_helpers._IntegratedTestBase):
    """One compute host with Nova's fake driver and simulated devices."""

    microversion = 'latest'
    compute_driver = 'fake.MediumFakeDriver'
    #: What is plugged in when the compute host starts.
    DEVICES = [STICK] + TWINS
    # As in a real cloud: the API does not wait for what it casts.
    CAST_AS_CALL = False

    def setUp(self):
        compat.without_cast_as_call(self)
        self.flags(compute_driver=self.compute_driver)
        folder = self.useFixture(fixtures.TempDir()).path
        self.devices_path = os.path.join(folder, 'devices.json')
        self.flags(simulated_devices=self.devices_path, group='usb')
        self.plugged = {}
        self.plug(*self.DEVICES)
        self.faults = self.useFixture(usb_faults.FaultyUsbDriver()).faults
        self.projects = self.useFixture(usb_projects.ProjectsFixture())
        super(UsbTestBase, self).setUp()
        self.context = self._cell_context('cell1')
        self.useFixture(usb_widths.StringWidthsFixture(*[
            self._cell_context(name) for name in self.cell_mappings]))

    def _cell_context(self, name):
        # One that is not targeted gets the database of the harness's last
        # target, which another thread may just have changed.
        context = nova_context.get_admin_context()
        nova_context.set_target_cell(context, self.cell_mappings[name])
        return context

    # The host

    def plug(self, *devices, host=None):
        """Plug devices in; a device in a port that is taken replaces it."""
        for device in devices:
            self.plugged.setdefault(host, {})[device['port_path']] = device
        self._write_devices()

    def unplug(self, *port_paths, host=None):
        for port_path in port_paths:
            del self.plugged[host][port_path]
        self._write_devices()

    def replug(self, port_path, new_port=None, host=None):
        """Pull a device and plug it in again: it has another number."""
        device = dict(self.plugged[host].pop(port_path))
        device['device_number'] += 20
        device['port_path'] = new_port or port_path
        self.plug(device, host=host)

    def _write_devices(self):
        hosts = {host: list(ports.values())
                 for host, ports in self.plugged.items()}
        everywhere = hosts.pop(None, [])
        content = hosts or everywhere
        # At once: another thread may scan right now.
        with open(self.devices_path + '.new', 'w') as target:
            json.dump(content, target)
        os.replace(target.name, self.devices_path)

    def scan(self, compute=None):
        """What the periodic task does."""
        compute = compute or self.compute
        cell = self.host_mappings[compute.host].cell_mapping.name
        compute.manager.usb.reconcile(self._cell_context(cell))

    def in_domain(self, server, compute=None):
        """Address by device uuid in the live domain, None without one."""
        manager = (compute or self.compute).manager
        instance = objects.Instance.get_by_uuid(
            self.context, server['id'])
        return manager.usb.driver.attached(instance)

    # The records

    def devices(self, **filters):
        """What the database has, by port path."""
        found = usb_obj.UsbDeviceList.get_by_filters(self.context, filters)
        return {device.port_path: device for device in found}

    def present(self):
        """Those of them that are plugged in."""
        return self.devices(present=True)

    def device(self, port_path):
        return self.devices()[port_path]

    # The API

    def request(self, method, path, body=None, api=None):
        """One request.

        :returns: status code and decoded body, None when it is empty
        """
        kwargs = {}
        if body is not None:
            kwargs = {'body': json.dumps(body),
                      'headers': {'Content-Type': 'application/json'}}
        response = (api or self.admin_api).api_request(
            path, method=method, **kwargs)
        return response.status_code, (
            response.json() if response.content else None)

    def attach(self, server, api=None, **wanted):
        return self.request(
            'POST', '/servers/%s/os-usb-devices' % server['id'],
            {'usb_device': wanted}, api=api)

    def detach(self, server, uuid, api=None):
        return self.request(
            'DELETE', '/servers/%s/os-usb-devices/%s' % (server['id'], uuid),
            api=api)

    def boot(self, **kwargs):
        # Else it is the first one, which may be one that a test made.
        kwargs.setdefault('flavor_id', FLAVOR)
        return self._create_server(networks='none', **kwargs)

    def event(self, server, action, name):
        """Wait for an event of a server's action."""
        def found():
            events = {event['event']: event for event in
                      self.actions(server)[action]['events']}
            self.assertIn(name, events)
            self.assertIsNotNone(events[name]['result'])
            return events[name]

        self._wait_for_assert(found)
        return found()

    def actions(self, server):
        """The server's actions by name, each with its events."""
        api = self.admin_api
        actions = {}
        for action in api.get_instance_actions(server['id']):
            actions[action['action']] = api.api_get(
                '/servers/%s/os-instance-actions/%s' % (
                    server['id'], action['request_id'])
            ).body['instanceAction']
        return actions


class TwoHostsTest(UsbTestBase):
    """Two compute hosts, each with devices of its own."""

    DEVICES = []
    OTHER = dict(STICK, product_id='aaaa', port_path='2-1', bus_number=2,
                 serial='STICK-0002')

    def setUp(self):
        super(TwoHostsTest, self).setUp()
        self.compute = self.computes['host1']

    def _setup_compute_service(self):
        self.plug(STICK, *TWINS, host='host1')
        self.plug(self.OTHER, host='host2')
        for host in ('host1', 'host2'):
            self._start_compute(host)

    def force_down(self, host):
        services = self.admin_api.get_services(
            binary='nova-compute', host=host)
        self.admin_api.put_service_force_down(services[0]['id'], True)
