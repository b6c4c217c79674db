# SPDX-License-Identifier: Apache-2.0
"""Read the strings of USB devices, although a sick one may never answer.

The kernel takes a device's lock to read ``manufacturer``, ``product`` and
``serial`` (``usb_string_attr()`` in ``drivers/usb/core/sysfs.c``), and whoever
resets or configures a device that does not answer holds that lock for
seconds.  So they are read in another thread, which may be late, and once:
they do not change as long as a device is plugged in.
"""

import collections
import errno
import os
import sys
import threading
import time

from oslo_log import log as logging

LOG = logging.getLogger(__name__)

#: What the kernel says of a device, or a part of it, that is not there (any
#: more).
GONE = (errno.ENOENT, errno.ENOTDIR, errno.ENODEV)

#: What says nothing of the device, but that this process cannot read it.
_OUR_FAULT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES,
              errno.EPERM)

#: What is read.
STRINGS = ('serial', 'manufacturer', 'product')

#: No attribute of a USB device is longer; a string descriptor has at most
#: 126 characters (USB 2.0 specification, 9.6.7).
_ATTRIBUTE_SIZE = 4096

#: Seconds between two looks at whether a thread is done.
_STEP = 0.002

#: How many threads read at the same time once one is late.
_HELPERS = 16


def read_attribute(name, directory):
    """Read an attribute below an open directory of sysfs.

    :param name: its path from there
    :param directory: file descriptor
    :returns: stripped bytes; None where there is no such attribute (any
        more), or the device fails to tell it
    :raises: OSError where this process cannot read it
    """
    try:
        attribute = os.open(name, os.O_RDONLY, dir_fd=directory)
        try:
            return os.read(attribute, _ATTRIBUTE_SIZE).strip()
        finally:
            os.close(attribute)
    except OSError as error:
        if error.errno in _OUR_FAULT:
            raise
        return None


def _read(directory):
    """Read the strings of a device.

    :returns: dict of STRINGS, where one is missing None; empty when the
        device is gone
    """
    found = {name: read_attribute(name, directory) for name in STRINGS}
    # Last: with it, the device was there all the time.
    return found if read_attribute('devnum', directory) else {}


def _native_threading():
    """The threading module whose threads the kernel runs.

    Under eventlet (Nova 33 and older) a thread of threading's that waits for
    the kernel keeps the whole process waiting.
    """
    patcher = sys.modules.get('eventlet.patcher')
    if patcher is not None and patcher.is_monkey_patched('thread'):
        return patcher.original('threading')
    return threading


class StringReader:
    """Reads the strings of each device once.

    Not for several callers at a time.

    :param patience: seconds that is waited for a device that does not
        answer, and once more for all that came after it
    """

    def __init__(self, patience=1.0):
        self._patience = patience
        self._known = {}
        # Being read, by a thread that is late or goes on without us.
        self._late = set()

    def read(self, directories):
        """Read what is not known yet, and forget all other devices.

        :param directories: dict of what stands for a device as long as it is
            plugged in, anything that can be a key, to the file descriptor
            of its directory in sysfs
        :returns: dict of the same keys to a dict of STRINGS, empty for a
            device that is gone; a device that does not answer has no entry
        """
        for key in set(self._known) - set(directories):
            self._known.pop(key, None)
        unknown = [key for key in directories
                   if key not in self._known and key not in self._late]
        if unknown:
            self._read(unknown, directories)
        return {key: self._known[key] for key in directories
                if key in self._known}

    def _read(self, keys, directories):
        # A thread may need the directory for longer than our caller does.
        jobs = collections.deque((key, os.dup(directories[key]))
                                 for key in keys)
        self._late.update(keys)
        self._start(jobs, 1)
        if not self._wait(keys) and jobs:
            self._start(jobs, min(len(jobs), _HELPERS))
            self._wait(keys)

    def _wait(self, keys):
        end = time.monotonic() + self._patience
        while not self._late.isdisjoint(keys):
            if time.monotonic() > end:
                return False
            time.sleep(_STEP)
        return True

    def _start(self, jobs, count):
        native = _native_threading()
        for _number in range(count):
            native.Thread(target=self._work, args=(jobs,), daemon=True,
                          name='usb-strings').start()

    def _work(self, jobs):
        # Only what is safe in a thread that eventlet knows nothing of: no
        # lock, no log.
        while True:
            try:
                key, directory = jobs.popleft()
            except IndexError:
                return
            try:
                self._known[key] = _read(directory)
            finally:
                os.close(directory)
                self._late.discard(key)
