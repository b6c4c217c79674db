# SPDX-License-Identifier: Apache-2.0
"""Tests of the decorators that upstream's manager calls us through."""

import inspect
from unittest import mock

from nova.compute.usb import hooks
from nova import test


class Usb(object):
    """In the place of a UsbManager; notes what it is called for."""

    def __init__(self):
        self.calls = []
        self.lifecycle = self

    def __getattr__(self, name):
        def called(*args):
            self.calls.append((name,) + args)
        return called


class Manager(object):
    """With methods as upstream's have them."""

    def __init__(self):
        self.usb = Usb()
        self.error = None

    def _work(self, *args, **kwargs):
        self.usb.calls.append(('work', args, kwargs))
        if self.error is not None:
            raise self.error
        return 'done'

    @hooks.after_start
    def start(self, context, instance, reason=None):
        return self._work(context, instance, reason)

    @hooks.after_move
    def move(self, context, instance):
        return self._work(context, instance)

    @hooks.after_offload
    def offload(self, context, instance):
        return self._work(context, instance)

    @hooks.after_unshelve
    def unshelve(self, context, instance):
        return self._work(context, instance)

    @hooks.suspend
    def suspend(self, context, instance):
        return self._work(context, instance)

    @hooks.check_live_migration
    def check_live(self, ctxt, instance, dest_check_data):
        return self._work(ctxt, instance, dest_check_data)

    @hooks.manager_init_host
    def init_host(self, service_ref=None):
        return self._work(service_ref)

    @hooks.manager_cleanup_host
    def cleanup_host(self):
        return self._work()


class HooksTest(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        self.manager = Manager()

    def calls(self):
        return [call[0] for call in self.manager.usb.calls]

    def test_after_upstreams_work(self):
        for method, event in (('start', 'after_start'),
                              ('move', 'after_move'),
                              ('offload', 'after_offload'),
                              ('unshelve', 'after_unshelve')):
            self.manager.usb.calls = []
            self.assertEqual('done', getattr(self.manager, method)(
                'context', instance='server'))
            self.assertEqual(['work', event], self.calls())
            self.assertEqual((event, 'context', 'server'),
                             self.manager.usb.calls[-1])

    def test_not_after_upstreams_failure(self):
        self.manager.error = ValueError()
        self.assertRaises(ValueError, self.manager.start, 'context', 'server')
        self.assertEqual(['work'], self.calls())

    def test_before_suspend(self):
        self.assertEqual('done', self.manager.suspend('context', 'server'))
        self.assertEqual(['before_suspend', 'work'], self.calls())

    def test_suspend_that_fails(self):
        self.manager.error = ValueError()
        self.assertRaises(ValueError, self.manager.suspend, 'context',
                          'server')
        self.assertEqual(['before_suspend', 'work', 'after_failure'],
                         self.calls())

    def test_before_live_migration(self):
        # As oslo.messaging calls it.
        self.assertEqual('done', self.manager.check_live(
            'context', instance='server', dest_check_data={}))
        self.assertEqual([('before_live_migration', 'context', 'server')],
                         self.manager.usb.calls[:1])

    def test_start_and_end(self):
        self.assertEqual('done', self.manager.init_host())
        self.assertEqual(['work', 'start'], self.calls())
        self.manager.usb.calls = []
        self.manager.cleanup_host()
        self.assertEqual(['stop', 'work'], self.calls())

    def test_as_plain_functions(self):
        # As decorators on top of ours call them.
        self.assertEqual('done', Manager.start(
            self.manager, 'context', 'server', reason='why'))
        self.assertEqual(['work', 'after_start'], self.calls())

    def test_signatures_stay(self):
        self.assertEqual(
            ['self', 'context', 'instance', 'reason'],
            list(inspect.signature(Manager.start).parameters))

    def test_periodic_task(self):
        with mock.patch.object(self.manager.usb, 'reconcile',
                               create=True) as reconcile:
            hooks._periodic_report()(self.manager, 'context')
        reconcile.assert_called_once_with('context')
