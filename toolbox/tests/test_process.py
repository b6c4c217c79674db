# SPDX-License-Identifier: Apache-2.0

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

import toolbox
from toolbox import commands
from toolbox import errors
from toolbox import process

INSIDE = (pathlib.Path(toolbox.__file__).resolve().parent.parent / 'cloud' /
          'inside')


class GroupTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / 'log' / 'child.log'

    def python(self, code):
        return [sys.executable, '-c', code]

    def test_none_outlives_the_group(self):
        with process.Group() as group:
            child = group.start('sleeper', self.python(
                'import time; time.sleep(600)'), self.log)
            self.assertIsNone(child.status)
            group.check()
        self.assertIsNotNone(child.status)

    def test_kills_what_does_not_end(self):
        with mock.patch.object(process, 'GRACE', 1):
            with process.Group() as group:
                child = group.start('stubborn', self.python(
                    'import signal, time\n'
                    'signal.signal(signal.SIGTERM, signal.SIG_IGN)\n'
                    'print("ready", flush=True)\n'
                    'time.sleep(600)'), self.log)
                for _ in range(300):
                    if 'ready' in child.tail():
                        break
                    time.sleep(0.1)
        self.assertEqual(-9, child.status)

    def test_says_what_a_failed_command_said(self):
        with process.Group() as group:
            with self.assertRaises(errors.Failure) as caught:
                group.run('tool', self.python(
                    'import sys; print("the disk is full"); sys.exit(3)'),
                    self.log)
        for part in ('tool', 'status 3', str(self.log), 'the disk is full'):
            self.assertIn(part, str(caught.exception))

    def test_shows_nothing_of_an_earlier_run(self):
        with process.Group() as group:
            group.run('one', self.python('print("old")'), self.log)
            child = group.start('two', self.python('print("new")'), self.log)
            child.wait(60)
            self.assertEqual('new', child.tail())
            with self.assertRaisesRegex(errors.Failure, 'two ended.*0'):
                group.check()

    def test_starts_nothing_after_the_end(self):
        group = process.Group()
        group.stop()
        with self.assertRaises(errors.Failure):
            group.start('late', self.python(''), self.log)


class EnvironmentTest(unittest.TestCase):

    def test_leaves_the_users_settings_out(self):
        with mock.patch.dict(os.environ, {
                'OS_CLOUD': 'production', 'PYTHONPATH': '/elsewhere',
                'HOME': '/home/me'}):
            seen = commands.environment(OS_NOVA_CONFIG_DIR='/x')
        self.assertNotIn('OS_CLOUD', seen)
        self.assertNotIn('PYTHONPATH', seen)
        self.assertEqual('/home/me', seen['HOME'])
        self.assertEqual('/x', seen['OS_NOVA_CONFIG_DIR'])
        self.assertIn('127.0.0.1', seen['no_proxy'])


class ParentTest(unittest.TestCase):

    def test_a_service_ends_when_its_standard_input_closes(self):
        code = ('import sys, time; sys.path.insert(0, %r); import parent\n'
                'parent.end_with_it(); time.sleep(600)' % str(INSIDE))
        child = subprocess.Popen([sys.executable, '-c', code],
                                 stdin=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(child.kill)
        child.stdin.close()
        self.assertEqual(1, child.wait(60))
