# SPDX-License-Identifier: Apache-2.0

import unittest
from unittest import mock

from cloud import sdk
from lab import errors
from lab import user


class AskTest(unittest.TestCase):
    """What openstacksdk is told to send."""

    def setUp(self):
        super().setUp()
        connection = mock.Mock()
        self.request = connection.compute.request
        with mock.patch.object(sdk, 'connect', return_value=connection):
            self.user = user.User(mock.Mock(), 'member')

    def test_default_microversion_is_left_to_the_connection(self):
        self.user.ask('GET', 'compute', '/servers')
        self.assertNotIn('microversion', self.request.call_args.kwargs)
        self.user.ask('GET', 'compute', '/servers', microversion='2.1')
        self.assertEqual('2.1', self.request.call_args.kwargs['microversion'])

    def test_bytes_are_sent_as_they_are(self):
        self.user.ask('PUT', 'compute', '/x', b'data')
        self.assertEqual(b'data', self.request.call_args.kwargs['data'])
        self.user.ask('PUT', 'compute', '/x', {'a': 1})
        self.assertEqual({'a': 1}, self.request.call_args.kwargs['json'])

    def test_wrong_status_says_what_was_answered(self):
        self.request.return_value.status_code = 409
        self.request.return_value.text = 'it is taken'
        with self.assertRaisesRegex(errors.StepFailed,
                                    '/x of compute.*409.*200.*taken'):
            self.user.compute('GET', '/x')
