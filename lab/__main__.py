# SPDX-License-Identifier: Apache-2.0
"""The command line: python -m lab.

This module and all that it imports need nothing but Python: it installs
packages, makes the virtual environments and goes into one of them, where
:mod:`lab.run` takes this process's place.
"""

import argparse
import os
import pathlib
import signal
import sys

from lab import environment
from lab import packages
from toolbox import commands
from toolbox import console
from toolbox import errors
from toolbox import locks

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
IN_USE = ('Another lab uses %s: wait for its end or give --cache DIR.')


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
    # What python -m lab hands to lab.run.
    made.add_argument('--nova-venv', type=pathlib.Path,
                      help=argparse.SUPPRESS)
    made.add_argument('--image', type=pathlib.Path, help=argparse.SUPPRESS)
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


def environments(options):
    """The virtual environments, up to date.

    :returns: (of the services, of Nova, image of the latter or None)
    """
    if options.venv is not None:
        return options.venv.absolute(), options.venv.absolute(), None
    home = options.cache
    services = nova = environment.ensure(CHECKOUT, home, console.say)
    if options.base != environment.DEFAULT_BASE:
        home = home / options.base
        nova = environment.ensure_base(CHECKOUT, home, options.base,
                                       console.say)
    return services, nova, environment.image(home, console.say)


def prepare(options):
    """Install what is missing, make the environments.

    :returns: the command that runs the lab
    """
    packages.ensure(console.say)
    options.cache = options.cache.resolve()
    options.cache.mkdir(parents=True, exist_ok=True)
    with locks.hold(options.cache / 'lock', IN_USE % options.cache):
        venv, nova_venv, image = environments(options)
    command = [venv / 'bin' / 'python', '-m', 'lab.run',
               '--venv', venv, '--nova-venv', nova_venv,
               '--cache', options.cache]
    if image is not None:
        command += ['--image', image]
    if options.stay:
        command.append('--stay')
    if options.steps:
        command += ['--steps', *options.steps]
    return [str(word) for word in command]


def interrupt(*unused):
    """SIGTERM ends the lab as Ctrl-C does."""
    raise KeyboardInterrupt


def main():
    """:returns: exit status, if it returns"""
    options = parser().parse_args()
    if options.missing:
        return missing()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        command = prepare(options)
        os.chdir(CHECKOUT)
        os.execve(command[0], command, commands.environment())
    except errors.Failure as exc:
        print('lab: %s' % exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('lab: ended', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
