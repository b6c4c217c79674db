# SPDX-License-Identifier: Apache-2.0

import io
import unittest

from lab import initramfs


def read(content):
    """A reader of its own for the format: name to (mode, data)."""
    source = io.BytesIO(content)
    found = {}
    while True:
        header = source.read(110)
        fields = [int(header[6 + 8 * n:14 + 8 * n], 16) for n in range(13)]
        name = source.read(fields[11])[:-1].decode()
        source.read(-(110 + fields[11]) % 4)
        if name == 'TRAILER!!!':
            return found
        data = source.read(fields[6])
        source.read(-fields[6] % 4)
        found[name] = (fields[1], data)


class ArchiveTest(unittest.TestCase):

    def test_round_trip(self):
        archive = initramfs.Archive()
        archive.directory('bin')
        archive.file('bin/tool', b'#!/bin/sh\n', 0o755)
        archive.file('odd', b'12345')
        archive.link('bin/sh', 'tool')
        self.assertEqual(
            {'bin': (0o40755, b''), 'bin/tool': (0o100755, b'#!/bin/sh\n'),
             'odd': (0o100644, b'12345'), 'bin/sh': (0o120777, b'tool')},
            read(archive.content()))

    def test_aligned_and_repeatable(self):
        first, second = initramfs.Archive(), initramfs.Archive()
        for archive in (first, second):
            archive.console()
            archive.file('a', b'x')
        self.assertEqual(first.content(), second.content())
        self.assertEqual(0, len(first.content()) % 4)
