# SPDX-License-Identifier: Apache-2.0

import ast
import contextlib
import io
import os
import re
import unittest
from unittest import mock

import tools
from tools import __main__ as main
from tools import environment
from tools import results
from tools import selected
from tools import style
from tools import suites


class SelectedTest(unittest.TestCase):

    def load(self, *names):
        with mock.patch.dict(
                os.environ, FORK_TEST_MODULES=':'.join(names)):
            return selected.load_tests(unittest.TestLoader(), None, None)

    def test_modules(self):
        outcome = self.load('tools.tests.test_results').run(
            unittest.TestResult())
        self.assertGreater(outcome.testsRun, 2)
        self.assertTrue(outcome.wasSuccessful())

    def test_module_that_cannot_be_imported_fails_alone(self):
        suite = self.load('no.such.module', 'tools.tests.test_results')
        outcome = suite.run(unittest.TestResult())
        self.assertEqual(['no.such.module.import'],
                         [test.id() for test, _ in outcome.failures])
        self.assertGreater(outcome.testsRun, 3)


class ModulesTest(unittest.TestCase):

    def test_this_module_is_found_and_slow_ones_are_not(self):
        found = suites.standalone_modules()
        self.assertIn(__name__, found)
        self.assertFalse(set(found) & set(suites.INSTALL_TESTS))

    def test_own_modules_are_the_forks(self):
        for name in suites.own_modules('unit'):
            path = tools.ROOT / (name.replace('.', '/') + '.py')
            self.assertTrue(path.is_file(), name)


class QuickTest(unittest.TestCase):

    def test_each_part_names_tests_that_exist(self):
        names = [
            f'{module}.{name}.{method}'
            for module in suites.own_modules('functional')
            for name, method in _methods(module)]
        for part in suites.QUICK.split('|test_usb'):
            part = part if part.startswith('test_usb') else 'test_usb' + part
            self.assertTrue([name for name in names
                             if re.search(part, name)], part)
        chosen = [name for name in names if re.search(suites.QUICK, name)]
        self.assertTrue(12 <= len(chosen) <= 25, chosen)


def _methods(module):
    """Yield the classes and test methods of a module, by its source."""
    path = tools.ROOT / (module.replace('.', '/') + '.py')
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            for child in node.body:
                if getattr(child, 'name', '').startswith('test'):
                    yield node.name, child.name


class EnvironmentTest(unittest.TestCase):

    def test_eventlet_is_left_out_from_34_on(self):
        name = 'OS_NOVA_DISABLE_EVENTLET_PATCHING'
        self.assertEqual(
            '1', environment.Environment('34.0.0').variables()[name])
        self.assertNotIn(name, environment.Environment('31.3.1').variables())


class LabTest(unittest.TestCase):

    def test_base_and_summary(self):
        with mock.patch.object(
                suites.commands, 'run_and_read',
                return_value=(0, '10 passed, 0 failed, 0 skipped')) as ran:
            self.assertEqual(10, suites.run_lab('31.3.1').passed)
        self.assertEqual(['-m', 'lab', '--base', '31.3.1'],
                         ran.mock_calls[0].args[0][1:])


class StyleTest(unittest.TestCase):

    def test_sources_are_found(self):
        found = style.tracked('.py')
        self.assertIn(tools.ROOT / 'tools' / 'style.py', found)
        self.assertFalse([path for path in found
                          if path.is_relative_to(tools.STATE)])


class MainTest(unittest.TestCase):
    """The exit status and the last line."""

    def call(self, outcome):
        with mock.patch.object(main, 'run', **outcome):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                with contextlib.redirect_stderr(io.StringIO()):
                    status = main.main([])
        return status, out.getvalue().splitlines()[-1]

    def test_good(self):
        self.assertEqual(
            (0, '3 passed, 0 failed, 1 skipped'),
            self.call({'return_value': results.Results(3, 0, 1)}))

    def test_failure(self):
        self.assertEqual(
            (1, '3 passed, 1 failed, 0 skipped'),
            self.call({'return_value': results.Results(3, 1)}))

    def test_nothing_ran(self):
        self.assertEqual(
            (1, '0 passed, 0 failed, 2 skipped'),
            self.call({'return_value': results.Results(skipped=2)}))

    def test_tests_could_not_be_run(self):
        self.assertEqual(
            (1, '0 passed, 1 failed, 0 skipped'),
            self.call({'side_effect': tools.ToolError('no network')}))
