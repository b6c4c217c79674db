# SPDX-License-Identifier: Apache-2.0
"""Tests of the plan that brings a domain in line with the records."""

import random
import types
import unittest

from nova.tests.unit.usb import host_devices
from nova.usb import exception
from nova.usb import host_device
from nova.usb import settlement
from nova.usb import status

stick = host_devices.stick
see = host_devices.see

HERE = host_device.UsbAddress(1, 2)
THERE = host_device.UsbAddress(1, 9)


def record(uuid='a', device=None, state=status.ATTACHED, **values):
    """The record of a device that a server holds."""
    device = device or stick('1-1', serial='S')
    (identity, _device), = host_device.identify([device])
    fields = dict(vars(device), uuid=uuid, identity=identity, status=state,
                  present=True, blocked_reason=None, accepted_as=None)
    fields.update(values)
    return types.SimpleNamespace(**fields)


def steps(plan):
    """The steps of a plan without their reasons."""
    return [(step.verb, step.device_uuid) + (
        (step.address,) if step.address else ()) for step in plan.steps]


TAKE_OUT, PUT_IN, RELEASE, LEAVE = (
    settlement.TAKE_OUT, settlement.PUT_IN, settlement.RELEASE,
    settlement.LEAVE)

SEEN = see(stick('1-1', serial='S'))
SEEN_THERE = see(stick('1-1', serial='S', device_number=9))
BLOCKED = see(stick('1-1', serial='S'), **{'1_1': 'it is mounted'})
BLOCKED_THERE = see(stick('1-1', serial='S', device_number=9),
                    **{'1_1': 'it is mounted'})
OTHER = see(stick('1-1', serial='T'))

#: Of one device: what it is called; its state; the address in the live
#: domain, None when the domain has it not; the scan; whether its request is
#: stalled; the steps; whether to look again.
CASES = [
    ('it is where it should be', status.ATTACHED, HERE, SEEN, False,
     [], False),
    ('it is not in the domain yet', status.ATTACHED, None, SEEN, False,
     [(PUT_IN, 'a', HERE)], False),
    ('it was plugged in again', status.ATTACHED, HERE, SEEN_THERE, False,
     [(TAKE_OUT, 'a'), (PUT_IN, 'a', THERE)], False),
    ('it was pulled out', status.ATTACHED, HERE, [], False,
     [(TAKE_OUT, 'a'), (LEAVE, 'a')], True),
    ('it is still away', status.ATTACHED, None, [], False,
     [(LEAVE, 'a')], True),
    ('another one is in its port', status.ATTACHED, HERE, OTHER, False,
     [(TAKE_OUT, 'a'), (LEAVE, 'a')], True),
    ('it has become blocked while the guest has it', status.ATTACHED, HERE,
     BLOCKED, False, [], False),
    ('it is blocked and the guest has it not', status.ATTACHED, None,
     BLOCKED, False, [(LEAVE, 'a')], False),
    ('it is blocked since it was plugged in again', status.ATTACHED, HERE,
     BLOCKED_THERE, False, [(TAKE_OUT, 'a'), (LEAVE, 'a')], False),
    ('an attach is under way', status.ATTACHING, HERE, SEEN, False,
     [(LEAVE, 'a')], True),
    ('a detach is under way', status.DETACHING, HERE, SEEN, False,
     [(LEAVE, 'a')], True),
    ('an attach is stalled before the domain', status.ATTACHING, None, SEEN,
     True, [(RELEASE, 'a')], False),
    ('an attach is stalled after the domain', status.ATTACHING, HERE, SEEN,
     True, [(TAKE_OUT, 'a'), (RELEASE, 'a')], False),
    ('a detach is stalled', status.DETACHING, HERE, [], True,
     [(TAKE_OUT, 'a'), (RELEASE, 'a')], False),
]


class CasesTest(unittest.TestCase):

    def test_each(self):
        for name, state, address, seen, stalled, expected, again in CASES:
            with self.subTest(name):
                plan = settlement.plan(
                    [record(state=state)],
                    {} if address is None else {'a': address}, seen,
                    {'a'} if stalled else set())
                self.assertEqual(expected, steps(plan))
                self.assertEqual(again, plan.again)

    def test_revoked(self):
        for name, address, seen, expected in [
                ('it is where it should be', HERE, SEEN, []),
                ('it is not in the domain', None, SEEN, [(RELEASE, 'a')]),
                ('it was plugged in again', HERE, SEEN_THERE,
                 [(TAKE_OUT, 'a'), (RELEASE, 'a')]),
                ('it was pulled out', HERE, [],
                 [(TAKE_OUT, 'a'), (RELEASE, 'a')])]:
            with self.subTest(name):
                plan = settlement.plan(
                    [record()], {} if address is None else {'a': address},
                    seen, set(), {'a'})
                self.assertEqual(expected, steps(plan))
        plan = settlement.plan([record()], None, SEEN, set(), {'a'})
        self.assertEqual([], steps(plan))

    def test_without_a_live_domain(self):
        for name, state, _address, seen, stalled, _steps, _again in CASES:
            with self.subTest(name):
                plan = settlement.plan([record(state=state)], None, seen,
                                       {'a'} if stalled else set())
                wanted = []
                if state != status.ATTACHED:
                    wanted = [(RELEASE if stalled else LEAVE, 'a')]
                self.assertEqual(wanted, steps(plan))

    def test_what_is_not_the_servers(self):
        plan = settlement.plan([], {'b': HERE}, SEEN, ())
        self.assertEqual([(TAKE_OUT, 'b')], steps(plan))
        self.assertIn("not the server's", plan.steps[0].reason)

    def test_two_trade_addresses(self):
        devices = (stick('1-1', serial='S', device_number=9),
                   stick('1-2', serial='T', device_number=2))
        plan = settlement.plan(
            [record('a', devices[0]), record('b', devices[1])],
            {'a': HERE, 'b': THERE}, see(*devices), ())
        self.assertEqual(
            [(TAKE_OUT, 'a'), (TAKE_OUT, 'b'), (PUT_IN, 'a', THERE),
             (PUT_IN, 'b', HERE)], steps(plan))

    def test_reported_as_gone(self):
        # The report of its return is what has it put in again.
        plan = settlement.plan([record(present=False)], {}, [], ())
        self.assertFalse(plan.again)

    def test_reasons_do_not_name_the_device_again(self):
        for seen in ([], BLOCKED):
            plan = settlement.plan([record()], {}, seen, ())
            self.assertNotIn('USB device', plan.steps[0].reason)


