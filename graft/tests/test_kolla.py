# SPDX-License-Identifier: Apache-2.0
"""Do what kolla-ansible's development mode does, in both of its forms.

Until 18.x (2024.1) it mounts CHECKOUT/nova over site-packages/nova of its
images; from 19.x on it runs ``pip install -U /dev-mode/nova`` at each start.
Here the image is the virtual environment that run_tests.sh has for a base;
the mounts and networks are those of a namespace of the test's own.

Simulated: the image. Not run: nova-compute, which waits for a conductor on a
message bus, and kolla's own containers.
"""

import json
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.request

from graft import backend
from graft import cli
from graft import plan
from graft.tests import environments
from graft.tests import helpers

#: Of a base: venv with plain Nova in it, and the source archive.
HOME = os.environ.get('GRAFT_TEST_BASE')
#: Seconds for a service to come up, on a busy machine.
PATIENCE = 300
# As root, or as a user who may make namespaces.
NAMESPACE = ['unshare', '--map-root-user'] if os.getuid() else ['unshare']


def can_make_namespaces():
    try:
        return not subprocess.run(
            [*NAMESPACE, '--mount', '--net', 'true'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    except OSError:
        return False


@unittest.skipUnless(HOME, 'takes minutes: run_tests.sh --install')
@unittest.skipUnless(can_make_namespaces(), 'namespaces cannot be made here')
class KollaTest(helpers.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(prefix='nova-kolla-')
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.base = pathlib.Path(HOME).name
        cls.bin = pathlib.Path(HOME, 'venv', 'bin')
        cls.site = next(pathlib.Path(HOME, 'venv').glob(
            'lib/python3*/site-packages'))
        repository = pathlib.Path(folder, 'repository')
        cli.main(['checkout', str(repository), '--base', cls.base,
                  '--source', str(next(pathlib.Path(HOME, 'sdist').glob(
                      '*.tar.gz')))])
        cls.clone = pathlib.Path(folder, 'clone')
        environments.run('git', 'clone', '--quiet', '--branch', 'usb',
                         repository, cls.clone)

    def setUp(self):
        super().setUp()
        self.config = self.folder / 'nova.conf'
        self.port = self._free_port()
        self.config.write_text(helpers.text('''
            [DEFAULT]
            transport_url = fake:/
            state_path = {folder}
            log_file = {folder}/nova.log
            osapi_compute_listen = 127.0.0.1
            osapi_compute_listen_port = {port}
            osapi_compute_workers = 1
            enabled_apis = osapi_compute
            [api]
            auth_strategy = noauth2
            [wsgi]
            api_paste_config = {clone}/etc/nova/api-paste.ini
            [oslo_policy]
            enforce_new_defaults = False
            enforce_scope = False
            [placement]
            auth_type = none
            endpoint_override = http://127.0.0.1:9
            [conductor]
            workers = 1
            [oslo_concurrency]
            lock_path = {folder}
            [database]
            connection = sqlite:///{folder}/cell.sqlite
            [api_database]
            connection = sqlite:///{folder}/api.sqlite
            ''').format(folder=self.folder, port=self.port,
                        clone=self.clone), encoding='utf-8')

    @staticmethod
    def _free_port():
        with socket.socket() as listener:
            listener.bind(('127.0.0.1', 0))
            return listener.getsockname()[1]

    def mounted(self, *command):
        """A command as it is in a container of up to 18.x."""
        return [*map(str, [
            *NAMESPACE, '--mount', 'sh', '-ec',
            'mount --bind "$1" "$2"; shift 2; exec "$@"', 'sh',
            self.clone / 'nova', self.site / 'nova', *command])]

    def manage(self, *arguments):
        return environments.run(*self.mounted(
            self.bin / 'nova-manage', '--config-file', self.config,
            *arguments))

    def sync(self):
        self.manage('api_db', 'sync')
        self.manage('cell_v2', 'map_cell0', '--database_connection',
                    'sqlite:///%s/cell0.sqlite' % self.folder)
        self.manage('db', 'sync')

    def tables(self, name):
        database = sqlite3.connect(str(self.folder / name))
        self.addCleanup(database.close)
        return {row[0] for row in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")}

    def service(self, name):
        """Start one of Nova's services; it ends with the test."""
        log = open(str(self.folder / (name + '.out')), 'wb')
        self.addCleanup(log.close)
        process = subprocess.Popen(
            self.mounted(self.bin / name, '--config-file', self.config),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/')
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def said(self):
        """What the services printed, the end of it."""
        return ''.join(path.read_text(errors='replace')[-3000:]
                       for path in self.folder.glob('*.out'))

    def wait_for(self, process, probe):
        """Wait until probe() is true; the service must go on running."""
        end = time.monotonic() + PATIENCE
        while not probe():
            self.assertIsNone(process.poll(), self.said())
            self.assertLess(time.monotonic(), end, 'it does not come up')
            time.sleep(0.5)

    def test_mounted_over_an_installed_nova(self):
        plain = helpers.contents(self.site / 'nova' / 'conf')
        self.sync()
        for name in ('cell.sqlite', 'cell0.sqlite'):
            self.assertLessEqual({'devices', 'instances'}, self.tables(name))
        # Again, as each deployment does.
        self.manage('db', 'sync')
        # The image itself is what it was.
        self.assertEqual(plain, helpers.contents(self.site / 'nova' / 'conf'))
        self.assertFalse((self.site / 'nova' / 'usb').exists())

    def test_nova_api_starts_from_it(self):
        if not (self.bin / 'nova-api').exists():
            self.skipTest('Nova %s has no nova-api any more' % self.base)
        self.sync()
        api = self.service('nova-api')
        url = 'http://127.0.0.1:%d/' % self.port

        def answers():
            try:
                with urllib.request.urlopen(url, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError:
                raise
            except OSError:
                return None

        self.wait_for(api, answers)
        request = urllib.request.Request(
            url + 'v2.1/os-usb-devices',
            headers={'X-Auth-Token': 'admin:admin'})
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.assertEqual({'usb_devices': []}, json.load(answer))

    def test_nova_conductor_starts_from_it(self):
        self.sync()
        log = self.folder / 'nova.log'
        self.wait_for(self.service('nova-conductor'), lambda: (
            log.exists() and 'Starting conductor node' in log.read_text()))

    def image(self):
        """An environment that sees the image's packages and may change."""
        made = environments.Environment(
            self.folder / 'image', python=self.bin / 'python')
        (made.site / 'image.pth').write_text('%s\n' % self.site)
        return made

    def test_installed_by_pip_at_each_start(self):
        image = self.image()
        for _start in range(2):
            image.install('-U', str(self.clone), '-c', os.devnull)
            self.assertEqual('%s+usb.%s' % (self.base, backend.version()),
                             image.version())
        self.assertTrue((image.site / 'nova/usb/scanner.py').exists())
        told = environments.run(image.folder / 'bin' / 'nova-manage',
                                '--version')
        self.assertIn('+usb.', told)

    def test_this_checkout_by_pip_where_no_index_is_in_reach(self):
        image = self.image()
        # In no network at all; the base is the image's own Nova, which must
        # be in the environment itself.
        image.install('--no-index', '--ignore-installed', '--find-links',
                      self.plain_wheel(image), 'nova==' + self.base)
        said = environments.run(
            *NAMESPACE, '--net', image.python, '-m', 'pip', 'install',
            '-v', '--no-deps', '-U', plan.CHECKOUT, PIP_RETRIES='0')
        self.assertIn('the base is Nova ' + self.base, said)
        self.assertIn('+usb.', image.version())

    def plain_wheel(self, image):
        wheels = self.folder / 'wheels'
        environments.run(image.python, '-m', 'pip', 'download', '--no-deps',
                         '--only-binary', 'nova', '--dest', wheels,
                         'nova==' + self.base)
        return str(wheels)
