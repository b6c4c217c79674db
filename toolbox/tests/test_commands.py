# SPDX-License-Identifier: Apache-2.0

import contextlib
import io
import sys
import unittest

from toolbox import commands
from toolbox import errors


def python(code):
    return [sys.executable, '-c', code]


class OutputTest(unittest.TestCase):

    def test_both_streams(self):
        code = ('import sys; print("out", flush=True);'
                'print("err", file=sys.stderr)')
        self.assertEqual('out\nerr\n', commands.output(python(code)))
        self.assertEqual('out\n', commands.output(python(code),
                                                  errors_too=False))

    def test_failure_shows_all_that_was_said(self):
        code = ('import sys; print("the disk");'
                'print("is full", file=sys.stderr); sys.exit(3)')
        for both in (True, False):
            with self.assertRaises(errors.Failure) as caught:
                commands.output(python(code), errors_too=both)
            for part in ('exit code 3', 'the disk', 'is full'):
                self.assertIn(part, str(caught.exception))

    def test_missing_program(self):
        with self.assertRaisesRegex(errors.Failure, 'no such program'):
            commands.output(['/nonexistent/program'])

    def test_too_slow(self):
        with self.assertRaises(errors.TimedOut):
            commands.output(python('import time; time.sleep(600)'), 0.1)


class ReadTest(unittest.TestCase):

    def test_passes_on_and_keeps(self):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            code, kept = commands.run_and_read(
                python('print("seen"); raise SystemExit(4)'))
        self.assertEqual((4, 'seen\n'), (code, kept))
        self.assertIn('seen\n', shown.getvalue())
