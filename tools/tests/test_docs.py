# SPDX-License-Identifier: Apache-2.0
"""Tests of what the documentation is built with."""

import importlib.metadata
import os
import re
import unittest

import tools
from tools import docs


class EntryPointsTest(unittest.TestCase):

    def test_options_and_policies_can_be_looked_up(self):
        path = docs.variables()['PYTHONPATH'].split(os.pathsep)
        found = {(point.group, point.name) for distribution in
                 importlib.metadata.distributions(path=path)
                 for point in distribution.entry_points}
        self.assertLessEqual({('oslo.config.opts', 'nova.usb'),
                              ('oslo.policy.policies', 'nova.usb')}, found)


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
