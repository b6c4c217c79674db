# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import unittest

from graft import errors
from graft import release
from graft.tests import helpers


class VersionTest(unittest.TestCase):

    def test_fork_and_back(self):
        for base, fork in (
                ('34.0.0', '34.0.0+usb.0.1.0'),
                ('33.0.3.dev12', '33.0.3.dev12+usb.0.1.0'),
                ('33.0.3+ubuntu1', '33.0.3+ubuntu1.usb.0.1.0')):
            self.assertEqual(fork, release.fork_of(base, '0.1.0'))
            self.assertEqual(base, release.base_of(fork))
            self.assertEqual(base, release.base_of(base))

    def test_supported(self):
        for version, major in (('22.4.0', 22), ('22', 22), ('34', 34),
                               ('33.0.3.dev12', 33), ('34.0.0.0rc1', 34),
                               ('34.9.9', 34), ('22.0.0', 22),
                               ('35.0.0.0rc1', 35)):
            self.assertEqual(major, release.major_of(version))

    def test_newer_ones_are_not_tried(self):
        self.assertEqual('', release.untried('34.9.9'))
        self.assertEqual('not tried, ', release.untried('35.0.0'))

    def test_unsupported(self):
        for version in ('21.9.9', '21', '2024.1', '', 'victoria'):
            with self.assertRaisesRegex(errors.UnsupportedRelease,
                                        '22.x to 34.x'):
                release.major_of(version)


class DetectTest(helpers.TestCase):

    def checkout_of_nova(self):
        tree = self.nova()
        os.unlink(str(tree / 'PKG-INFO'))
        return tree

    def test_source_archive(self):
        self.assertEqual('31.3.1', release.detect(self.nova(
            version='31.3.1')))

    def test_unpacked_wheel_of_the_fork(self):
        tree = self.checkout_of_nova()
        self.write_file(tree, 'nova-31.3.1+usb.0.9.dist-info/METADATA',
                        'Name: nova\nVersion: 31.3.1+usb.0.9\n')
        self.assertEqual('31.3.1', release.detect(tree))

    def test_installed(self):
        tree = self.nova()
        self.write_file(tree, 'nova-34.0.0.dist-info/INSTALLER', 'pip\n')
        with self.assertRaisesRegex(errors.NotNova, 'an installed Nova'):
            release.detect(tree)

    def test_release_notes(self):
        tree = self.checkout_of_nova()
        for newest, major in (('ussuri', None), ('victoria', '23'),
                              ('zed', '27'), ('2023.1', '28'),
                              ('2025.2', '33'), ('2026.1', '34')):
            self.write_file(tree, 'releasenotes/source/%s.rst' % newest, '')
            if major:
                self.assertEqual(major, release.detect(tree))
            else:
                self.assertRaises(errors.UnsupportedRelease, release.detect,
                                  tree)

    def test_nothing_tells(self):
        with self.assertRaisesRegex(errors.UnsupportedRelease, '--release'):
            release.detect(self.checkout_of_nova())

    @unittest.skipUnless(shutil.which('git'), 'git is not installed')
    def test_git_tag(self):
        tree = self.checkout_of_nova()
        for command in (
                ['init', '--quiet'], ['add', '.'],
                ['-c', 'user.name=a', '-c', 'user.email=a@b.example',
                 'commit', '--quiet', '-m', 'x'],
                ['tag', '33.0.2'], ['tag', 'zed-eom']):
            subprocess.run(['git', '-C', str(tree)] + command, check=True)
        self.assertEqual('33.0.2', release.detect(tree))
