# SPDX-License-Identifier: Apache-2.0
"""What services find in cloud/inside by an entry point."""

import ast
import contextlib
from importlib import metadata
import pathlib
import unittest

from cloud import neutron
from cloud import options

INSIDE = pathlib.Path(neutron.__file__).resolve().parent / 'inside'


class EntryPointTest(unittest.TestCase):

    def test_neutron_finds_its_mechanism_driver(self):
        found, = metadata.distributions(path=[str(INSIDE)])
        point, = found.entry_points
        self.assertEqual(
            ('neutron.ml2.mechanism_drivers', 'simulated_ports'),
            (point.group, point.name))
        source = ast.parse((INSIDE / (point.module + '.py')).read_text())
        self.assertIn(point.attr, [node.name for node in source.body
                                   if isinstance(node, ast.ClassDef)])


class OptionsTest(unittest.TestCase):

    def test_second_host_is_simulated_only(self):
        parser = options.parser()
        self.assertEqual(1, parser.parse_args([]).hosts)
        self.assertEqual(2, parser.parse_args(['--hosts', '2']).hosts)
        for words in (['--hosts', '3'], ['--hosts', '2', '--libvirt']):
            with self.assertRaises(SystemExit):
                with open('/dev/null', 'w') as nowhere, \
                        contextlib.redirect_stderr(nowhere):
                    parser.parse_args(words)
