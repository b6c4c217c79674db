# SPDX-License-Identifier: Apache-2.0
"""Run the lab, in the virtual environment that is made for it."""

import signal
import sys
import time

from cloud import sdk
from lab import __main__ as bare
from lab import load
from lab import process
from lab import state
from lab import test
from lab import world
from toolbox import console
from toolbox import errors
from toolbox import locks

SHELL = """
The lab is up; Ctrl-C ends it.  A shell in the emulated host (leave it with
Ctrl-]):

    socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:%(state)s/shell.sock

The cloud, as its administrator (or member, reader):

    export OS_CLIENT_CONFIG_FILE=%(state)s/clouds.yaml OS_CLOUD=admin
    %(venv)s/bin/openstack compute service list

Logs: %(state)s/log; the emulated host's console: %(state)s/console.log
"""


def stay(lab):
    """Wait for Ctrl-C."""
    print(SHELL % {'state': lab.state, 'venv': lab.venv}, flush=True)
    while True:
        lab.host.check()
        lab.outside.check()
        time.sleep(1)


def run(options):
    """Do what the command line says.

    :returns: exit status
    """
    began = time.monotonic()
    process.allow_files()
    for path in state.remove_orphans():
        console.say('Deleted %s, whose lab was killed' % path)
    with locks.hold(options.cache / 'lock', bare.IN_USE % options.cache), \
            world.World(options.venv, options.cache, options.image,
                        options.nova_venv) as lab:
        reason = load.busy()
        if reason:
            console.say('This machine is busy: %s. All takes longer, and how '
                        'fast something is cannot be judged.' % reason)
        lab.start()
        up = time.monotonic() - began
        if options.stay:
            stay(lab)
        results = test.run(lab, console.say, options.steps)
        if not test.passed(results):
            lab.show_logs()
    print(test.table(results))
    print('Up after %.0f s, %.0f s in all.' % (up, time.monotonic() - began))
    print(test.summary(results))
    return 0 if test.passed(results) else 1


def main():
    """:returns: exit status"""
    signal.signal(signal.SIGTERM, bare.interrupt)
    try:
        return run(bare.parser().parse_args())
    except (errors.Failure, *sdk.ERRORS) as exc:
        print('lab: %s' % exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('lab: ended', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
