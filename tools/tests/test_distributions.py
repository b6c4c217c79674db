# SPDX-License-Identifier: Apache-2.0

import pathlib
import tempfile
import unittest
import zipfile

from tools import distributions


class DistributionTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = pathlib.Path(folder.name)
        self.distribution = distributions.Distribution('client', self.state)

    def test_modules(self):
        self.assertIn('tests.unit.test_osc',
                      self.distribution.test_modules('unit'))
        self.assertIn('tests.functional.test_commands',
                      self.distribution.test_modules('functional'))

    def test_fingerprint_stays(self):
        self.assertEqual(
            self.distribution.fingerprint(),
            distributions.Distribution('client').fingerprint())

    def test_copy(self):
        copied = self.distribution.copy()
        self.assertTrue((copied / 'pyproject.toml').exists())
        self.assertTrue(copied.is_relative_to(self.state))

    def test_what_the_wheel_lacks(self):
        source = self.distribution.home / 'source' / 'package'
        source.mkdir(parents=True)
        for name in ('__init__.py', 'data.json', 'module.py'):
            (source / name).touch()
        self.distribution.dist.mkdir()
        self.assertTrue(distributions.not_in_wheel(self.distribution))
        with zipfile.ZipFile(self.distribution.dist / 'a.whl', 'w') as wheel:
            for name in ('package/__init__.py', 'package/module.py'):
                wheel.writestr(name, '')
        self.assertEqual(['package/data.json'],
                         distributions.not_in_wheel(self.distribution))
