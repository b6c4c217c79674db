# SPDX-License-Identifier: Apache-2.0
"""The command line: python -m lab."""

import argparse
import fcntl
import os
import pathlib
import signal
import sys
import time

from cloud import errors as cloud_errors
from lab import environment
from lab import errors
from lab import packages
from lab import process
from lab import state
from lab import test
from lab import world

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
SHELL = """
The lab is up; Ctrl-C ends it.  A shell in the emulated host (leave it with
Ctrl-]):

    socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:%(state)s/shell.sock

The cloud, as its administrator (or member, reader):

    export OS_CLIENT_CONFIG_FILE=%(state)s/clouds.yaml OS_CLOUD=admin
    %(venv)s/bin/openstack compute service list

Logs: %(state)s/log; the emulated host's console: %(state)s/console.log
"""


def parser():
    """The options, as an ArgumentParser."""
    made = argparse.ArgumentParser(
        prog='python -m lab',
        description='Boot a compute host with emulated USB hardware, a '
                    'whole cloud around it, and test USB passthrough as a '
                    'user would. Needs root on Debian 12; no KVM, no USB.')
    made.add_argument(
        '--steps', metavar='N', type=int, nargs='+',
        help='only these steps; all but 1 and 4 need the server of 2')
    made.add_argument(
        '--stay', action='store_true',
        help='run no step; say how to get a shell in the emulated host, and '
             'stay up until Ctrl-C')
    made.add_argument(
        '--missing', action='store_true',
        help='say what this machine lacks, install nothing, end')
    made.add_argument(
        '--cache', metavar='DIR', type=pathlib.Path,
        default=CHECKOUT / 'lab' / 'cache',
        help='what outlives the lab: the kernel, the virtual environment; '
             'default: lab/cache in the checkout')
    chosen = made.add_mutually_exclusive_group()
    chosen.add_argument(
        '--base', metavar='RELEASE', default=environment.DEFAULT_BASE,
        help='the release of Nova that the fork is on; the other services '
             'stay the same; default: %(default)s')
    chosen.add_argument(
        '--venv', metavar='DIR', type=pathlib.Path,
        help='a virtual environment with the fork, the services, PyMySQL '
             'and libvirt-python to be used as it is; default: one in the '
             'cache, made and kept up to date')
    return made


def missing():
    """Print what the lab would stumble over.

    :returns: exit status
    """
    found = packages.obstacles(os.geteuid(), os.uname().machine)
    lacks = packages.missing()
    if lacks:
        found.append('Packages that are not installed: %s.'
                     % ' '.join(lacks))
    print('\n'.join(found or ['Nothing is missing.']))
    return 1 if found else 0


def stay(lab):
    """Wait for Ctrl-C."""
    print(SHELL % {'state': lab.state, 'venv': lab.venv}, flush=True)
    while True:
        lab.host.check()
        lab.outside.check()
        time.sleep(1)


def environments(options):
    """The virtual environments, up to date.

    :returns: (of the services, of Nova, image of the latter or None)
    """
    if options.venv is not None:
        return options.venv.absolute(), options.venv.absolute(), None
    home = options.cache
    services = nova = environment.ensure(CHECKOUT, home, world.say)
    if options.base != environment.DEFAULT_BASE:
        home = home / options.base
        nova = environment.ensure_base(CHECKOUT, home, options.base,
                                       world.say)
    return services, nova, environment.image(home, world.say)


def run(options):
    """Do what the command line says.

    :returns: exit status
    """
    began = time.monotonic()
    packages.ensure(world.say)
    process.allow_files()
    for path in state.remove_orphans():
        world.say('Deleted %s, whose lab was killed' % path)
    options.cache = options.cache.resolve()
    options.cache.mkdir(parents=True, exist_ok=True)
    with open(options.cache / 'lock', 'a') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.LabError('Another lab uses %s: wait for its end or '
                                  'give --cache DIR.' % options.cache)
        venv, nova_venv, image = environments(options)
        with world.World(venv, options.cache, image, nova_venv) as lab:
            lab.start()
            up = time.monotonic() - began
            if options.stay:
                stay(lab)
            results = test.run(lab, world.say, options.steps)
            if not test.passed(results):
                lab.show_logs()
    print(test.table(results))
    print('Up after %.0f s, %.0f s in all.' % (up, time.monotonic() - began))
    print(test.summary(results))
    return 0 if test.passed(results) else 1


def interrupt(*unused):
    """SIGTERM ends the lab as Ctrl-C does."""
    raise KeyboardInterrupt


def main():
    """:returns: exit status"""
    options = parser().parse_args()
    if options.missing:
        return missing()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return run(options)
    except (errors.LabError, cloud_errors.CloudError) as exc:
        print('lab: %s' % exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('lab: ended', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
