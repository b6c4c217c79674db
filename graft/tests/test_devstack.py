# SPDX-License-Identifier: Apache-2.0
"""The devstack plugin, with devstack's functions replaced by ones that say
what they were called with. devstack itself was not run.
"""

import shutil
import subprocess
import unittest

from graft import plan
from graft.tests import helpers

TREES = helpers.real_trees()
STUBS = '''
set -e
function define_plugin { echo "define_plugin $*"; }
function pip_install { echo "pip_install $(basename "$2")"; }
function iniset { echo "iniset|$1|$2|$3|$4"; }
function is_service_enabled { [[ " $SERVICES " == *" $1 "* ]]; }
NOVA_CONF=nova.conf
NOVA_CPU_CONF=nova-cpu.conf
'''


@unittest.skipUnless(TREES, 'needs a source of Nova')
class PluginTest(helpers.TestCase):

    def phase(self, *arguments, **variables):
        """What a phase of devstack's printed."""
        script = STUBS + ''.join(
            '%s=%s\n' % (name, _quoted(value))
            for name, value in variables.items())
        for name in ('settings', 'plugin.sh'):
            script += 'source %s %s\n' % (
                _quoted(str(plan.CHECKOUT / 'devstack' / name)),
                ' '.join(arguments) if name == 'plugin.sh' else '')
        return subprocess.run(
            ['bash', '-c', script], check=True, stdout=subprocess.PIPE,
            universal_newlines=True).stdout.splitlines()

    def test_install_and_clean(self):
        tree = self.folder / 'nova'
        shutil.copytree(str(TREES[-1]), str(tree), symlinks=True,
                        ignore=shutil.ignore_patterns('doc', 'api-ref',
                                                      '__pycache__'))
        before = helpers.contents(tree)
        said = self.phase('stack', 'install', NOVA_DIR=str(tree))
        self.assertIn('pip_install requirements.txt', said)
        self.assertTrue((tree / 'nova/usb/scanner.py').exists())
        self.assertIn('usb_routes', (
            tree / 'nova/api/openstack/compute/routes.py').read_text())
        self.phase('clean', NOVA_DIR=str(tree))
        after = helpers.contents(tree)
        self.assertEqual([], sorted(
            name for name in set(before) | set(after)
            if before.get(name) != after.get(name)))
        # Nothing was grafted: nothing to clean.
        self.phase('clean', NOVA_DIR=str(tree))

    def test_a_tree_that_does_not_fit_ends_devstack(self):
        tree = self.nova()
        with self.assertRaises(subprocess.CalledProcessError):
            self.phase('stack', 'install', NOVA_DIR=str(tree))
        self.assertFalse((tree / 'nova/usb').exists())

    def test_options(self):
        spec = '[{"vendor_id": "0781", "x": "a=b"}]'
        options = {'NOVA_DIR': '/nowhere',
                   'NOVA_USB_OPTIONS': 'rpc_timeout=3',
                   'NOVA_USB_COMPUTE_OPTIONS':
                       'device_spec=%s\nscan_interval=5' % spec}
        self.assertEqual(
            ['define_plugin nova-usb',
             'iniset|nova.conf|usb|rpc_timeout|3',
             'iniset|nova-cpu.conf|usb|device_spec|' + spec,
             'iniset|nova-cpu.conf|usb|scan_interval|5'],
            self.phase('stack', 'post-config', SERVICES='n-api n-cpu',
                       **options))
        self.assertEqual(
            ['define_plugin nova-usb', 'iniset|nova.conf|usb|rpc_timeout|3'],
            self.phase('stack', 'post-config', SERVICES='n-api', **options))

    def test_other_phases_do_nothing(self):
        for words in (('stack', 'pre-install'), ('stack', 'extra'),
                      ('stack', 'test-config'), ('unstack',)):
            self.assertEqual(['define_plugin nova-usb'],
                             self.phase(*words, NOVA_DIR='/nowhere'))


def _quoted(text):
    return "'%s'" % text.replace("'", "'\\''")
