# SPDX-License-Identifier: Apache-2.0
"""Turns each burst of USB events of this host into one early scan.

The events come from udev, through pyudev.  pyudev is imported only when a
monitor is opened, and nowhere else in Nova, so that a service without it
works.  Events are only hints: :mod:`nova.usb.scanner` enumerates what is
plugged in.
"""

import errno
import os
import selectors
import threading
import time

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


class Hints(object):
    """Runs something soon after a hint, once for a burst of them.

    An event says that something may have changed, and udev reports a device
    before it can be used.  A hint therefore starts a scan only after a short
    time in which more hints may arrive; hints that arrive during a scan start
    one more.  The class works with native threads and under eventlet, which
    replaces :mod:`threading`.

    :param scan: what to run, without arguments; must not raise
    :param settle_time: seconds between the first hint and the scan
    """

    def __init__(self, scan, settle_time):
        self._scan = scan
        self._settle_time = settle_time
        self._hint = threading.Event()
        self._thread = None
        self._ending = False

    def give(self):
        """Take a hint; from any thread, returns at once."""
        self._hint.set()

    def start(self):
        self._thread = threading.Thread(
            target=self._run, name='usb-hints', daemon=True)
        self._thread.start()

    def stop(self):
        """Start no scan any more; one that runs is waited for."""
        self._ending = True
        self._hint.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self):
        while not self._ending:
            self._hint.wait()
            if self._ending:
                return
            time.sleep(self._settle_time)
            # Cleared before the scan, because an event that arrives from now
            # on needs another scan.
            self._hint.clear()
            if self._ending:
                return
            self._scan()


def _open_udev_monitor():
    import pyudev
    context = pyudev.Context()
    if not os.path.exists(os.path.join(context.run_path, 'control')):
        LOG.warning(
            'udev does not seem to run: there is no %s/control. Without it '
            'new devices are found by the periodic scan alone, every [usb] '
            'scan_interval seconds. In a container, mount /run of the host.',
            context.run_path)
    # These are the events that udev has processed, not the kernel's own:
    # permissions are set and drivers are bound by then.  Only the subsystem
    # 'usb' matters: mounting a file system causes no event anywhere, so
    # whether the host uses a device is looked up again immediately before
    # the device is attached.
    monitor = pyudev.Monitor.from_netlink(context, source='udev')
    monitor.filter_by(subsystem='usb')
    monitor.start()
    return monitor


class Monitor:
    """Calls back when udev reports something about USB.

    The class works with native threads and under eventlet: its thread comes
    from :mod:`threading`, and it waits in a selector, which eventlet replaces
    by one that yields.  pyudev's own observer waits with poll(), which
    eventlet removes.  The content of an event is discarded, so that a burst
    that overruns the buffer of the socket does no harm: it is one more hint.

    :param callback: called without arguments, from the monitor's thread
    :param open_monitor: callable that returns the object to wait for, which
        has a fileno() in non-blocking mode
    """

    def __init__(self, callback, open_monitor=_open_udev_monitor):
        self._callback = callback
        self._open_monitor = open_monitor
        self._thread = None
        self._wake = None

    def start(self):
        """Begin; does nothing when it has begun.

        :returns: whether there will be calls: False where udev cannot be
            reached, which is logged
        """
        if self._thread is not None:
            return True
        try:
            monitor = self._open_monitor()
        except (ImportError, OSError) as error:
            LOG.warning(
                'udev cannot be asked for USB events (%s). New devices are '
                'found by the periodic scan alone, every [usb] '
                'scan_interval seconds. Install libudev and pyudev for '
                'nova-compute.', error)
            return False
        sleeper, self._wake = os.pipe()
        self._thread = threading.Thread(
            target=self._run, args=(monitor, sleeper), name='usb-events',
            daemon=True)
        self._thread.start()
        return True

    def stop(self):
        """End, and wait for the thread; does nothing when it has ended."""
        if self._thread is None:
            return
        os.close(self._wake)
        self._thread.join()
        self._thread = None

    def _run(self, monitor, sleeper):
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(monitor.fileno(), selectors.EVENT_READ)
                selector.register(sleeper, selectors.EVENT_READ)
                while True:
                    ready = {key.fd for key, _mask in selector.select()}
                    if sleeper in ready or not self._hint(monitor):
                        return
        finally:
            os.close(sleeper)

    def _hint(self, monitor):
        """Take one event; returns whether more can come."""
        try:
            if not os.read(monitor.fileno(), 65536):
                return False
        except OSError as error:
            # ENOBUFS says that events were lost, which is a hint as well.
            if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                LOG.warning(
                    'USB events have ended (%s). New devices are found by '
                    'the periodic scan alone until nova-compute is '
                    'restarted.', error)
                return False
        try:
            self._callback()
        except Exception:
            LOG.exception('Dealing with a USB event failed; the periodic '
                          'scan makes it good.')
        return True
