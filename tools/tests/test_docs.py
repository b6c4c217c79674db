# SPDX-License-Identifier: Apache-2.0
"""Tests of what the documentation is built with."""

import importlib.metadata
import pathlib
import re
import tempfile
import unittest

import tools
from tools import docs


class EntryPointsTest(unittest.TestCase):

    def test_options_and_policies_can_be_looked_up(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, 'entry-points')
            # Twice: what an earlier run left must not count.
            docs.write_entry_points(path)
            docs.write_entry_points(path)
            found = [point for distribution in
                     importlib.metadata.distributions(path=[str(path)])
                     for point in distribution.entry_points]
            self.assertEqual(
                ['oslo.config.opts', 'oslo.policy.policies'],
                sorted(point.group for point in found))
            self.assertEqual({'nova.usb'}, {point.name for point in found})
            for point in found:
                module = point.value.split(':')[0].replace('.', '/') + '.py'
                self.assertTrue((path / module).exists()
                                or (tools.ROOT / module).exists(), module)


class SourcesTest(unittest.TestCase):

    def test_each_build_has_settings_and_an_index(self):
        for source in docs.BUILDS.values():
            for name in ('conf.py', 'index.rst'):
                self.assertTrue((tools.ROOT / source / name).exists(), source)

    def test_every_requirement_has_a_version(self):
        pinned = {line.split('==')[0].lower() for line in
                  docs.CONSTRAINTS.read_text().splitlines() if '==' in line}
        wanted = {re.split('[<>=]', line)[0] for line in
                  docs.REQUIREMENTS.read_text().splitlines()
                  if line and not line.startswith('#')}
        self.assertEqual(set(), wanted - pinned)
