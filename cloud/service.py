# SPDX-License-Identifier: Apache-2.0
"""What the services have in common: set-up commands, start and health."""

import contextlib
import sqlite3

import requests

from cloud import ports
from toolbox import commands
from toolbox import waiting

# Seconds that a service may take to answer its first request.
START_TIMEOUT = 180


def manage(settings, group, service, tool, *words, env=None):
    """Run one of a service's set-up commands.

    :param settings: Settings
    :param group: process.Group
    :param service: name of the service
    :param tool: name of the program in the virtual environment
    :param words: its arguments
    :param env: dict of further environment variables
    :raises: CloudError when it fails
    """
    (settings.state / 'db').mkdir(exist_ok=True)
    group.run(tool, [settings.tool(tool), *words],
              settings.log(service + '-setup'),
              commands.environment(**env or {}))


def use_wal(settings, name):
    """Let a SQLite database be read while it is written.

    The mode is a property of the file, so once is enough.  A database that
    is no file is left alone.

    :param settings: Settings
    :param name: name of the database
    """
    if not settings.database(name).startswith('sqlite:'):
        return
    path = settings.state / 'db' / (name + '.sqlite')
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as database:
        database.execute('PRAGMA journal_mode=WAL')


def forget(settings, names):
    """Delete SQLite databases, and all that belongs to them.

    :param settings: Settings
    :param names: names of the databases
    """
    for name in names:
        for path in (settings.state / 'db').glob(name + '.*'):
            path.unlink()


def launch(settings, group, service, module, **env):
    """Start a service's WSGI application in a process of its own.

    :param settings: Settings
    :param group: process.Group
    :param service: its name
    :param module: the module whose ``application`` is to be served
    :param env: environment variables that tell it its configuration
    :returns: process.Child
    """
    return group.start(
        service,
        [settings.tool('python'), settings.inside('serve.py'), module,
         ports.HOST, settings.ports[service]],
        settings.log(service), commands.environment(**env))


def wait(settings, service, child, timeout=START_TIMEOUT):
    """Wait until a service answers.

    :param settings: Settings
    :param service: its name
    :param child: its process
    :param timeout: seconds
    :raises: Failure when it ends or does not answer in time
    """
    def answers():
        try:
            answer = requests.get(settings.url(service, '/'), timeout=5)
        except requests.RequestException:
            return False
        # Lists of versions come with 200 or 300.
        return answer.status_code in (200, 300)

    waiting.wait_for(
        '%s to answer at %s' % (service, settings.url(service)), answers,
        timeout, interval=0.1, check=child.check,
        detail=lambda: 'The last lines of %s:\n%s' % (child.log,
                                                      child.tail()))
