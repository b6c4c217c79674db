# SPDX-License-Identifier: Apache-2.0
"""udev's events, and what becomes of bursts of them."""

import errno
import os
import threading
import time
from unittest import mock

from nova import test
from nova.tests.usb_fixtures import usb as usb_fixtures
from nova.usb import events

STICK = {'vendor_id': '0781', 'product_id': '5567', 'serial': 'AB-1',
         'interfaces': ['08']}


class MonitorTest(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        self.source = usb_fixtures.FakeUdevMonitor()
        self.addCleanup(self.source.close)
        self.source.start()
        self.called = threading.Semaphore(0)
        self.monitor = events.Monitor(self.called.release,
                                       lambda: self.source)
        self.addCleanup(self.monitor.stop)

    def assertCalled(self):
        self.assertTrue(self.called.acquire(timeout=5))

    def test_calls_back(self):
        self.assertTrue(self.monitor.start())
        for _n in range(3):
            self.source.event()
            self.assertCalled()

    def test_other_threads_run_meanwhile(self):
        """Under eventlet, a wait that did not yield would stop them."""
        self.monitor.start()
        begin = time.monotonic()
        time.sleep(0.05)
        self.assertLess(time.monotonic() - begin, 4)
        self.source.event()
        self.assertCalled()

    def test_starts_once(self):
        self.monitor.start()
        thread = self.monitor._thread
        self.assertTrue(self.monitor.start())
        self.assertIs(thread, self.monitor._thread)

    def test_stop_ends_the_thread(self):
        self.monitor.start()
        thread = self.monitor._thread
        self.monitor.stop()
        self.assertFalse(thread.is_alive())
        self.monitor.stop()
        self.source.event()
        self.assertFalse(self.called.acquire(timeout=0.1))

    def test_starts_again(self):
        self.monitor.start()
        self.monitor.stop()
        self.assertTrue(self.monitor.start())
        self.source.event()
        self.assertCalled()

    def test_callback_that_raises(self):
        self.monitor._callback = mock.Mock(
            side_effect=[ValueError('once'), None])
        self.monitor.start()
        self.source.event()
        for _n in range(500):
            if self.monitor._callback.call_count:
                break
            time.sleep(0.01)
        self.monitor._callback = self.called.release
        self.source.event()
        self.assertCalled()
        self.assertIn('the periodic scan makes it good',
                      self.stdlog.logger.output)

    def _hint(self, *results):
        with mock.patch.object(events.os, 'read', side_effect=results):
            return self.monitor._hint(self.source)

    def test_lost_events_are_a_hint(self):
        self.assertTrue(self._hint(OSError(errno.ENOBUFS, 'overrun')))
        self.assertTrue(self.called.acquire(timeout=0))

    def test_end_of_events(self):
        for end in (b'', OSError(errno.EBADF, 'closed')):
            self.assertFalse(self._hint(end))
            self.assertFalse(self.called.acquire(timeout=0))

    def test_without_udev(self):
        for error in (ImportError('No library named udev'),
                      OSError('Could not create udev monitor')):
            monitor = events.Monitor(
                self.called.release, mock.Mock(side_effect=error))
            self.assertFalse(monitor.start())
            monitor.stop()
            self.assertIn('Install libudev and pyudev',
                          self.stdlog.logger.output)

    def test_asks_udev_for_usb(self):
        hosts = self.useFixture(usb_fixtures.UsbHostFixture(events=True))
        host = hosts.host()
        monitor = events.Monitor(self.called.release)
        self.assertTrue(monitor.start())
        self.addCleanup(monitor.stop)
        source, = hosts.monitors.values()
        self.assertEqual([('usb', None)], source.filters)
        host.plug('1-1', **STICK)
        self.assertCalled()
        self.assertNotIn('udev does not seem to run',
                         self.stdlog.logger.output)

    def test_udev_that_does_not_run(self):
        hosts = self.useFixture(usb_fixtures.UsbHostFixture(events=True))
        os.unlink(os.path.join(hosts.run_path, 'control'))
        monitor = events.Monitor(self.called.release)
        self.assertTrue(monitor.start())
        self.addCleanup(monitor.stop)
        self.assertIn('mount /run of the host', self.stdlog.logger.output)
