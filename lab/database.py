# SPDX-License-Identifier: Apache-2.0
"""A MariaDB of the lab's own, on loopback, from Debian's package."""

import os
import socket

from lab import process
from toolbox import commands
from toolbox import waiting

USER = 'lab'
# Nothing in it has to outlive a power failure.
FAST = ('--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0',
        '--skip-log-bin', '--innodb-buffer-pool-size=256M')


class Database:
    """One MariaDB server.

    :param state: the lab's state directory.
    :param port: where it listens on loopback.
    :param password: of the one user.
    :param names: the databases to make.
    """

    def __init__(self, state, port, password, names):
        self.home = os.path.join(state, 'mariadb')
        self.port = port
        self.password = password
        self.names = names
        self._log = os.path.join(state, 'log', 'mariadb.log')
        self._process = None

    def url(self, name):
        """The URL of one of its databases, for SQLAlchemy."""
        return 'mysql+pymysql://%s:%s@127.0.0.1:%d/%s?charset=utf8' % (
            USER, self.password, self.port, name)

    def start(self):
        """Start it; again, after `stop`, with the data that it had."""
        first = []
        if not os.path.exists(self.home):
            first = ['--init-file=' + self._make()]
        self._process = process.start('MariaDB', [
            'mariadbd', '--no-defaults', '--user=root',
            '--datadir=' + self._data,
            '--socket=' + os.path.join(self.home, 'socket'),
            '--pid-file=' + os.path.join(self.home, 'pid'),
            '--bind-address=127.0.0.1', '--port=%d' % self.port,
            '--skip-name-resolve', '--max-connections=500',
            *first, *FAST], self._log)

    @property
    def _data(self):
        return os.path.join(self.home, 'data')

    def _make(self):
        """Make its files.

        :returns: path of the script that it has to begin with
        """
        os.makedirs(self.home)
        commands.output(['mariadb-install-db', '--no-defaults', '--user=root',
                     '--skip-test-db', '--datadir=' + self._data])
        setup = os.path.join(self.home, 'setup.sql')
        with open(setup, 'w') as script:
            script.write(self._setup())
        return setup

    def wait_ready(self, timeout=120):
        """Wait until it takes connections.

        :raises: lab.errors.LabError
        """
        waiting.wait_for('MariaDB', self._answers, timeout,
                         check=self._process.check)

    def stop(self):
        """End it in order, so that it can be started again."""
        if self._process:
            self._process.stop()

    def _answers(self):
        try:
            with socket.create_connection(('127.0.0.1', self.port), 1) as it:
                # It greets only when it is ready to serve.
                return bool(it.recv(1))
        except OSError:
            return False

    def _setup(self):
        lines = ["CREATE DATABASE %s CHARACTER SET utf8;" % name
                 for name in self.names]
        lines.append("CREATE USER '%s'@'127.0.0.1' IDENTIFIED BY '%s';"
                     % (USER, self.password))
        lines.append("GRANT ALL ON *.* TO '%s'@'127.0.0.1';" % USER)
        return '\n'.join(lines + [''])
