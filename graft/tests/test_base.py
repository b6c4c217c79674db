# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import types
from unittest import mock

from graft import base
from graft import errors
from graft import installed
from graft.tests import helpers
from graft import wheels


class BaseTest(helpers.TestCase):

    def setUp(self):
        super().setUp()
        self.root = self.folder / 'root'
        self.patch(installed, 'find', lambda: None)
        self.commands = []
        self.patch(subprocess, 'run', self.run_command)
        self.printed = ''
        self.set_base(None)

    def patch(self, *args):
        patch = mock.patch.object(*args)
        patch.start()
        self.addCleanup(patch.stop)

    def set_base(self, value):
        variables = {'PYTHONPATH': '/isolated', 'PIP_INDEX_URL': 'theirs'}
        if value is not None:
            variables[base.VARIABLE] = value
        patch = mock.patch.dict(os.environ, variables)
        patch.start()
        self.addCleanup(patch.stop)

    def run_command(self, command, env, cwd, **kwargs):
        """What would be run; `pip download` gives a wheel for 34.0.0."""
        self.commands.append((command, env))
        if 'download' in command and 'nova==34.0.0' in command:
            self.wheel(cwd)
        return types.SimpleNamespace(returncode=0, stdout=self.printed)

    def wheel(self, folder):
        source = self.folder / 'source'
        info = 'nova-34.0.0.dist-info/'
        self.write_file(source, info + 'METADATA',
                        'Name: nova\nVersion: 34.0.0\n')
        self.write_file(source, info + 'WHEEL', 'Tag: py3-none-any\n')
        return os.path.join(folder, wheels.pack(source, folder))

    def test_the_default_is_fetched_as_the_user_has_set_pip_up(self):
        self.assertIn('nova-34.0.0', base.unpack(self.root))
        wheels.dist_info(self.root)
        command, variables = self.commands[-1]
        self.assertIn('nova==34.0.0', command)
        self.assertEqual('theirs', variables['PIP_INDEX_URL'])
        self.assertNotIn('PYTHONPATH', variables)

    def test_a_named_wheel_is_not_fetched(self):
        path = self.wheel(str(self.folder))
        self.set_base(path)
        self.assertIn(path, base.unpack(self.root))
        self.assertEqual([], base.requirements())
        self.assertEqual([], self.commands)

    def test_what_is_installed_goes_first(self):
        self.set_base('31.3.1')
        found = mock.Mock(**{'locate_file.return_value': '/site'})
        self.patch(installed, 'find', lambda: found)
        self.patch(installed, 'unpack', lambda *args: '33.0.2')
        self.assertEqual('Nova 33.0.2 as installed in /site, not '
                         'NOVA_BASE=31.3.1', base.unpack(self.root))
        self.assertEqual([], base.requirements())
        self.assertEqual([], self.commands)

    def test_senseless_bases_are_not_asked_for(self):
        for value in ('21.0.0', 'no/such/file.whl', 'master'):
            self.set_base(value)
            with self.assertRaisesRegex(errors.UnsupportedRelease, value):
                base.unpack(self.root)
        self.assertEqual([], self.commands)

    def test_what_pip_says_is_told(self):
        self.set_base('34.9.9')
        self.printed = ('ERROR: first\nERROR: No matching distribution\n'
                        'WARNING: a new pip is there\n')
        with self.assertRaisesRegex(
                errors.BaseUnavailable,
                'Nova 34.9.9 .*: ERROR: No matching distribution; set NOVA_'):
            base.unpack(self.root)

    def test_pip_is_asked_for_where_there_is_none(self):
        self.assertEqual([], base.requirements())
        self.patch(base, '_pip_works', lambda environment: False)
        self.assertEqual(['pip'], base.requirements())
        base.unpack(self.root)
        self.assertEqual('/isolated', self.commands[-1][1]['PYTHONPATH'])
