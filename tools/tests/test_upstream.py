# SPDX-License-Identifier: Apache-2.0

import contextlib
import io
import pathlib
import tempfile
import types
import unittest
from unittest import mock

from tools import results
from tools import suites
from tools import upstream

A = 'nova.tests.unit.test_a'
B = 'nova.tests.unit.compute.test_b'


class UpstreamTest(unittest.TestCase):

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.env = types.SimpleNamespace(
            home=self.home, plain=self.home / 'plain',
            tree=self.home / 'tree', fingerprint=lambda: 'as it is')
        for module in (A, B):
            path = self.env.plain / (module.replace('.', '/') + '.py')
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        #: What is run: (tree, modules, names)
        self.ran = []
        #: Statuses by tree, one set for each time that it is run.
        self.outcomes = {}
        patch = mock.patch.object(suites, 'run_modules', self.run_modules)
        patch.start()
        self.addCleanup(patch.stop)

    def run_modules(self, env, top, modules, regex=None, label='',
                    names=None):
        self.ran.append((top.name, modules, names))
        outcomes = self.outcomes[top.name]
        outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        return results.Results.from_statuses(outcome)

    def run_upstream(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            outcome = upstream.run(self.env, 'unit', '.')
        return outcome.summary(), out.getvalue()

    def test_nothing_failed(self):
        self.outcomes = {'tree': [{A + '.T.t': 'passed',
                                   B + '.T.t': 'skipped'}]}
        self.assertEqual('1 passed, 0 failed, 1 skipped',
                         self.run_upstream()[0])
        self.assertEqual([('tree', [B, A], None)], self.ran)

    def test_only_what_failed_runs_without_the_fork(self):
        self.outcomes = {'tree': [{A + '.T.t': 'passed',
                                   B + '.T.t': 'failed'}],
                         'plain': [{B + '.T.t': 'failed'}]}
        summary, text = self.run_upstream()
        self.assertEqual('1 passed, 0 failed, 0 skipped', summary)
        self.assertIn('fails without the fork, too: ' + B, text)
        self.assertEqual(('plain', [B], [B + '.T.t']), self.ran[1])

    def test_broken(self):
        self.outcomes = {'tree': [{A + '.T.t': 'failed'}],
                         'plain': [{A + '.T.t': 'passed'}]}
        summary, text = self.run_upstream()
        self.assertEqual('0 passed, 1 failed, 0 skipped', summary)
        self.assertIn('BROKEN by the graft: ' + A, text)

    def test_module_that_cannot_be_imported_any_more(self):
        self.outcomes = {'tree': [{A + '.import': 'failed'}],
                         'plain': [{A + '.T.t': 'passed'}]}
        self.assertIn('BROKEN', self.run_upstream()[1])
        # All of it was run: plain upstream knows no test of that name.
        self.assertEqual(('plain', [A], None), self.ran[1])

    def test_flaky(self):
        self.outcomes = {'tree': [{A + '.T.t': 'failed'},
                                  {A + '.T.t': 'passed'}],
                         'plain': [{A + '.T.t': 'passed'}]}
        summary, text = self.run_upstream()
        self.assertEqual('0 passed, 0 failed, 0 skipped', summary)
        self.assertIn('passed when run again: ' + A, text)

    def test_goes_on_where_it_was_cut_off(self):
        self.outcomes = {'tree': [{A + '.T.t': 'passed'}]}
        self.run_upstream()
        self.run_upstream()
        self.assertEqual(1, len(self.ran))
        # The fork has changed.
        with mock.patch.object(upstream, 'state_of_the_fork',
                               return_value='another'):
            self.run_upstream()
        self.assertEqual(2, len(self.ran))

    def test_what_was_not_run_to_its_end_is_not_kept(self):
        broken_off = results.Results.from_statuses({A + '.T.t': 'passed'})
        broken_off.failed += 1
        with mock.patch.object(suites, 'run_modules',
                               return_value=broken_off) as ran:
            self.assertEqual('1 passed, 1 failed, 0 skipped',
                             self.run_upstream()[0])
            self.run_upstream()
        self.assertEqual(2, ran.call_count)

    def test_pieces(self):
        self.assertEqual([['a', 'b'], ['c']],
                         upstream.pieces(['a', 'b', 'c'], 2))
