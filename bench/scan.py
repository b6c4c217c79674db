# SPDX-License-Identifier: Apache-2.0
"""A scan, against reading the same files with nothing around it."""

import os
import sys
import tempfile
from unittest import mock

from bench import measure
from nova.tests.usb_fixtures import usb as usb_fixtures
from nova.usb import scanner

DEVICES = 100


class Recorder(object):
    """Notes which files and folders a scan opens, by their full paths."""

    def __init__(self):
        self._open = os.open
        self._names = {}
        self.files = []
        self.folders = []

    def open(self, path, flags, *args, dir_fd=None, **kwargs):
        descriptor = self._open(path, flags, *args, dir_fd=dir_fd, **kwargs)
        full = os.path.join(self._names.get(dir_fd, ''), path)
        self._names[descriptor] = full
        (self.folders if flags & os.O_DIRECTORY else self.files).append(full)
        return descriptor


def run(arguments):
    with tempfile.TemporaryDirectory() as root:
        host = usb_fixtures.UsbHost(root)
        for number in range(DEVICES):
            host.plug('1-%d' % (number + 1), vendor_id='0403',
                      product_id='6001', serial='S%d' % number,
                      manufacturer='Maker', product='Thing',
                      interfaces=['ff', '03'])
        look = scanner.Scanner(host.sys, host.proc, host.dev)
        # The first reads the strings, which the following need not.
        look.scan()
        recorder = Recorder()
        with mock.patch('os.open', recorder.open):
            found = look.scan()
        if len(found) != DEVICES:
            sys.exit('The scan found %d devices of %d.' % (
                len(found), DEVICES))

        def bare():
            for name in recorder.folders:
                os.close(os.open(name, os.O_RDONLY | os.O_DIRECTORY))
            for name in recorder.files:
                descriptor = os.open(name, os.O_RDONLY)
                os.read(descriptor, 4096)
                os.close(descriptor)

        measure.ratio('scan of %d devices, %d files' % (
            DEVICES, len(recorder.files)), look.scan, bare, 30)
