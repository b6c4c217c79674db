# SPDX-License-Identifier: Apache-2.0
"""The decorators that upstream's compute manager calls us through.

Each is put on one method by a seam (``graft/seams.py``).  They are made
with wrapt, which keeps the signatures and closures that upstream's own
decorators look into.
"""

import functools
import sys

from oslo_log import log as logging
from oslo_service import periodic_task
import wrapt

import nova.conf
from nova import context as nova_context
from nova.usb import exception as usb_exception

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

REPORT_TASK = 'report_usb_devices'


def _method(hook):
    """A decorator for a method that other decorators may wrap further.

    Those call it as a plain function, with the object as first argument,
    which wrapt cannot tell from any other.

    :param hook: as for wrapt.decorator
    """
    @wrapt.decorator
    def decorated(wrapped, instance, args, kwargs):
        if instance is None:
            instance, args = args[0], args[1:]
            wrapped = functools.partial(wrapped, instance)
        return hook(wrapped, instance, args, kwargs)
    return decorated


@_method
def manager_init(wrapped, manager, args, kwargs):
    """On ``ComputeManager.__init__``: make the UsbManager, connect it.

    A configuration that is wrong ends nova-compute here with one line.
    """
    # Late: this module is imported while nova.compute.manager is, and by
    # tools that need no driver.
    from nova.compute.usb import manager as usb_manager

    wrapped(*args, **kwargs)
    try:
        manager.usb = usb_manager.UsbManager(manager)
    except (usb_exception.UsbDeviceSpecInvalid,
            usb_exception.UsbSimulationInvalid) as e:
        LOG.critical('nova-compute does not start: %s', e)
        sys.exit('nova-compute: %s' % e)
    manager.additional_endpoints.append(manager.usb)
    if REPORT_TASK not in dict(manager._periodic_tasks):
        # The list is the class's, and several managers may share a process.
        manager.add_periodic_task(_periodic_report())


def _periodic_report():
    # Made when the options are known, not when this module is imported.
    @periodic_task.periodic_task(
        name=REPORT_TASK, spacing=CONF.usb.scan_interval)
    def report_usb_devices(manager, context):
        """Scan the host's USB devices; report what changed."""
        manager.usb.reconcile(context)
    return report_usb_devices


@_method
def manager_init_host(wrapped, manager, args, kwargs):
    """On ``ComputeManager.init_host``: start after upstream did."""
    result = wrapped(*args, **kwargs)
    manager.usb.start(nova_context.get_admin_context())
    return result


@_method
def manager_pre_start_hook(wrapped, manager, args, kwargs):
    """On ``ComputeManager.pre_start_hook``: tell Placement what there is.

    Upstream has just told it of the compute node.
    """
    result = wrapped(*args, **kwargs)
    manager.usb.allocations.balance_marked(nova_context.get_admin_context())
    return result


@_method
def manager_cleanup_host(wrapped, manager, args, kwargs):
    """On ``ComputeManager.cleanup_host``: no events any more."""
    manager.usb.stop()
    return wrapped(*args, **kwargs)


def _context_and_instance(context, instance, *args, **kwargs):
    # How all of the hooked methods begin, on every release.
    return context, instance


def _after(event):
    """A decorator that tells of an event once upstream's work succeeded.

    :param event: callable that takes a
        :class:`nova.compute.usb.lifecycle.Lifecycle` and returns the method
        to call
    """
    @_method
    def hook(wrapped, manager, args, kwargs):
        result = wrapped(*args, **kwargs)
        event(manager.usb.lifecycle)(*_context_and_instance(*args, **kwargs))
        return result
    return hook


#: On start_instance, reboot_instance, resume_instance, unrescue_instance and
#: _finish_revert_resize.
after_start = _after(lambda lifecycle: lifecycle.after_start)

#: On _confirm_resize and rebuild_instance (which is evacuate, too); inside
#: of what holds the server's lock.
after_move = _after(lambda lifecycle: lifecycle.after_move)

#: On _shelve_offload_instance and _unshelve_instance, likewise.
after_offload = _after(lambda lifecycle: lifecycle.after_offload)
after_unshelve = _after(lambda lifecycle: lifecycle.after_unshelve)


@_method
def suspend(wrapped, manager, args, kwargs):
    """On ``ComputeManager.suspend_instance`` and ``rescue_instance``."""
    context, instance = _context_and_instance(*args, **kwargs)
    lifecycle = manager.usb.lifecycle
    try:
        lifecycle.before_suspend(context, instance)
        return wrapped(*args, **kwargs)
    except Exception:
        lifecycle.after_failure(context, instance)
        raise


@_method
def check_live_migration(wrapped, manager, args, kwargs):
    """On ``ComputeManager.check_can_live_migrate_source``.

    A nova-api without the fork lets the request through, and an attach may
    have come between nova-api's check and this one.

    :raises: MigrationPreCheckError, before anything moved
    """
    manager.usb.lifecycle.before_live_migration(
        *_context_and_instance(*args, **kwargs))
    return wrapped(*args, **kwargs)


@_method
def live_migrate(wrapped, api, args, kwargs):
    """On ``nova.compute.api.API.live_migrate``, in nova-api.

    A hostdev cannot move: libvirt would let it through and give the guest
    whatever has that address on the target.

    :raises: UsbLiveMigrationRefused, before anything moved
    """
    from nova.compute.usb import api as usb_api

    usb_api.API(api).before_live_migration(
        *_context_and_instance(*args, **kwargs))
    return wrapped(*args, **kwargs)
