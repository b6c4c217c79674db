# SPDX-License-Identifier: Apache-2.0

import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from lab import process

ROOT = pathlib.Path(process.__file__).resolve().parent.parent
# A lab with one program.
LAB = """
from lab import process
import sys
child = process.start('sleeper', ['sleep', '600'], sys.argv[1])
print(child.pid, flush=True)
sys.stdin.read()
"""
NONE = resource.RLIM_INFINITY


@unittest.skipUnless(shutil.which('setpriv'), 'needs setpriv')
class ProcessTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = folder.name + '/log'

    def test_dies_with_a_lab_that_is_killed(self):
        lab = subprocess.Popen(
            [sys.executable, '-c', LAB, self.log], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with lab:
            child = os.pidfd_open(int(lab.stdout.readline()))
            self.addCleanup(os.close, child)
            lab.kill()
        ended, _, _ = select.select([child], [], [], 30)
        if not ended:
            signal.pidfd_send_signal(child, signal.SIGKILL)
        self.assertTrue(ended, 'it outlived the lab')


class FilesTest(unittest.TestCase):

    def allowed(self, soft, hard):
        with mock.patch.object(resource, 'getrlimit',
                               return_value=(soft, hard)):
            with mock.patch.object(resource, 'setrlimit') as changed:
                process.allow_files()
        return [call.args[1] for call in changed.call_args_list]

    def test_as_many_as_needed_or_allowed(self):
        for soft, hard, wanted in (
                (1024, 1048576, [(process.FILES, 1048576)]),
                (1024, 4096, [(4096, 4096)]),
                (1024, NONE, [(process.FILES, NONE)]),
                (process.FILES, NONE, []), (NONE, NONE, [])):
            self.assertEqual(wanted, self.allowed(soft, hard), (soft, hard))
