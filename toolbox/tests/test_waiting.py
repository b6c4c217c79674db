# SPDX-License-Identifier: Apache-2.0

import itertools
import unittest
from unittest import mock

from toolbox import errors
from toolbox import waiting


class WaitForTest(unittest.TestCase):
    """With a clock of its own: nothing here takes time."""

    def setUp(self):
        super().setUp()
        self.now = 0.0
        for name, value in (('monotonic', lambda: self.now),
                            ('sleep', self.sleep)):
            patch = mock.patch.object(waiting.time, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def sleep(self, seconds):
        self.now += seconds

    def test_returns_what_it_waited_for(self):
        probe = mock.Mock(side_effect=[None, 0, 'there'])
        self.assertEqual('there', waiting.wait_for('it', probe, 10))
        self.assertEqual(3, probe.call_count)
        self.assertEqual(1.0, self.now)

    def test_says_what_it_waited_for(self):
        with self.assertRaises(errors.TimedOut) as caught:
            waiting.wait_for('the moon', lambda: False, 3,
                             detail=lambda: 'It is day.')
        self.assertEqual('Waited 3 s for the moon. It is day.',
                         str(caught.exception))

    def test_looks_once_more_after_a_stall(self):
        def probe():
            # The machine stands still for an hour after the first look.
            self.now += 3600
            return next(answers)

        answers = itertools.chain([False, True])
        self.assertTrue(waiting.wait_for('it', probe, 10))

    def test_ends_when_waiting_is_idle(self):
        check = mock.Mock(side_effect=errors.Failure('It has ended.'))
        with self.assertRaisesRegex(errors.Failure, 'It has ended'):
            waiting.wait_for('it', lambda: False, 10, check=check)
        self.assertEqual(0.0, self.now)
