# SPDX-License-Identifier: Apache-2.0

from concurrent import futures
import threading
import time

import fixtures
import oslo_messaging as messaging

from nova.compute.usb import sender
from nova import context
from nova import test


class SenderTest(test.NoDBTestCase):

    def setUp(self):
        super(SenderTest, self).setUp()
        self.context = context.get_admin_context()
        self.sender = sender.Sender()

    def call(self, method, host='h1'):
        return self.sender.call(self.context, host, method)

    def fail_with(self, error):
        def method():
            raise error
        return method

    def test_what_it_returns(self):
        self.assertEqual(7, self.call(lambda: 7))

    def test_what_it_raises(self):
        for error in (KeyError('k'), futures.TimeoutError()):
            self.assertIs(error, self.assertRaises(
                type(error), self.call, self.fail_with(error)))
        self.assertEqual(7, self.call(lambda: 7))

    def test_only_the_host_that_does_not_answer_is_refused(self):
        self.flags(rpc_timeout=1, group='usb')
        self.useFixture(fixtures.MockPatchObject(
            sender, 'LATE_LIMIT', 2))
        sent = threading.Event()
        self.addCleanup(sent.set)
        for _n in range(2):
            self.assertRaises(messaging.MessagingTimeout,
                              self.call, lambda: sent.wait(60))
        self.assertRaises(messaging.MessageDeliveryFailure,
                          self.call, self.fail_with(AssertionError))
        self.assertEqual(7, self.call(lambda: 7, host='h2'))
        sent.set()
        self._calls_again()

    def _calls_again(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                return self.assertEqual(7, self.call(lambda: 7))
            except messaging.MessageDeliveryFailure:
                time.sleep(0.01)
        self.fail('It is refused for ever')

    def test_one_hint_at_a_time(self):
        began, sent = threading.Event(), threading.Event()
        self.addCleanup(sent.set)
        told = []

        def method():
            told.append(1)
            began.set()
            sent.wait(60)

        for _n in range(3):
            self.sender.tell(self.context, 'h1', method)
        self.assertTrue(began.wait(60))
        self.sender.tell(self.context, 'h2', sent.set)
        self.assertTrue(sent.wait(60))
        self.assertEqual([1], told)
