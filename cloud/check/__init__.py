# SPDX-License-Identifier: Apache-2.0
"""./run.sh --check: the main job, done as its users do it.

Every request carries a token from Keystone and goes over HTTP.  Each step
says what it saw; the first answer that is not as it should be ends the
check.
"""

import time

from cloud.check import client
from cloud.check import devices
from cloud.check import plug
from cloud.check import scene as scene_module
from cloud.check import servers
from cloud import sdk
from toolbox import errors


def steps(settings):
    """:returns: the functions to call, in this order"""
    simulated = [] if settings.libvirt else [
        servers.resize, servers.network, plug.plug]
    return (*devices.STEPS, *simulated, servers.metadata, client.command_line)


def run(settings):
    """Do all steps and print what each saw.

    :param settings: Settings of a cloud that is up
    :returns: whether all was right
    """
    scene = scene_module.Scene(settings)
    chosen = steps(settings)
    for step in chosen:
        began = time.monotonic()
        try:
            text = step(scene)
        except (errors.Failure, *sdk.ERRORS) as error:
            print('WRONG %5.1f s  %s' % (time.monotonic() - began, error),
                  flush=True)
            return False
        print('OK    %5.1f s  %s' % (time.monotonic() - began, text),
              flush=True)
    print('All %d steps are right.' % len(chosen))
    return True
