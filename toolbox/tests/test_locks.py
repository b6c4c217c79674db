# SPDX-License-Identifier: Apache-2.0

import pathlib
import tempfile
import unittest

from toolbox import errors
from toolbox import locks


class HoldTest(unittest.TestCase):

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / 'lock'

    def test_refuses_a_second_holder(self):
        with locks.hold(self.path, 'busy'):
            with self.assertRaisesRegex(errors.Failure, 'busy'):
                with locks.hold(self.path, 'busy'):
                    self.fail('it got the lock')
        with locks.hold(self.path, 'busy'):
            pass

    def test_shared(self):
        with locks.hold(self.path, 'busy', shared=True):
            with locks.hold(self.path, 'busy', shared=True):
                with self.assertRaises(errors.Failure):
                    with locks.hold(self.path, 'busy'):
                        self.fail('it got the lock')
