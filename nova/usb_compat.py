# SPDX-License-Identifier: Apache-2.0
"""Every difference between Nova's releases that USB passthrough meets.

Nothing else in the fork asks which release it is on.  Each name says which
releases need it, so that it can go when they do.
"""

import contextlib
import time

import sqlalchemy as sa

from nova import exception
from nova.objects import base

# The models come first: importing the API imports our hooks, and those need
# the models from here.
try:
    # 27.0.0 and later
    from nova.db.main import models  # noqa: H306
    from nova.db.main import api as db_api  # noqa: H306
except ImportError:
    # 22.x
    from nova.db.sqlalchemy import models  # noqa: H306
    from nova.db.sqlalchemy import api as db_api  # noqa: H306

__all__ = ['add_to_allocation', 'case', 'db_api', 'device_removal', 'models',
           'remotable_classmethod', 'remove_from_allocation',
           'response_body_schema', 'validated']

#: How often a change of an allocation is tried where we do it ourselves.
_ALLOCATION_ATTEMPTS = 4


def remotable_classmethod(func):
    """A class method that runs on the conductor.

    34.0.0 spells it as two decorators and has no single one any more.
    """
    old = getattr(base, 'remotable_classmethod', None)
    if old is not None:
        return old(func)
    return classmethod(base.remotable(func))


def case(*whens, **kwargs):
    """SQL's CASE.  SQLAlchemy 1.3, which 22.x needs, wants a list.

    :param whens: pairs of condition and value
    :param kwargs: ``else_``
    """
    if sa.__version__.startswith('1.3.'):
        return sa.case(list(whens), **kwargs)
    return sa.case(*whens, **kwargs)


def add_to_allocation(client, context, consumer, provider, amounts):
    """Add to what a consumer has of one resource provider in Placement.

    :param client: upstream's SchedulerReportClient
    :param amounts: dict of resource class to the amount to add
    :raises: AllocationUpdateFailed when Placement refuses it, or other
        changes kept coming between
    """
    add = getattr(client, 'add_resources_to_instance_allocation', None)
    if add is not None:
        add(context, consumer, {provider: {'resources': amounts}})
        return
    # 22.x has nothing that adds.
    for _attempt in range(_ALLOCATION_ATTEMPTS):
        allocations = client.get_allocs_for_consumer(context, consumer)
        held = allocations['allocations'].setdefault(
            provider, {'resources': {}})['resources']
        for resource_class, amount in amounts.items():
            held[resource_class] = held.get(resource_class, 0) + amount
        answer = client._put_allocations(context, consumer, allocations)
        if answer.status_code == 204:
            return
        error = answer.json()['errors'][0]
        if error.get('code') != 'placement.concurrent_update':
            break
    raise exception.AllocationUpdateFailed(
        consumer_uuid=consumer, error=error['detail'])


def remove_from_allocation(client, context, consumer, provider, amounts):
    """Take from what a consumer has of one resource provider.

    :param client: upstream's SchedulerReportClient
    :param amounts: dict of resource class to the amount to take
    :raises: AllocationUpdateFailed when it has less, or Placement refuses it
    """
    if hasattr(client, 'add_resources_to_instance_allocation'):
        amounts = {'resources': amounts}
    # 22.x has the amounts without the key between.
    client.remove_resources_from_instance_allocation(
        context, consumer, {provider: amounts})


class _Removal:
    """One awaited removal; see device_removal()."""

    def __init__(self, handler, waiter, failure):
        self._handler = handler
        self._waiter = waiter
        self._failure = failure

    def wait(self, seconds, is_gone):
        """Wait for libvirt's event, at most so long.

        :param is_gone: callable that tells whether the domain is without it
        :returns: whether libvirt says that the device stays
        """
        waiter, self._waiter = self._waiter, None
        event = self._handler.wait(waiter, timeout=seconds)
        return isinstance(event, self._failure)

    def close(self):
        if self._waiter is not None:
            self._handler.delete_waiter(self._waiter)


class _NoEvents:
    """The same for 22.x, which does not listen to these events."""

    def wait(self, seconds, is_gone):
        end = time.monotonic() + seconds
        while not is_gone() and time.monotonic() < end:
            time.sleep(0.2)
        return False


@contextlib.contextmanager
def device_removal(driver, instance_uuid, alias):
    """Listen to libvirt while a device is detached (26.0.0 and later).

    To be entered before libvirt is asked, or its event may be missed.

    :param driver: upstream's LibvirtDriver
    :param alias: the device's alias in the live domain
    :returns: context manager; its value has ``wait(seconds, is_gone)``
    """
    handler = getattr(driver, '_device_event_handler', None)
    if handler is None:
        yield _NoEvents()
        return
    from nova.virt.libvirt import event as libvirtevent
    failure = libvirtevent.DeviceRemovalFailedEvent
    removal = _Removal(
        handler, handler.create_waiter(
            instance_uuid, alias, {libvirtevent.DeviceRemovedEvent, failure}),
        failure)
    try:
        yield removal
    finally:
        removal.close()


def _validation(name):
    # Not at the top: this module serves the lower layers too, and those
    # must not pull in the API.
    from nova.api import validation
    return getattr(validation, name, None)


def response_body_schema(schema):
    """Check a controller's answer, where Nova can (31.0.0 and later)."""
    decorate = _validation('response_body_schema')
    return decorate(schema) if decorate else lambda method: method


def validated(controller):
    """Mark a controller whose schemas are complete (33.0.0 and later)."""
    decorate = _validation('validated')
    return decorate(controller) if decorate else controller
