# SPDX-License-Identifier: Apache-2.0

import lzma
import unittest

from lab import errors
from lab import kernel


class NewestTest(unittest.TestCase):

    def test_dependency(self):
        self.assertEqual('linux-image-6.1.0-9-amd64', kernel.newest(
            'linux-image-amd64\n'
            '  Depends: linux-image-6.1.0-9-amd64\n'
            '  Suggests: linux-doc\n'))

    def test_none(self):
        self.assertRaisesRegex(errors.LabError, 'apt-get update',
                               kernel.newest, 'linux-image-amd64\n')


class UncompressedTest(unittest.TestCase):

    def test_stream_in_the_middle(self):
        elf = b'\x7fELF' + bytes(100)
        image = b'MZ' + bytes(50) + lzma.compress(elf) + b'trailer'
        self.assertEqual(elf, kernel.uncompressed(image))

    def test_other_compression(self):
        self.assertRaises(errors.LabError, kernel.uncompressed,
                          b'MZ\x1f\x8b' + bytes(60))

    def test_no_elf_inside(self):
        self.assertRaisesRegex(errors.LabError, 'no ELF',
                               kernel.uncompressed, lzma.compress(b'text'))
