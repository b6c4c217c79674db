# SPDX-License-Identifier: Apache-2.0
"""The paths of nova.usb_compat that only older releases take."""

import copy
from unittest import mock

from nova import exception
from nova import test
from nova import usb_compat

CONFLICT = {'code': 'placement.concurrent_update', 'detail': 'changed'}
FULL = {'code': 'placement.undefined_code', 'detail': 'no more to give'}


class _Answer:

    def __init__(self, error=None):
        self.status_code = 409 if error else 204
        self._error = error

    def json(self):
        return {'errors': [self._error]}


class _Client:
    """What 22.x's SchedulerReportClient has of what is used.

    :param errors: what Placement refuses the first changes with
    """

    def __init__(self, held, *errors):
        self.held = {'allocations': held, 'consumer_generation': 1}
        self.errors = list(errors)
        self.removed = None

    def get_allocs_for_consumer(self, _context, _consumer):
        return copy.deepcopy(self.held)

    def _put_allocations(self, _context, _consumer, payload):
        if self.errors:
            return _Answer(self.errors.pop(0))
        self.held = payload
        return _Answer()

    def remove_resources_from_instance_allocation(
            self, _context, _consumer, resources):
        self.removed = resources


class AllocationTest(test.NoDBTestCase):

    def add(self, client, **amounts):
        usb_compat.add_to_allocation(
            client, mock.sentinel.context, 'consumer', 'usb', amounts)
        return client.held['allocations']

    def test_first_of_a_provider(self):
        root = {'resources': {'VCPU': 1}}
        self.assertEqual(
            {'root': root, 'usb': {'resources': {'CUSTOM_X': 2}}},
            self.add(_Client({'root': root}), CUSTOM_X=2))

    def test_one_more(self):
        client = _Client({'usb': {'resources': {'CUSTOM_X': 1}}})
        self.assertEqual({'usb': {'resources': {'CUSTOM_X': 2,
                                                'CUSTOM_Y': 1}}},
                         self.add(client, CUSTOM_X=1, CUSTOM_Y=1))

    def test_changed_meanwhile(self):
        client = _Client({}, CONFLICT, CONFLICT, CONFLICT)
        self.assertEqual({'usb': {'resources': {'CUSTOM_X': 1}}},
                         self.add(client, CUSTOM_X=1))

    def test_changed_again_and_again(self):
        client = _Client({}, *[CONFLICT] * 5)
        error = self.assertRaises(exception.AllocationUpdateFailed,
                                  self.add, client, CUSTOM_X=1)
        self.assertIn('changed', str(error))
        self.assertEqual(1, len(client.errors))

    def test_refused(self):
        client = _Client({}, FULL, CONFLICT)
        error = self.assertRaises(exception.AllocationUpdateFailed,
                                  self.add, client, CUSTOM_X=1)
        self.assertIn('no more to give', str(error))
        # It was not tried again.
        self.assertEqual([CONFLICT], client.errors)

    def test_taking_away_has_two_forms(self):
        client = _Client({})

        def take():
            usb_compat.remove_from_allocation(
                client, mock.sentinel.context, 'consumer', 'usb',
                {'CUSTOM_X': 1})
            return client.removed

        self.assertEqual({'usb': {'CUSTOM_X': 1}}, take())
        client.add_resources_to_instance_allocation = mock.Mock()
        self.assertEqual({'usb': {'resources': {'CUSTOM_X': 1}}}, take())


class CaseTest(test.NoDBTestCase):

    def test_as_sql(self):
        column = usb_compat.models.Instance.id
        self.assertIn('CASE WHEN', str(usb_compat.case(
            (column == 1, 'one'), (column == 2, 'two'), else_='many')))
