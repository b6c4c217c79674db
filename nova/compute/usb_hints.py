# SPDX-License-Identifier: Apache-2.0
"""Turns the kernel's bursts of USB events into single early scans."""

import threading
import time


class Hints(object):
    """Runs something soon after a hint, once for a burst of them.

    Events say that something may have changed, and udev tells of a device
    before it can be used.  So a hint starts a scan only after a short time in
    which more may come; hints that come during a scan start one more.  Works
    with native threads and with eventlet's, which replaces this one.

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
            # Before the scan: what happens from now on is worth another.
            self._hint.clear()
            if self._ending:
                return
            self._scan()
