# SPDX-License-Identifier: Apache-2.0

import unittest

from tools import results


class ResultsTest(unittest.TestCase):

    def test_a_run_without_tests_is_not_good(self):
        self.assertFalse(results.Results().good)
        self.assertFalse(results.Results(skipped=3).good)
        self.assertTrue(results.Results(passed=1).good)
        self.assertFalse(results.Results(passed=9, failed=1).good)

    def test_sum_of_suites(self):
        total = results.Results.from_statuses({'a': 'passed', 'b': 'failed'})
        total.add(results.Results.from_statuses({'c': 'skipped'}))
        total.add(results.Results(passed=4))
        self.assertEqual('5 passed, 1 failed, 1 skipped', total.summary())
        self.assertEqual(['b'], total.named('failed'))

    def test_summary_of_another_program(self):
        read = results.Results.from_output
        self.assertEqual(
            results.Results(6, 1),
            read('step one\n1 passed, 0 failed\nmore\n6 passed, 1 failed\n'))
        self.assertEqual(results.Results(1, 2, 3),
                         read('1 passed, 2 failed, 3 skipped\nbye'))
        self.assertIsNone(read('all 6 passed, 0 failed'))
