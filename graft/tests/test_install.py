# SPDX-License-Identifier: Apache-2.0
"""Install the fork with pip, as users and containers do.

Takes minutes and the package index, so it runs only when GRAFT_TEST_INSTALL
is set (``./run_tests.sh --install``). Where Nova is there already pip is
kept from any index, which shows that a build needs none.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest

from graft import backend
from graft import plan
from graft.tests import environments
from graft.tests import helpers

OURS = '+usb.' + backend.version()
OFFLINE = {'PIP_NO_INDEX': '1', 'PIP_FIND_LINKS': ''}


@unittest.skipUnless(os.environ.get('GRAFT_TEST_INSTALL'),
                     'takes minutes: set GRAFT_TEST_INSTALL to run it')
class InstallTest(helpers.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, str(cls.shared))
        cls.wheels = {}
        for base in environments.BASES:
            environments.run(
                sys.executable, '-m', 'pip', 'download', '--no-deps',
                '--only-binary', 'nova', '--dest', cls.shared,
                'nova==' + base)
            cls.wheels[base] = next(cls.shared.glob('nova-%s-*' % base))

    def setUp(self):
        super().setUp()
        self.checkout = self.folder / 'checkout'
        self.checkout.mkdir()
        for part in environments.PARTS:
            source = plan.CHECKOUT / part
            if source.is_dir():
                shutil.copytree(
                    str(source), str(self.checkout / part),
                    ignore=shutil.ignore_patterns('__pycache__'))
            else:
                shutil.copy(str(source), str(self.checkout))
        self.count = 0

    def environment(self, *wheels):
        """A new environment, with `wheels` in it."""
        self.count += 1
        made = environments.Environment(
            self.folder / ('env%d' % self.count))
        for wheel in wheels:
            made.install(str(wheel), **OFFLINE)
        return made

    def fork(self, environment, **variables):
        """What a container's start runs."""
        return environment.install('-U', str(self.checkout),
                                   **(variables or OFFLINE))

    def assert_same(self, one, other):
        """The same distribution is in two environments."""
        one, other = one.files(), other.files()
        self.assertEqual([], sorted(
            name for name in set(one) | set(other)
            if one.get(name) != other.get(name)))

    def checkout_contents(self):
        """The checkout's files, less the bytecode of the first modules.

        Python writes those before the backend can tell it not to.
        """
        return {name: content
                for name, content in helpers.contents(self.checkout).items()
                if not name.endswith('.pyc')}

    def change_checkout(self):
        """A later checkout: one file less, one more, another text."""
        (self.checkout / 'nova/usb/status.py').unlink()
        self.write_file(self.checkout, 'nova/usb/later.py', 'A = 1\n')
        with open(str(self.checkout / 'nova/conf/usb.py'), 'a') as stream:
            stream.write('# changed\n')
        setup = self.checkout / 'setup.cfg'
        setup.write_text(setup.read_text().replace(
            'version = ' + backend.version(), 'version = 9.9.9'))

    def test_empty_environment(self):
        empty = self.environment()
        self.fork(empty, PIP_QUIET='0')
        self.assertEqual('34.0.0' + OURS, empty.version())
        same = self.environment(self.wheels['34.0.0'])
        self.fork(same)
        self.assert_same(same, empty)

    def test_named_base(self):
        named = self.environment()
        self.fork(named, NOVA_BASE='31.3.1')
        self.assertEqual('31.3.1' + OURS, named.version())
        other = self.environment()
        self.fork(other, NOVA_BASE=str(self.wheels['31.3.1']), **OFFLINE)
        self.assert_same(named, other)

    def test_installed_base_and_back(self):
        for base, wheel in self.wheels.items():
            with self.subTest(base=base):
                self.check_installed(base, wheel)

    def check_installed(self, base, wheel):
        there = self.environment(wheel)
        plain = there.files()
        before = self.checkout_contents()
        self.fork(there)
        self.assertEqual(base + OURS, there.version())
        fork = there.files()
        outside = [name for name in plain if name.startswith('..')
                   and not name.startswith('../../../bin/')]
        self.assertIn('../../../etc/nova/api-paste.ini', outside)
        for name in outside:
            self.assertEqual(plain[name], fork[name])
        self.assertEqual({name for name in plain if '.dist-info/' not in name},
                         set(fork) & set(plain))
        self.assertIn('nova/usb/host_device.py', fork)
        self.assertEqual(set(), there.unrecorded())
        after = self.checkout_contents()
        self.assertEqual(sorted(before), sorted(after))
        self.assertEqual(before, after)
        there.install('--force-reinstall', str(wheel), **OFFLINE)
        self.assertEqual(plain, there.files())
        self.assertEqual(set(), there.unrecorded())

    def test_again_gives_the_same(self):
        there = self.environment(self.wheels['31.3.1'])
        self.fork(there)
        first = there.files()
        self.assertIn('Successfully installed', self.fork(there))
        self.assertEqual(first, there.files())

    def test_newer_checkout_gives_the_same_as_from_plain(self):
        wheel = self.wheels['34.0.0']
        there = self.environment(wheel)
        self.fork(there)
        self.change_checkout()
        self.fork(there)
        fresh = self.environment(wheel)
        self.fork(fresh)
        self.assertEqual('34.0.0+usb.9.9.9', there.version())
        self.assert_same(fresh, there)
        self.assertFalse((there.site / 'nova/usb/status.py').exists())
        self.assertEqual(set(), there.unrecorded())

    def test_version_that_no_index_has(self):
        version = '33.0.3.dev12'
        wheel = environments.dev_wheel(self.wheels['34.0.0'],
                                       str(self.folder), version)
        there = self.environment(wheel)
        changed = there.folder / 'etc/nova/api-paste.ini'
        changed.write_text('changed by the site\n')
        self.fork(there)
        self.fork(there)
        self.assertEqual(version + OURS, there.version())
        self.assertEqual('changed by the site\n', changed.read_text())

    def test_editable_is_refused(self):
        with self.assertRaisesRegex(environments.Failed,
                                    'graft: this checkout holds only'):
            self.environment().install('-e', str(self.checkout), **OFFLINE)

    def test_a_nova_that_does_not_fit_stays_as_it_is(self):
        there = self.environment(self.wheels['34.0.0'])
        manager = there.site / 'nova/compute/manager.py'
        manager.write_text(manager.read_text().replace(
            'class ComputeManager(', 'class Other('))
        before = helpers.contents(there.site)
        with self.assertRaisesRegex(
                environments.Failed, 'graft: nova/compute/manager.py: '
                'ComputeManager.__init__ is not defined'):
            self.fork(there)
        self.assertEqual(before, helpers.contents(there.site))

    def test_base_that_does_not_exist(self):
        empty = self.environment()
        with self.assertRaisesRegex(
                environments.Failed, 'graft: Nova 34.99.0 cannot be had'):
            self.fork(empty, NOVA_BASE='34.99.0')

    def test_with_all_requirements(self):
        there = self.environment()
        there.pip('install', *environments.constraints('34.0.0'),
                  str(self.checkout))
        self.assertIn('No broken requirements', there.pip('check'))
        variables = {'OS_NOVA_DISABLE_EVENTLET_PATCHING': '1'}
        binaries = there.folder / 'bin'
        told = environments.run(binaries / 'nova-manage', '--version',
                                **variables)
        self.assertEqual('34.0.0' + OURS, told.splitlines()[-1])
        policies = environments.run(
            binaries / 'oslopolicy-sample-generator', '--namespace', 'nova',
            **variables)
        self.assertIn('os_compute_api:os-usb-devices:', policies)
        options = environments.run(
            binaries / 'oslo-config-generator', '--namespace', 'nova.conf',
            **variables)
        self.assertIn('\n[usb]\n', options)
        there.pip('install', '--force-reinstall', '--no-deps',
                  'nova==34.0.0')
        self.assertIn('No broken requirements', there.pip('check'))
        self.assertEqual('34.0.0', there.version())
        self.assertEqual(set(), there.unrecorded())
