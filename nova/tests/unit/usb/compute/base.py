# SPDX-License-Identifier: Apache-2.0
"""One compute host in memory; records and servers in a real database."""

from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import attachments
from nova.compute.usb import lifecycle
from nova.compute.usb import reconciler
from nova.compute.usb import settler
from nova.compute.usb import stalled
from nova.compute.usb import unsettled
from nova import context as nova_context
from nova import objects
from nova.objects import usb_device as usb_obj
from nova import test
from nova.tests.unit import fake_flavor
from nova.tests.unit.usb import host_devices
from nova.tests.usb_fixtures import usb_faults
from nova.usb import status

HOST = 'compute1'


class FakeAllocations(object):
    """Remembers what it was asked for."""

    def __init__(self):
        self.suspect = False
        self.marked = []
        self.balanced = []
        self.error = None
        self.noted = None
        self.rounds = 0

    def note(self, records, sightings):
        self.noted = records

    def withdraw(self):
        self.noted = []

    def concerns(self, instance_uuid):
        return True

    def balance_soon(self):
        self.rounds += 1

    def mark(self, instance_uuid):
        self.marked.append(instance_uuid)

    def balance(self, context, instance):
        self.balanced.append(instance.uuid)
        if self.error is not None:
            raise self.error
        return True

    balance_or_mark = balance

    def balance_marked(self, context):
        self.balanced += self.marked


class ComputeTestCase(test.TestCase):
    """A server that runs on a host with one stick.

    :ivar driver: MemoryUsbDriver that heeds self.faults
    :ivar stick: what is plugged in
    """

    def setUp(self):
        super().setUp()
        objects.register_all()
        self.context = nova_context.get_admin_context()
        self.flags(host=HOST)
        self.faults = usb_faults.Faults()
        self.driver = usb_faults.faulty(
            usb_faults.MemoryUsbDriver, self.faults)(HOST)
        self.plug(host_devices.stick('1-1', serial='S'))
        self.unsettled = unsettled.UnsettledServers()
        self.stalled = stalled.StalledRequests()
        self.allocations = FakeAllocations()
        self.settler = settler.Settler(self.driver, HOST)
        self.attachments = attachments.Attachments(
            self.driver, HOST, self.unsettled)
        self.lifecycle = lifecycle.Lifecycle(
            self.attachments, self.settler, self.stalled.includes,
            self.allocations)
        self.reconciler = reconciler.Reconciler(
            self.driver, self.settler, self.unsettled, self.stalled,
            self.allocations)
        self.server = self.make_server(uuids.server)
        self.driver.domains[uuids.server] = {}

    # The host

    def plug(self, *devices):
        """Have exactly these devices plugged in."""
        self.driver.plugged = list(devices)

    def replug(self, number, **values):
        """Plug the stick in again: it has another number."""
        device = host_devices.stick('1-1', serial='S', device_number=number,
                                    **values)
        self.plug(device)
        return device.address

    def domain(self, server=uuids.server):
        return self.driver.domains.get(server)

    # Servers and records

    def make_server(self, uuid, **values):
        values.setdefault('host', HOST)
        values.setdefault('vm_state', 'active')
        instance = objects.Instance(
            self.context, uuid=uuid, project_id='project', user_id='user',
            flavor=objects.Flavor(**fake_flavor.fake_db_flavor()), **values)
        instance.create()
        return objects.Instance.get_by_uuid(self.context, uuid)

    def change_server(self, **values):
        for name, value in values.items():
            setattr(self.server, name, value)
        self.server.save()

    def reconcile(self):
        self.reconciler.reconcile(self.context)

    def device(self, serial='S'):
        found, = usb_obj.UsbDeviceList.get_by_filters(
            self.context, {'serial': serial})
        return found

    def held(self, state=status.ATTACHED, server=uuids.server):
        """Report the stick, and have the server's record in a state."""
        self.reconcile()
        device = self.device()
        device.claim(server)
        if state != status.ATTACHING:
            device.finish_attach()
        if state == status.DETACHING:
            device.begin_detach()
        return device

    def attached(self):
        """As held; and the domain has it."""
        device = self.held()
        self.driver.domains[uuids.server][device.uuid] = (
            self.driver.plugged[0].address)
        return device

    def assertRecord(self, state, server=None):
        device = self.device()
        self.assertEqual((state, server),
                         (device.status, device.instance_uuid))

    def output(self):
        return self.stdlog.logger.output
