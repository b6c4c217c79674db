# SPDX-License-Identifier: Apache-2.0

from concurrent import futures
import threading

import oslo_messaging as messaging

from nova.compute import usb_rpcapi
from nova import context
from nova import test


class SenderTest(test.NoDBTestCase):

    def setUp(self):
        super(SenderTest, self).setUp()
        self.context = context.get_admin_context()
        self.sender = usb_rpcapi.Sender()

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
        sent = threading.Event()
        self.addCleanup(sent.set)
        self.assertRaises(messaging.MessagingTimeout,
                          self.call, lambda: sent.wait(60))
        self.assertRaises(messaging.MessageDeliveryFailure,
                          self.call, self.fail_with(AssertionError))
        self.assertEqual(7, self.call(lambda: 7, host='h2'))

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
