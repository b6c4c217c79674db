# SPDX-License-Identifier: Apache-2.0
"""Upgrades a database with USB devices in it through releases of Nova.

As operators do it, with the services stopped: each release's own
`nova-manage` on the database of the one before, from the first that is
named to the last. After each step the devices, what they are granted to and
attached to, and the server must be what they were.
"""

import contextlib
import json
import shutil

from toolbox import commands
import tools
from tools import databases
from tools import environment
from tools import results

#: From the first to the last, as far apart as Nova's own migrations allow.
PATH = ('22.4.0', '27.5.1', '34.0.0')
#: Runs in the environment of a release.
INSIDE = tools.ROOT / 'tools' / 'upgrade_inside.py'
#: What `nova-manage db archive_deleted_rows` and `purge` may end with: that
#: there was something to do, and that there was not.
DID_OR_NOT = (0, 1, 3)


class Mismatch(Exception):
    """Something is not as it has to be; the text says what."""


def expect(found, wanted, what):
    """:raises Mismatch: unless both are the same"""
    if found != wanted:
        raise Mismatch(f'{what}: {found!r}, not {wanted!r}')


class Release:
    """One release at work on the databases.

    :param env: an environment.Environment, grafted
    :param folder: where nova.conf is
    """

    def __init__(self, env, folder):
        self.env = env
        self.folder = folder

    def run(self, program, *arguments, allowed=(0,), config='nova.conf'):
        """Run one of Nova's programs.

        :returns: what it printed
        :raises Mismatch: when it ends with a status that is not allowed
        """
        main = f'from nova.cmd import {program} as m; import sys; ' \
               'sys.exit(m.main())'
        return self._python(
            ['-c', main, '--config-file', self.folder / config, *arguments],
            allowed)

    def inside(self, *arguments):
        """Run a part of upgrade_inside.py.

        :returns: the object that it printed as its last line
        """
        output = self._python(
            [INSIDE, self.folder / 'nova.conf', *arguments], (0,))
        return json.loads(output.splitlines()[-1])

    def _python(self, arguments, allowed):
        # The tree stands before the plain Nova that is installed.
        code, output = commands.run_and_read(
            [self.env.python, *arguments], cwd=self.env.tree,
            env=commands.environment(PYTHONPATH=str(self.env.tree),
                                    LC_ALL='C.UTF-8'))
        if code not in allowed or 'Traceback' in output:
            raise Mismatch(f'{arguments} ended with status {code}')
        return output

    def sync(self):
        """Both databases and cell0, and again, when nothing may change."""
        self.run('manage', 'api_db', 'sync')
        self.run('manage', 'db', 'sync')
        before = self.inside('schema')
        self.run('manage', 'db', 'sync')
        expect(self.inside('schema'), before, 'the schema after a second sync')
        self.run('manage', 'db', 'online_data_migrations', allowed=(0, 1))


def configure(folder, server):
    """Write nova.conf, and cell0.conf whose cell is cell0."""
    for name, cell in (('nova.conf', 'main'), ('cell0.conf', 'cell0')):
        (folder / name).write_text(
            f'[DEFAULT]\ntransport_url = fake:/\nstate_path = {folder}\n'
            f'[database]\nconnection = {server.url(cell)}\n'
            f'[api_database]\nconnection = {server.url("api")}\n')


def first(release, server):
    """Make the databases with the first release, and put devices in.

    :returns: what is in them
    """
    # cell0 alone, before it is one of the cells.
    release.run('manage', 'api_db', 'sync')
    release.run('manage', 'db', 'sync', '--local_cell', config='cell0.conf')
    release.run('manage', 'cell_v2', 'map_cell0', '--database_connection',
                server.url('cell0'))
    release.sync()
    release.run('manage', 'cell_v2', 'create_cell', '--name', 'cell1')
    return release.inside('seed')


def follow(release, server):
    """Bring the databases of an older release up to date."""
    if not server.upgrades_api:
        server.forget('api')
        release.run('manage', 'api_db', 'sync')
        release.run('manage', 'cell_v2', 'map_cell0',
                    '--database_connection', server.url('cell0'))
        release.run('manage', 'cell_v2', 'create_cell', '--name', 'cell1')
    release.sync()


def maintain(release):
    """What operators run from time to time, on a database with devices."""
    release.run('manage', 'db', 'version')
    # Without Placement and services it has something to say; it must say it.
    release.run('status', 'upgrade', 'check', allowed=(0, 1, 2))
    release.run('manage', 'db', 'archive_deleted_rows',
                allowed=DID_OR_NOT)
    release.run('manage', 'db', 'purge', '--all', allowed=DID_OR_NOT)


def check(release, wanted):
    """Whether the devices and the server are what they were."""
    found = release.inside('read')
    expect(len(found['devices']), 3, 'number of devices')
    expect(found, wanted, 'devices and server')


def step(statuses, name, function, *arguments):
    """Do one part, and write down how it ended.

    :returns: what the function returned
    :raises Mismatch: when it failed
    """
    statuses[name] = 'failed'
    outcome = function(*arguments)
    statuses[name] = 'passed'
    return outcome


def through(server, releases, folder):
    """Take one kind of database through all releases.

    :returns: results.Results
    """
    statuses = {}
    wanted = None
    try:
        for release in releases:
            name = f'upgrade.{server.name}.{release.env.base}.'
            if wanted is None:
                configure(folder, server)
                wanted = step(statuses, name + 'made', first, release, server)
            else:
                step(statuses, name + 'sync', follow, release, server)
            step(statuses, name + 'devices', check, release, wanted)
            step(statuses, name + 'archive_and_purge', maintain, release)
            step(statuses, name + 'devices_again', check, release, wanted)
    except Mismatch as reason:
        print(f'FAILED {server.name}: {reason}', flush=True)
    return results.Results.from_statuses(statuses)


def run(path=PATH):
    """:returns: results.Results of the upgrade on each kind of database"""
    with contextlib.ExitStack() as stack:
        environments = [environment.Environment(base) for base in path]
        for env in environments:
            stack.enter_context(env.locked())
            env.prepare()
            env.graft()
        return run_in(environments)


def run_in(environments):
    """The same in environments that nothing else uses meanwhile."""
    total = results.Results()
    for kind in databases.KINDS:
        folder = tools.STATE / 'upgrade' / kind.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if not kind.is_installed():
            print(f'{kind.name}: not installed here, left out')
            total.add(results.Results.from_statuses(
                {f'upgrade.{kind.name}': 'skipped'}))
            continue
        server = kind(folder)
        with server.running():
            total.add(through(
                server, [Release(env, folder) for env in environments],
                folder))
    names = ' -> '.join(env.base for env in environments)
    print(f'upgrade {names}: {total.summary()}', flush=True)
    return total
