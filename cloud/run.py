# SPDX-License-Identifier: Apache-2.0
"""Run the cloud, or check one; in the virtual environment that is made."""

import contextlib
import pathlib
import shutil
import signal
import sys
import tempfile
import time

from cloud import __main__ as bare
from cloud import check
from cloud import guide
from cloud import hypervisor
from cloud import launch
from cloud import options as options_module
from cloud import ports
from cloud import settings as settings_module
from cloud import venv
from toolbox import console
from toolbox import errors
from toolbox import locks
from toolbox import process

CHECKOUT = options_module.CHECKOUT
VENV_CHANGES = ('Another ./run.sh installs into the virtual environment. Try '
                'again when it is done.')


@contextlib.contextmanager
def up(options, folder, group):
    """Start a cloud whose state is in a folder.

    :returns: context manager that gives its Settings
    """
    memory = folder / 'first-port'
    last = int(memory.read_text()) if memory.exists() else None
    chosen = ports.choose(options.port, last)
    memory.write_text(str(chosen[ports.SERVICES[0]]))
    path = options.state / 'venv'
    settings = settings_module.Settings(
        checkout=CHECKOUT, state=folder, venv=path, ports=chosen,
        passwords=settings_module.passwords(folder / 'passwords.json'),
        libvirt=options.libvirt, virt_type=hypervisor.virt_type(),
        hosts=options.hosts)
    installed = venv.wanted(CHECKOUT, path)[1]
    with locks.hold(options.state / 'venv.lock', VENV_CHANGES, shared=True):
        if settings.libvirt:
            hypervisor.connect(settings, group)
        launch.launch(settings, group, installed, console.say)
        yield settings


def serve(options, group):
    """Run a cloud until Ctrl-C or until a part of it ends."""
    folder = options.folder
    folder.mkdir(mode=0o700, exist_ok=True)
    began = time.monotonic()
    with (locks.hold(folder.with_name(folder.name + '.lock'),
                     bare.IN_USE % folder),
          up(options, folder, group) as settings):
        print(guide.text(settings, time.monotonic() - began), flush=True)
        while True:
            group.check()
            time.sleep(0.5)


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
        hypervisor.forget(CHECKOUT, options.state / 'venv', folder,
                          console.say)
        if good or not (folder / 'log').exists():
            shutil.rmtree(folder)
        else:
            console.say('What the cloud wrote is in %s' % folder)
    return 0 if good else 1


def main():
    """Do what the command line says.

    :returns: exit status
    """
    options = options_module.parse()
    signal.signal(signal.SIGTERM, bare.interrupt)
    try:
        with process.Group() as group:
            if options.check:
                return run_check(options, group)
            return serve(options, group)
    except errors.Failure as error:
        print('run.sh: %s' % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        console.say('Ended')
        return 130


if __name__ == '__main__':
    sys.exit(main())
