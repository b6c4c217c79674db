# SPDX-License-Identifier: Apache-2.0

import pathlib
import tempfile
import unittest

from toolbox import stamp


class StampTest(unittest.TestCase):

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_a_step_is_done_until_something_changes(self):
        source = self.folder / 'source'
        (source / '__pycache__').mkdir(parents=True)
        (source / 'a.py').write_text('one')
        mark = self.folder / 'stamps' / 'step'

        def now(*more):
            return stamp.checksum(source, *more)

        self.assertFalse(stamp.is_done(mark, now()))
        stamp.done(mark, now())
        (source / '__pycache__' / 'a.pyc').write_text('made by python')
        self.assertTrue(stamp.is_done(mark, now()))
        self.assertFalse(stamp.is_done(mark, now({'port': 1})))
        (source / 'a.py').write_text('two')
        self.assertFalse(stamp.is_done(mark, now()))
        (source / 'a.py').rename(source / 'b.py')
        self.assertFalse(stamp.is_done(mark, now()))
