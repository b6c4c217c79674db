# SPDX-License-Identifier: Apache-2.0
"""The command line of ./run.sh."""

import argparse
import contextlib
import pathlib
import shutil
import signal
import sys
import tempfile
import time

from cloud import check
from cloud import errors
from cloud import guide
from cloud import hypervisor
from cloud import launch
from cloud import locks
from cloud import ports
from cloud import process
from cloud import settings as settings_module
from cloud import venv

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
IN_USE = ('Another ./run.sh runs the cloud in %s. End that one, or give this '
          'one a folder of its own: --state DIR.')
VENV_IN_USE = ('The virtual environment %s has to change, since this '
               'checkout has, but a running cloud uses it. End that '
               './run.sh first.')
VENV_CHANGES = ('Another ./run.sh installs into the virtual environment. Try '
                'again when it is done.')


def parser():
    """The options, as an ArgumentParser."""
    made = argparse.ArgumentParser(
        prog='./run.sh',
        description='A whole small cloud on this machine: Keystone, '
                    'Placement, Glance, Neutron and Nova with USB '
                    'passthrough. Needs no root; listens on loopback only. '
                    'Ctrl-C ends it.')
    made.add_argument(
        '--check', action='store_true',
        help='start a cloud of its own, do the main job with it as a user '
             'would, say what came out, end; exit status 1 if anything is '
             'not as it should be')
    made.add_argument(
        '--libvirt', action='store_true',
        help="use this machine's libvirt and its real USB devices; without "
             "it the hypervisor (Nova's fake driver) and the devices are "
             'simulated')
    made.add_argument(
        '--port', type=int, metavar='N',
        help='the first of %d ports in a row; default: the first free ones '
             'from %d on' % (len(ports.SERVICES), ports.DEFAULT))
    made.add_argument(
        '--state', type=pathlib.Path, default=CHECKOUT / '.cloud',
        metavar='DIR',
        help='where everything is kept; default: .cloud in the checkout')
    made.add_argument(
        '--reset', action='store_true',
        help='delete all that the cloud has stored, and end; with --all '
             'the virtual environment as well')
    made.add_argument('--all', action='store_true', help=argparse.SUPPRESS)
    return made


def say(line):
    """Tell the user what begins."""
    print('%s  %s' % (time.strftime('%H:%M:%S'), line), flush=True)


def reset(options):
    """Delete what a cloud has stored."""
    state = options.state
    with locks.hold(state / 'state.lock', IN_USE % state):
        hypervisor.forget(CHECKOUT, state / 'venv', state / 'state', say)
        shutil.rmtree(state / 'state', ignore_errors=True)
    if options.all:
        with locks.hold(state / 'venv.lock', IN_USE % state):
            shutil.rmtree(state / 'venv', ignore_errors=True)
    say('Deleted what the cloud stored in %s' % state)
    return 0


def install(options, group):
    """Bring the virtual environment up to date, unless it is.

    :returns: str that changes with what the environment holds
    """
    path = options.state / 'venv'
    if not venv.is_current(CHECKOUT, path, options.libvirt):
        with locks.hold(options.state / 'venv.lock', VENV_IN_USE % path):
            venv.ensure(CHECKOUT, path, group, say, options.libvirt)
    return venv.wanted(CHECKOUT, path)[1]


@contextlib.contextmanager
def up(options, folder, group):
    """Start a cloud whose state is in a folder.

    :returns: context manager that gives its Settings
    """
    memory = folder / 'first-port'
    last = int(memory.read_text()) if memory.exists() else None
    chosen = ports.choose(options.port, last)
    memory.write_text(str(chosen[ports.SERVICES[0]]))
    settings = settings_module.Settings(
        checkout=CHECKOUT, state=folder, venv=options.state / 'venv',
        ports=chosen,
        passwords=settings_module.passwords(folder / 'passwords.json'),
        libvirt=options.libvirt, virt_type=hypervisor.virt_type())
    installed = install(options, group)
    with locks.hold(options.state / 'venv.lock', VENV_CHANGES, shared=True):
        if settings.libvirt:
            hypervisor.connect(settings, group)
        launch.launch(settings, group, installed, say)
        yield settings


def serve(options, group):
    """Run a cloud until Ctrl-C or until a part of it ends."""
    folder = options.state / 'state'
    folder.mkdir(mode=0o700, exist_ok=True)
    began = time.monotonic()
    with (locks.hold(options.state / 'state.lock', IN_USE % options.state),
          up(options, folder, group) as settings):
        print(guide.text(settings, time.monotonic() - began), flush=True)
        while group.ended() is None:
            time.sleep(0.5)
        child = group.ended()
        raise errors.CloudError(
            '%s ended with status %d. The last lines of %s:\n%s' % (
                child.name, child.status, child.log, child.tail()))


def run_check(options, group):
    """Check a new cloud; keeps its logs only when something is wrong.

    :returns: exit status
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix='check-',
                                           dir=options.state))
    good = False
    try:
        with up(options, folder, group) as settings:
            good = check.run(settings)
    finally:
        group.stop()
        hypervisor.forget(CHECKOUT, options.state / 'venv', folder, say)
        if good or not (folder / 'log').exists():
            shutil.rmtree(folder)
        else:
            say('What the cloud wrote is in %s' % folder)
    return 0 if good else 1


def interrupt(*unused):
    """SIGTERM ends the cloud as Ctrl-C does."""
    raise KeyboardInterrupt


def main():
    """Do what the command line says.

    :returns: exit status
    """
    options = parser().parse_args()
    options.state = options.state.resolve()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if options.reset:
            return reset(options)
        hypervisor.check(options.libvirt)
        with process.Group() as group:
            if options.check:
                return run_check(options, group)
            return serve(options, group)
    except errors.CloudError as error:
        print('run.sh: %s' % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say('Ended')
        return 130


if __name__ == '__main__':
    sys.exit(main())
