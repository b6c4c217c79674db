# SPDX-License-Identifier: Apache-2.0
"""What of a host's devices is inventory, as a table."""

from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import inventory
from nova.objects import usb_device as usb_obj
from nova import test
from nova.usb import devspec
from nova.usb import status
from nova.usb import tracker

A, B = 'CUSTOM_USB_0000_000A', 'CUSTOM_DONGLE'


def device(name=A, state=status.AVAILABLE, **values):
    values = dict({
        'identity': 'x', 'resource_class': name, 'status': state,
        'present': True, 'project_id': None, 'instance_uuid': None,
        'host': 'host1'}, **values)
    return usb_obj.UsbDevice(**values)


class InventoryTest(test.NoDBTestCase):

    def totals(self, *devices, **kwargs):
        return inventory.Inventory.of(devices, [], **kwargs).totals

    def test_what_counts(self):
        self.assertEqual({A: 2, B: 1}, self.totals(
            device(), device(), device(B)))
        for count, found in (
                (1, device()),
                (0, device(present=False)),
                (0, device(state=status.BLOCKED)),
                (0, device(project_id='project')),
                (0, device(None)),
                (1, device(state=status.ATTACHED)),
                (1, device(state=status.ATTACHED, present=False)),
                (1, device(state=status.ATTACHING)),
                (0, device(state=status.ATTACHED, project_id='project'))):
            self.assertEqual({A: 1} if count else {}, self.totals(found),
                             found)

    def test_bound_of_classes(self):
        many = ['CUSTOM_USB_0001_%04X' % number for number in range(100)]
        devices = [device(name) for name in many] + [device(B)]
        totals = self.totals(*devices)
        self.assertEqual(set(many[:64]) | {B}, set(totals))
        # Those that Placement has stay, and those that are somebody's.
        devices[99] = device(many[99], status.ATTACHED)
        totals = self.totals(*devices, before=many[50:80])
        self.assertEqual(65, len(totals))
        self.assertLessEqual(set(many[50:80]) | {many[99], B}, set(totals))

    def test_traits_of_what_counts(self):
        sightings = [
            tracker.Sighting(identity, None, devspec.Decision(
                reason, A, ('CUSTOM_' + identity,)))
            for identity, reason in (
                ('POOL', None), ('DEDICATED', None), ('BLOCKED', 'why'))]
        records = [device(identity='POOL'),
                   device(identity='DEDICATED', project_id='project'),
                   device(identity='BLOCKED', state=status.ATTACHED)]
        self.assertEqual(
            {'CUSTOM_POOL'},
            inventory.Inventory.of(records, sightings).traits)

    def test_for_provider(self):
        found = inventory.Inventory({A: 2}, frozenset())
        two = {'total': 2, 'reserved': 0, 'min_unit': 1, 'max_unit': 2,
               'step_size': 1, 'allocation_ratio': 1.0}
        gone = dict(two, total=3, max_unit=3)
        self.assertEqual({A: two}, found.for_provider({}, {}))
        self.assertEqual({A: two}, found.for_provider({B: gone}, {B: 0}))
        self.assertEqual({A: two, B: dict(gone, reserved=3)},
                         found.for_provider({B: gone}, {B: 1}))

    def test_held(self):
        mine, other = uuids.mine, uuids.other
        self.assertEqual({mine: {A: 2}, other: {B: 1}}, inventory.held([
            device(state=status.ATTACHED, instance_uuid=mine),
            device(state=status.DETACHING, instance_uuid=mine),
            device(B, status.ATTACHING, instance_uuid=other),
            device(B, status.ATTACHED, instance_uuid=other, host='host2'),
            device(B, status.ATTACHED, instance_uuid=other,
                   project_id='project'),
            device()], 'host1'))

    def test_of_flavor(self):
        for count, specs in (
                (0, {}), (0, {'resources:CUSTOM_OTHER': '1'}),
                (2, {'resources:' + B: '2'}),
                (3, {'resources:' + B: '2', 'resources_USB:' + B: '1'}),
                (0, {'trait:' + B: 'required'})):
            self.assertEqual(count, inventory.of_flavor(specs, B), specs)
