# SPDX-License-Identifier: Apache-2.0
"""Database servers of a test's own, where they are installed.

They have a folder of their own, are reached by a socket in it, and end with
the test.
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

from toolbox import commands
import tools

#: The databases that each one gets.
NAMES = ('main', 'cell0', 'api')
#: Seconds for a server to start, on a busy machine.
START_TIMEOUT = 120


def unprivileged():
    """:returns: keywords for subprocess: servers refuse to run as root"""
    if os.getuid():
        return {}
    for name in ('postgres', 'mysql', 'nobody'):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {'user': user.pw_uid, 'group': user.pw_gid,
                'extra_groups': []}
    raise tools.ToolError('There is no user but root to run a database as.')


class SQLite:
    """Files; always there."""

    name = 'sqlite'
    #: Nova's own migration b30f573d3377 of the API database fails on a file
    #: that 22.x made ("no such column: locked_by", a CHECK that SQLite
    #: keeps). No device is in that database: it is made anew.
    upgrades_api = False

    def __init__(self, folder):
        self.folder = folder

    @staticmethod
    def is_installed():
        return True

    def running(self):
        return contextlib.nullcontext()

    def url(self, database):
        """:returns: the URL of one of its databases, for SQLAlchemy"""
        return f'sqlite:///{self.folder}/{database}.sqlite'

    def forget(self, database):
        """Delete one of them."""
        (self.folder / f'{database}.sqlite').unlink()


class _Server:
    """What both servers have in common."""

    upgrades_api = True

    def __init__(self, folder):
        self.log = folder / 'server.log'
        self.home = None

    @contextlib.contextmanager
    def running(self):
        """Have it running meanwhile.

        :raises ToolError: when it does not start
        """
        options = unprivileged()
        # A socket's path may have some hundred characters: not below the
        # checkout.
        home = pathlib.Path(tempfile.mkdtemp(prefix='nova-usb-'))
        self.home = home
        try:
            if options:
                os.chown(home, options['user'], options['group'])
            self.make(options)
            with open(self.log, 'ab') as log:
                server = subprocess.Popen(
                    self.command(), stdout=log, stderr=log, cwd=home,
                    stdin=subprocess.DEVNULL, **options)
            try:
                self._wait(server, options)
                yield
            finally:
                server.terminate()
                server.wait()
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def _wait(self, server, options):
        end = time.monotonic() + START_TIMEOUT
        for name in NAMES:
            while self.call(self.create(name), options, check=False):
                if server.poll() is not None or time.monotonic() > end:
                    raise tools.ToolError(
                        f'{self.name} does not start; its log is {self.log}')
                time.sleep(0.5)

    def call(self, command, options, check=True):
        """Run one of its programs.

        :returns: the exit status
        :raises ToolError: when that is not 0 and has to be
        """
        with open(self.log, 'ab') as log:
            code = subprocess.run(
                command, stdout=log, stderr=log, cwd=self.home,
                env=commands.environment(LC_ALL='C'),
                stdin=subprocess.DEVNULL, **options).returncode
        if code and check:
            raise tools.ToolError(f'{command[0]} ended with status {code}; '
                                  f'its log is {self.log}')
        return code


class PostgreSQL(_Server):
    """PostgreSQL, from a package of a distribution."""

    name = 'postgresql'

    @staticmethod
    def program(name):
        """:returns: the path of one of its programs, or None"""
        found = sorted(
            pathlib.Path('/usr/lib/postgresql').glob(f'*/bin/{name}'),
            key=lambda path: float(path.parts[-3]))
        return str(found[-1]) if found else shutil.which(name)

    @classmethod
    def is_installed(cls):
        return bool(cls.program('initdb') and cls.program('postgres'))

    def make(self, options):
        self.call([self.program('initdb'), '--auth=trust', '--no-sync',
                   '--username=nova', '--encoding=UTF8',
                   '--pgdata', str(self.home / 'data')], options)

    def command(self):
        return [self.program('postgres'), '-D', str(self.home / 'data'),
                '-k', str(self.home), '-c', 'listen_addresses=',
                '-c', 'fsync=off']

    def create(self, name):
        return [self.program('psql'), '-h', str(self.home), '-U', 'nova',
                '-d', 'postgres', '-c', f'CREATE DATABASE {name}']

    def url(self, database):
        """:returns: the URL of one of its databases, for SQLAlchemy"""
        return f'postgresql+psycopg2://nova@/{database}?host={self.home}'


class MariaDB(_Server):
    """MariaDB, from a package of a distribution."""

    name = 'mariadb'

    @staticmethod
    def is_installed():
        return bool(shutil.which('mariadbd')
                    and shutil.which('mariadb-install-db'))

    def make(self, options):
        self.call(['mariadb-install-db', '--no-defaults',
                   '--auth-root-authentication-method=normal',
                   f'--datadir={self.home / "data"}'], options)

    def command(self):
        return ['mariadbd', '--no-defaults', '--skip-networking',
                f'--datadir={self.home / "data"}',
                f'--socket={self.home / "socket"}',
                '--innodb-flush-log-at-trx-commit=0']

    def create(self, name):
        return ['mariadb', '--no-defaults', '--user=root',
                f'--socket={self.home / "socket"}', '-e',
                f'CREATE DATABASE {name} CHARACTER SET utf8']

    def url(self, database):
        """:returns: the URL of one of its databases, for SQLAlchemy"""
        return (f'mysql+pymysql://root@localhost/{database}'
                f'?unix_socket={self.home / "socket"}&charset=utf8')


KINDS = (SQLite, PostgreSQL, MariaDB)
