# SPDX-License-Identifier: Apache-2.0
"""The command line of ./run.sh: make the virtual environment, go into it.

This module and all that it imports need nothing but Python; the rest is
:mod:`cloud.run`, which runs in that environment in this process's place.
"""

import os
import shutil
import signal
import sys

from cloud import hypervisor
from cloud import options as options_module
from cloud import venv
from toolbox import commands
from toolbox import console
from toolbox import errors
from toolbox import locks
from toolbox import process

CHECKOUT = options_module.CHECKOUT
IN_USE = ('Another ./run.sh runs the cloud in %s. End that one, or give this '
          'one a folder of its own: --folder DIR.')
VENV_IN_USE = ('The virtual environment %s has to change, since this '
               'checkout has, but a running cloud uses it. End that '
               './run.sh first.')


def reset(options):
    """Delete what a cloud has stored."""
    state = options.state
    folder = options.folder
    with locks.hold(folder.with_name(folder.name + '.lock'), IN_USE % folder):
        hypervisor.forget(CHECKOUT, state / 'venv', folder, console.say)
        shutil.rmtree(folder, ignore_errors=True)
    if options.all:
        with locks.hold(state / 'venv.lock', IN_USE % state):
            shutil.rmtree(state / 'venv', ignore_errors=True)
    console.say('Deleted what the cloud stored in %s' % folder)
    return 0


def install(options):
    """Bring the virtual environment up to date, unless it is.

    :returns: its Python
    """
    path = options.state / 'venv'
    if not venv.is_current(CHECKOUT, path, options.libvirt):
        with locks.hold(options.state / 'venv.lock', VENV_IN_USE % path), \
                process.Group() as group:
            venv.ensure(CHECKOUT, path, group, console.say,
                               options.libvirt)
    return path / 'bin' / 'python'


def interrupt(*unused):
    """SIGTERM ends the cloud as Ctrl-C does."""
    raise KeyboardInterrupt


def main():
    """Do what the command line says.

    :returns: exit status, if it returns
    """
    options = options_module.parse()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if options.reset:
            return reset(options)
        hypervisor.check(options.libvirt)
        python = install(options)
        os.execve(python, [str(python), '-m', 'cloud.run', *sys.argv[1:]],
                  commands.environment())
    except errors.Failure as error:
        print('run.sh: %s' % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        console.say('Ended')
        return 130


if __name__ == '__main__':
    sys.exit(main())
