# SPDX-License-Identifier: Apache-2.0
"""Gives a test runner the modules that it is told, instead of all.

Upstream's tree has some thousand test modules, and loading them to pick a
few takes a minute. A copy of this file in a directory of its own is what the
runner discovers; FORK_TEST_MODULES names the modules, separated by colons.
"""

import importlib
import os
import traceback
import unittest


class Unimportable(unittest.TestCase):
    """Stands for the tests of a module that cannot be imported.

    Without it the runner would run no other module's tests either.
    """

    def __init__(self, name, reason):
        """:param reason: the traceback, as text"""
        super().__init__('fail_import')
        self.name = name
        self.reason = reason

    def id(self):
        return f'{self.name}.import'

    def fail_import(self):
        self.fail(self.reason)


def load_tests(loader, tests, pattern):
    """See unittest's load_tests protocol."""
    suite = unittest.TestSuite()
    for name in os.environ['FORK_TEST_MODULES'].split(':'):
        try:
            module = importlib.import_module(name)
        except Exception:
            suite.addTest(Unimportable(name, traceback.format_exc()))
        else:
            suite.addTests(loader.loadTestsFromModule(module))
    return suite
