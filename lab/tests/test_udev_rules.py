# SPDX-License-Identifier: Apache-2.0
"""The udev rules in etc/ as udev reads them.

What they do is a step of the lab; see :mod:`lab.steps.kept`.
"""

import os
import shutil
import subprocess
import unittest

from lab.steps import kept

#: In a mount namespace of its own, so that udev's /run is not this machine's.
SCRIPT = '''
mount -t tmpfs none /run
mkdir -p /run/udev/rules.d
cat > %s
udevadm test --action=add /sys/class/net/lo 2>&1
''' % kept.PLACE


class RulesTest(unittest.TestCase):

    def complaints(self, rules):
        if os.geteuid() != 0:
            self.skipTest('only root has mount namespaces')
        for program in ('unshare', 'udevadm'):
            if shutil.which(program) is None:
                self.skipTest('%s is not installed' % program)
        done = subprocess.run(
            ['unshare', '--mount', 'sh', '-ec', SCRIPT], input=rules,
            stdout=subprocess.PIPE, timeout=60, universal_newlines=True)
        lines = [line for line in done.stdout.splitlines()
                 if kept.PLACE in line]
        self.assertIn('Reading rules file: ' + kept.PLACE, lines,
                      done.stdout)
        return [line for line in lines if 'Reading' not in line]

    def test_valid(self):
        self.assertEqual([], self.complaints(kept.RULES.read_text()))

    def test_with_a_device(self):
        rules = kept.RULES.read_text()
        self.assertEqual(1, rules.count(kept.MARK))
        self.assertEqual([], self.complaints(
            rules.replace(kept.MARK, kept.LINE + kept.MARK)))

    def test_what_is_wrong_is_found(self):
        self.assertEqual(1, len(self.complaints(
            kept.RULES.read_text() + 'ATRS{serial}=="1", GOTO="x"\n')))
