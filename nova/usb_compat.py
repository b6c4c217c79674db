# SPDX-License-Identifier: Apache-2.0
"""Every difference between Nova's releases that USB passthrough meets.

Nothing else in the fork asks which release it is on.  Each name says which
releases need it, so that it can go when they do.
"""

import contextlib
import time

import sqlalchemy as sa

from nova.objects import base

# The models come first: importing the API imports our hooks, and those need
# the models from here.
try:
    # 24.0.0 and later
    from nova.db.main import models  # noqa: H306
    from nova.db.main import api as db_api  # noqa: H306
except ImportError:
    # 22.x and 23.x
    from nova.db.sqlalchemy import models  # noqa: H306
    from nova.db.sqlalchemy import api as db_api  # noqa: H306

__all__ = ['case', 'db_api', 'default_machine_type', 'device_removal',
           'models', 'remotable_classmethod', 'response_body_schema',
           'usb_model', 'validated']


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


def usb_model(flavor, image_meta):
    """The model of USB controller that flavor or image ask for.

    34.0.0 reads both.  Older releases know of no such request; a flavor's
    extra spec can be there nevertheless.

    :returns: str, None where they say nothing
    """
    from nova.virt import hardware
    get = getattr(hardware, 'get_usb_model', None)
    if get is not None:
        return get(flavor, image_meta)
    return (flavor.extra_specs or {}).get('hw:usb_model')


def default_machine_type(driver):
    """What a guest is where Nova does not say: libvirt's own choice.

    Nova says it for all architectures that it knows since 24.0.0; before,
    not on x86.

    :param driver: upstream's LibvirtDriver
    """
    from nova.objects import fields
    x86 = (fields.Architecture.I686, fields.Architecture.X86_64)
    architecture = driver._host.get_capabilities().host.cpu.arch
    return 'pc' if architecture in x86 else None


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
