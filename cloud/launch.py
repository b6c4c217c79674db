# SPDX-License-Identifier: Apache-2.0
"""Bring a whole cloud up: configure, prepare, start, seed, wait."""

from concurrent import futures

from cloud import glance
from cloud import identity
from cloud import keystone
from cloud import neutron
from cloud import nova
from cloud import placement
from cloud import seed
from cloud import service
from cloud import settings as settings_module
from toolbox import stamp

SERVICES = {
    'keystone': keystone,
    'placement': placement,
    'glance': glance,
    'neutron': neutron,
    'nova': nova,
}


def launch(settings, group, installed, say):
    """Start everything and wait until it is healthy.

    :param settings: Settings
    :param group: process.Group
    :param installed: str that changes with what the virtual environment
        holds
    :param say: called with a line for the user
    :raises: CloudError when something fails
    """
    for module in SERVICES.values():
        module.configure(settings)
    settings_module.write_clouds(settings)
    _prepare(settings, group, installed, say)
    _start(settings, group, say)
    _once(settings, 'cloud', [seed.FLAVORS], seed.seed, settings)
    seed.wait(settings)


def _prepare(settings, group, installed, say):
    """Make the databases, of all services at a time."""
    parts = [installed, settings.ports['keystone']]
    wanted = {name: module for name, module in SERVICES.items()
              if not stamp.is_done(settings.state / 'stamps' / name,
                                   stamp.checksum(*parts))}
    if not wanted:
        return
    say('Making the databases of ' + ', '.join(wanted))
    for name, module in wanted.items():
        if not (settings.state / 'stamps' / name).exists():
            # Never finished: an interrupted migration leaves tables of
            # which the next one knows nothing, and no one's data.
            service.forget(settings, module.DATABASES)
    with futures.ThreadPoolExecutor() as pool:
        waiting = {name: pool.submit(module.prepare, settings, group)
                   for name, module in wanted.items()}
        try:
            for name, future in waiting.items():
                future.result()
                stamp.done(settings.state / 'stamps' / name,
                           stamp.checksum(*parts))
        except BaseException:
            # Ends the commands that the pool's threads wait for.
            group.stop()
            raise


def _start(settings, group, say):
    """Start the services; Nova last, which asks the others as it starts."""
    others = [name for name in SERVICES if name != 'nova']
    say('Starting ' + ', '.join(others))
    children = {name: SERVICES[name].launch(settings, group)
                for name in others}
    service.wait(settings, 'keystone', children.pop('keystone'))
    # With Keystone's catalogue they find each other.
    _once(settings, 'identity', [settings.ports], identity.seed, settings)
    for name, child in children.items():
        service.wait(settings, name, child)
    say('Starting nova')
    child = nova.launch(settings, group)
    metadata = nova.launch_metadata(settings, group)
    service.wait(settings, 'nova', child)
    service.wait(settings, 'metadata', metadata)


def _once(settings, name, parts, step, *arguments):
    """Do a step unless it was done with the same parts."""
    mark = settings.state / 'stamps' / (name + '-seed')
    wanted = stamp.checksum(*parts)
    if not stamp.is_done(mark, wanted):
        step(*arguments)
        stamp.done(mark, wanted)
