# SPDX-License-Identifier: Apache-2.0

import contextlib
import io
import pathlib
import tempfile
import types
import unittest
from unittest import mock

from cloud import settings as cloud_settings
from lab import __main__ as main
from lab import environment
from lab import errors
from lab import outside
from lab import settings


class SettingsTest(unittest.TestCase):
    """Two environments: Nova's own, and that of the services around it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = pathlib.Path(folder.name)
        self.settings = self.make(self.state / 'nova-venv')

    def make(self, nova_venv):
        passwords = cloud_settings.passwords(self.state / 'passwords.json')
        return settings.LabSettings(
            checkout=self.state, state=self.state, venv=self.state / 'venv',
            nova_venv=nova_venv, ports=settings.free_ports(),
            passwords=passwords, libvirt=True,
            broker=types.SimpleNamespace(url='rabbit:/'),
            server=types.SimpleNamespace(url='mysql:/%s'.__mod__))

    def nova_conf(self):
        outside.Outside(self.settings)._configure_nova()
        return (self.settings.etc('nova') / 'nova.conf').read_text()

    def test_nova_has_its_own(self):
        self.assertEqual(self.state / 'nova-venv' / 'bin' / 'x',
                         self.settings.nova.tool('x'))
        self.assertEqual(self.state / 'venv' / 'bin' / 'x',
                         self.settings.tool('x'))
        self.assertIn(str(self.state / 'nova-venv' / 'etc'),
                      self.nova_conf())

    def test_one_for_all(self):
        self.assertEqual(self.state / 'venv', self.make(None).nova.venv)

    def test_server_of_novas_own(self):
        self.assertNotIn('osapi_compute_listen', self.nova_conf())
        tool = self.settings.nova.tool(outside.API_SERVER)
        tool.parent.mkdir(parents=True)
        tool.touch()
        conf = self.nova_conf()
        self.assertIn('osapi_compute_listen = 127.0.0.1\n', conf)
        self.assertIn('osapi_compute_listen_port = %d\n'
                      % self.settings.ports['nova'], conf)


class EnvironmentsTest(unittest.TestCase):
    """Which environments the command line asks for."""

    def environments(self, *words):
        options = main.parser().parse_args(
            ['--cache', '/cache', *words])
        with contextlib.ExitStack() as stack:
            for name in ('ensure', 'ensure_base', 'image'):
                stack.enter_context(mock.patch.object(
                    environment, name,
                    side_effect=lambda *args, name=name: (
                        name, *args[:-1])))
            return main.environments(options)

    def test_default(self):
        cache = pathlib.Path('/cache')
        for words in ((), ('--base', environment.DEFAULT_BASE)):
            made = ('ensure', main.CHECKOUT, cache)
            self.assertEqual((made, made, ('image', cache)),
                             self.environments(*words))

    def test_other_release(self):
        cache = pathlib.Path('/cache')
        self.assertEqual(
            (('ensure', main.CHECKOUT, cache),
             ('ensure_base', main.CHECKOUT, cache / '31.3.1', '31.3.1'),
             ('image', cache / '31.3.1')),
            self.environments('--base', '31.3.1'))

    def test_given(self):
        venv = pathlib.Path('/venv')
        self.assertEqual((venv, venv, None),
                         self.environments('--venv', '/venv'))

    def test_given_and_other_release(self):
        with contextlib.redirect_stderr(io.StringIO()):
            with self.assertRaises(SystemExit):
                main.parser().parse_args(['--venv', 'x', '--base', '31.3.1'])

    def test_release_without_constraints(self):
        with self.assertRaisesRegex(errors.LabError, '1.2.3'):
            environment.ensure_base(main.CHECKOUT, '/cache/1.2.3', '1.2.3',
                                    print)
