# SPDX-License-Identifier: Apache-2.0

import contextlib
import io
import os
import pathlib
import stat
import sys
import tempfile
import unittest
from unittest import mock

import tools
from tools import bases
from tools import environment
from tools import releases
from tools import results


class ReleasesTest(unittest.TestCase):

    def test_any_release_of_a_series(self):
        for release, name in (('34.0.0', '2026.2'), ('29.0.2', '2024.1'),
                              ('26.3.0', 'zed'), ('22.0.1', 'victoria')):
            self.assertEqual(name, releases.of(release).name)

    def test_no_release(self):
        for text in ('21.2.4', '2024.1', 'master', '', '29'):
            with self.assertRaisesRegex(tools.ToolError, '22 .* 34.0.0'):
                releases.of(text)

    def test_each_series_pins_what_the_fork_needs(self):
        for series in releases.SERIES.values():
            names = {line.partition('=')[0].lower() for line in
                     series.constraints[0].read_text().splitlines()}
            self.assertLessEqual(
                {'pyudev', 'sqlalchemy', 'stestr', 'hypothesis',
                 'openstack-placement'}, names, series.name)

    def test_the_next_one_has_no_pins(self):
        for text in ('35.0.0', '35.0.0.0rc1', '41.2.0'):
            series = releases.of(text)
            self.assertEqual(('next', []), (series.name, series.constraints))
        self.assertEqual(sys.executable, str(releases.python_for(series)[0]))

    def test_newest_on_the_index(self):
        said = 'WARNING: of pip\nnova (35.0.0.0rc1)\nAvailable: …\n'
        with mock.patch.object(releases.commands, 'output',
                               return_value=said):
            self.assertEqual(['35.0.0.0rc1'], bases.chosen('next'))
        with mock.patch.object(releases.commands, 'output',
                               return_value='ERROR: no network'):
            with self.assertRaisesRegex(tools.ToolError, 'no network'):
                bases.chosen('next')

    def test_every_named_one_is_of_another_series(self):
        found = [releases.of(name).number for name in releases.NAMED]
        self.assertEqual(sorted(set(found), reverse=True), found)
        self.assertEqual(tools.DEFAULT_BASE, releases.NAMED[0])


class PythonTest(unittest.TestCase):

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        patch = mock.patch.dict(os.environ, {
            'PATH': str(self.folder / 'bin'),
            'PYENV_ROOT': str(self.folder / 'pyenv')})
        patch.start()
        self.addCleanup(patch.stop)

    def python(self, path, says):
        """Put a program there that prints, or fails when says is None."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text('#!/bin/sh\n%s\n' % (
            'exit 1' if says is None else f'echo {says}'))
        target.chmod(target.stat().st_mode | stat.S_IXUSR)
        return target

    def test_none(self):
        with self.assertRaisesRegex(
                tools.ToolError, r'Nova 22.x .victoria. needs Python 3.8 '
                r'with .*pyenv install 3.8'):
            releases.python_for(releases.SERIES[22])

    def test_pyenvs_own_command_may_refuse(self):
        self.python('bin/python3.8', None)
        self.python('pyenv/versions/3.8.9/bin/python3.8', '3.8.9')
        newest = self.python('pyenv/versions/3.8.18/bin/python3.8', '3.8.18')
        self.assertEqual((newest, '3.8.18'),
                         releases.python_for(releases.SERIES[22]))

    def test_the_series_decides_which_is_preferred(self):
        self.python('bin/python3.8', '3.8.18')
        second = self.python('bin/python3.9', '3.9.18')
        self.assertEqual((second, '3.9.18'),
                         releases.python_for(releases.SERIES[26]))

    def test_environment_says_it_too(self):
        with self.assertRaisesRegex(tools.ToolError, 'needs Python 3.8'):
            environment.Environment('22.4.0').fingerprint()


class TableTest(unittest.TestCase):

    def test_choice(self):
        self.assertEqual(list(releases.NAMED), bases.chosen('all'))
        self.assertEqual(['31.3.1'], bases.chosen('31.3.1'))
        self.assertEqual(['31.3.1', '29.0.0'],
                         bases.chosen('31.3.1, 29.0.0,31.3.1'))

    def test_one_that_fails_and_one_that_cannot_run(self):
        def run(base):
            if base == '21.0.0':
                raise tools.ToolError('no such release')
            return results.Results.from_statuses(
                {'test_a': 'passed',
                 'test_b': 'failed' if base == '31.3.1' else 'passed'})

        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            with contextlib.redirect_stderr(io.StringIO()):
                total = bases.run_all(['34.0.0', '31.3.1', '21.0.0'], run)
        self.assertEqual((3, 2), (total.passed, total.failed))
        self.assertEqual(['31.3.1 test_b'], total.named('failed'))
        table = out.getvalue().splitlines()[-3:]
        self.assertRegex(table[0], r'^34.0.0 .*2 passed, 0 failed')
        self.assertRegex(table[1], r'^31.3.1 .*1 passed, 1 failed')
        self.assertRegex(table[2], r'^21.0.0 .*not run: no such release')