class UsableTest(unittest.TestCase):

    def test_usable(self):
        self.assertEqual(THERE, settlement.usable(
            record(), SEEN_THERE).address)

    def test_gone(self):
        with self.assertRaisesRegex(exception.UsbIdentityChanged,
                                    'serial=S'):
            settlement.usable(record(), OTHER)

    def test_blocked(self):
        with self.assertRaisesRegex(exception.UsbDeviceBlocked,
                                    'it is mounted'):
            settlement.usable(record(), BLOCKED)


class World(object):
    """A server and a host that anything may happen to."""

    PORTS = ('1-1', '1-2', '1-3')

    def __init__(self, seed):
        self.random = random.Random(seed)
        devices = [stick(port, serial=serial)
                   for port, serial in zip(self.PORTS, 'ST')]
        devices.append(stick('1-3'))
        self.records = [record('uuid-%d' % n, device) for n, device
                        in enumerate(devices)]
        self.change()

    def change(self):
        pick = self.random.choice
        self.numbers = self.random.sample(range(2, 9), 4)
        self.seen = see(*[
            stick(row.port_path, serial=row.serial, device_number=number)
            for row, number in zip(self.records, self.numbers)
            if pick((True, True, False))], **{
                port.replace('-', '_'): 'why' for port in self.PORTS
                if pick((True, False, False))})
        for row in self.records:
            row.status = pick(status.CLAIMED + (status.ATTACHED,))
            row.present = pick((True, False))
        self.held = [row for row in self.records if pick((1, 1, 1, 0))]
        self.stalled = {row.uuid for row in self.held
                        if row.status in status.UNDER_WAY and pick((1, 0))}
        addresses = [host_device.UsbAddress(1, number) for number in
                     self.random.sample(range(2, 9), 4)]
        # The right address as often as a wrong one.
        self.live = pick((None, {}, {
            row.uuid: pick((address, host_device.UsbAddress(1, number)))
            for row, address, number in zip(
                self.records, addresses, self.numbers) if pick((1, 1, 0))}))

    def plan(self):
        return settlement.plan(self.held, self.live, self.seen,
                               self.stalled)

    def apply(self, plan):
        for step in plan.steps:
            if step.verb == TAKE_OUT:
                del self.live[step.device_uuid]
            elif step.verb == PUT_IN:
                self.live[step.device_uuid] = step.address
            elif step.verb == RELEASE:
                self.held = [row for row in self.held
                             if row.uuid != step.device_uuid]


class InvariantsTest(unittest.TestCase):
    """The invariants in the docstring of the module, by their numbers."""

    SEED = 20261125

    def test_invariants(self):
        world = World(self.SEED)
        taken = 0
        for number in range(3000):
            world.change()
            plan = world.plan()
            with self.subTest(seed=self.SEED, number=number, plan=plan):
                self._check(world, plan)
                taken += len(plan.steps)
                world.apply(plan)
                again = world.plan()
                self.assertEqual(                                       # 7
                    [], [step for step in again.steps
                         if step.verb != LEAVE])
        # So that the rest means something.
        self.assertGreater(taken, 3000)

    def _check(self, world, plan):
        held = {row.uuid: row for row in world.held}
        has = world.live or {}
        of = {verb: {step.device_uuid: step for step in plan.steps
                     if step.verb == verb}
              for verb in (TAKE_OUT, PUT_IN, RELEASE, LEAVE)}
        usable = {}
        there = {}
        for sighting in world.seen:
            for row in world.held:
                if (row.port_path, row.serial) == (
                        sighting.device.port_path, sighting.device.serial):
                    there[row.uuid] = sighting.device.address
                    if not sighting.decision.blocked_reason:
                        usable[row.uuid] = sighting.device.address
        for uuid, step in of[PUT_IN].items():                           # 1
            self.assertEqual(status.ATTACHED, held[uuid].status)
            self.assertEqual(usable[uuid], step.address)
        for uuid, address in has.items():
            row = held.get(uuid)
            if row is None:                                             # 3
                self.assertIn(uuid, of[TAKE_OUT])
            elif row.status == status.ATTACHED:                         # 2
                self.assertEqual(address != there.get(uuid),
                                 uuid in of[TAKE_OUT])
        for uuid, row in held.items():                                  # 4
            if row.status in status.UNDER_WAY:
                self.assertEqual(uuid in world.stalled,
                                 uuid in of[RELEASE])
                if uuid not in world.stalled:
                    self.assertNotIn(uuid, of[TAKE_OUT])
        self.assertLessEqual(set(of[RELEASE]), world.stalled)
        verbs = [step.verb for step in plan.steps]                      # 5
        self.assertEqual(verbs, sorted(verbs, key=(
            TAKE_OUT, RELEASE, LEAVE, PUT_IN).index))
        for uuid in set(of[RELEASE]) & set(has):
            self.assertIn(uuid, of[TAKE_OUT])
        if world.live is None:                                          # 6
            self.assertFalse(of[TAKE_OUT] or of[PUT_IN])
