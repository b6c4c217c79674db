# SPDX-License-Identifier: Apache-2.0

import types
import unittest
from unittest import mock

from lab import check
from lab import context
from lab import devices
from lab import errors
from lab import steps
from lab import test


class FakeUser:
    """Answers with the records that it was given."""

    project_id = 'p1'

    def __init__(self, *records):
        self.records = records
        self.changed = []

    def devices(self):
        return list(self.records)

    def change_device(self, device_id, **fields):
        self.changed.append((device_id, fields))
        return dict(self.records[0], **fields)


def step(title, *remarks, error=None):
    def run(context):
        if error:
            raise error
        return list(remarks)
    return types.SimpleNamespace(TITLE=title, run=run)


def world(*records):
    user = FakeUser(*records)
    return types.SimpleNamespace(admin=user, member=user, host=None)


class RunTest(unittest.TestCase):

    def run_steps(self, *made, chosen=None):
        with mock.patch.object(steps, 'STEPS', made):
            return test.run(world(), lambda line: None, chosen)

    def test_all_pass(self):
        results = self.run_steps(step('1', 'a'), step('2'))
        self.assertEqual(['passed', 'passed'],
                         [result.outcome for result in results])
        self.assertTrue(test.passed(results))

    def test_nothing_is_run_after_a_failure(self):
        results = self.run_steps(
            step('1', error=errors.StepFailed('is %d' % 3)), step('2'))
        self.assertEqual([('FAILED', ['is 3']), ('not run', [])],
                         [(result.outcome, result.remarks)
                          for result in results])
        self.assertFalse(test.passed(results))
        self.assertEqual('0 passed, 1 failed, 1 skipped',
                         test.summary(results))

    def test_what_cannot_be_judged_is_no_failure_and_no_success(self):
        unclear = step('1', error=errors.NotJudged('too busy'))
        results = self.run_steps(unclear, step('2'))
        self.assertEqual(['unclear', 'passed'],
                         [result.outcome for result in results])
        self.assertTrue(test.passed(results))
        self.assertEqual('1 passed, 0 failed, 1 skipped',
                         test.summary(results))
        self.assertFalse(test.passed(self.run_steps(unclear)))

    def test_chosen(self):
        results = self.run_steps(step('1'), step('2'), step('3'),
                                 chosen=[1, 3])
        self.assertEqual(['1', '3'], [result.title for result in results])

    def test_steps_are_numbered(self):
        for number, module in enumerate(steps.STEPS, 1):
            self.assertTrue(module.TITLE.startswith('%d ' % number))
            self.assertLessEqual(len(module.TITLE), 62)


class RecordTest(unittest.TestCase):

    def record(self, **fields):
        return dict({'id': 'd1', 'vendor_id': '056a', 'product_id': '0000',
                     'port_path': '1-1.2', 'project_id': None,
                     'serial': None, 'present': True,
                     'instance_uuid': None}, **fields)

    def test_by_port_and_kind(self):
        twins = [self.record(), self.record(port_path='1-6', id='d2')]
        made = context.Context(world(*twins))
        self.assertEqual('d1', made.record(devices.TWIN_A)['id'])
        self.assertEqual('d2', made.record(devices.TWIN_B)['id'])
        self.assertIsNone(made.record(devices.STICK))

    def test_gone_and_held_by_no_server(self):
        made = context.Context(world(self.record(present=False)))
        self.assertIsNone(made.record(devices.TWIN_A))
        made = context.Context(world(self.record(present=False,
                                                 instance_uuid='s1')))
        self.assertEqual('d1', made.record(devices.TWIN_A)['id'])

    def test_of_another_kind_at_the_port(self):
        made = context.Context(world(self.record(vendor_id='ffff')))
        self.assertIsNone(made.record(devices.TWIN_A))

    def test_the_one_before_it_at_the_same_port(self):
        vendor, product = devices.LATE.usb.split(':')
        sticks = [self.record(vendor_id=vendor, product_id=product, id=serial,
                              port_path='2-7', serial=serial)
                  for serial in ('OTHER', devices.LATE.serial)]
        made = context.Context(world(*sticks))
        self.assertEqual(devices.LATE.serial,
                         made.record(devices.LATE)['id'])

    def test_grant_once(self):
        made = context.Context(world(self.record()))
        self.assertEqual('p1', made.granted(devices.TWIN_A)['project_id'])
        self.assertEqual([('d1', {'project_id': 'p1'})], made.admin.changed)
        made = context.Context(world(self.record(project_id='p1')))
        made.granted(devices.TWIN_A)
        self.assertEqual([], made.admin.changed)


class CheckTest(unittest.TestCase):

    def test_says_values(self):
        check.that(True, 'never %s', 'said')
        with self.assertRaisesRegex(errors.StepFailed, 'is 3, not 4'):
            check.that(False, 'is %d, not %d', 3, 4)

    def test_slow_on_a_quiet_and_on_a_busy_machine(self):
        for load, error in ((0.0, errors.StepFailed),
                            (99.0, errors.NotJudged)):
            with mock.patch('os.getloadavg', return_value=(load, 0, 0)):
                check.in_time(True, 'never %s', 'said')
                with self.assertRaisesRegex(error, 'took 3 s'):
                    check.in_time(False, 'took %d s', 3)
