# SPDX-License-Identifier: Apache-2.0
"""What upstream's libvirt driver calls, through decorators.

Made with wrapt, which keeps the signature that upstream's tests compare.
"""

import inspect

from oslo_log import log as logging
import wrapt

from nova import context as nova_context
from nova.objects import usb_device as usb_obj
from nova.usb import exception
from nova.usb import settlement
from nova.usb import status
from nova.virt.libvirt.usb import config as usb_config
from nova.virt.usb import driver as usb_interface
from nova.virt.usb import hooks as usb_hooks

LOG = logging.getLogger(__name__)

#: The same for every driver; here so that a driver has one import of ours.
update_provider_tree = usb_hooks.update_provider_tree


@wrapt.decorator
def guest_config(wrapped, driver, args, kwargs):
    """On ``LibvirtDriver._get_guest_config``: add the server's USB devices.

    Runs whenever Nova makes a definition: spawn, start, hard reboot, host
    boot, rebuild, evacuate, unshelve, resize.  Nothing of ours may stop a
    server from starting: what fails is logged, and attached after the start.
    A rescue system gets none: what is repaired is best left alone with its
    disks.
    """
    guest = wrapped(*args, **kwargs)
    usb_driver = usb_interface.existing(driver)
    given = inspect.signature(wrapped).bind(*args, **kwargs).arguments
    if usb_driver is None or given.get('rescue'):
        return guest
    instance = given['instance']
    try:
        held = _held(given.get('context'), usb_driver, instance)
        if held or usb_driver.wants_controller:
            index = usb_config.ensure_controller(guest)
            for record, device in _located(usb_driver, instance, held):
                if usb_config.free_ports(guest) > 0:
                    guest.add_device(_hostdev(record, device, index))
                else:
                    LOG.warning(
                        'The server starts without its USB device %s: it '
                        'has no free USB port. Detach another one.',
                        record.uuid, instance=instance)
    except exception.UsbDatabaseNotSynced as error:
        LOG.warning('The server starts without USB devices: %s', error,
                    instance=instance)
    except Exception:
        LOG.exception('The server starts without its USB devices. They are '
                      'attached by a later scan of the host, or by a hard '
                      'reboot.', instance=instance)
    return guest


@wrapt.decorator
def suspend_for_snapshot(wrapped, driver, args, kwargs):
    """On ``LibvirtDriver._suspend_guest_for_snapshot``.

    A snapshot that is not live saves the domain to disk and starts it again
    from there.  As with suspend, what is saved must name no device.

    :raises: UsbDetachFailed; the server goes on and there is no snapshot
    """
    usb_driver, given = _cold(wrapped, driver, args, kwargs)
    if usb_driver is None or usb_driver.attached(given['instance']) is None:
        return wrapped(*args, **kwargs)
    server = given['context'], given['instance']
    try:
        usb_driver.listener.before_suspend(*server)
        return wrapped(*args, **kwargs)
    except Exception:
        # It was not saved, and nothing will start it.
        usb_driver.listener.after_snapshot(*server)
        raise


@wrapt.decorator
def resume_after_snapshot(wrapped, driver, args, kwargs):
    """On ``LibvirtDriver._resume_guest_after_snapshot``.

    The devices are back before the upload, which may take long.
    """
    usb_driver, given = _cold(wrapped, driver, args, kwargs)
    try:
        return wrapped(*args, **kwargs)
    finally:
        if usb_driver is not None:
            usb_driver.listener.after_snapshot(
                given['context'], given['instance'])


def _cold(wrapped, driver, args, kwargs):
    """What upstream was called with, for a snapshot that is not live.

    :returns: the UsbDriver, None when there is nothing to do; dict of the
        arguments
    """
    given = inspect.signature(wrapped).bind(*args, **kwargs).arguments
    if given['live_snapshot']:
        return None, given
    return usb_interface.existing(driver), given


def _held(context, usb_driver, instance):
    """Read which devices of this host the server has.

    Not those whose attach or detach is under way: whoever does that deals
    with the domain, too.
    """
    records = usb_obj.UsbDeviceList.get_by_instance_uuid(
        context or nova_context.get_admin_context(), instance.uuid)
    return [record for record in records
            if record.host == usb_driver.host and
            record.status == status.ATTACHED]


def _located(usb_driver, instance, held):
    """Find the devices of records; say which cannot be had.

    :returns: list of (record, nova.usb.host_device.HostUsbDevice)
    """
    if not held:
        return []
    sightings = usb_driver.sightings()
    found = []
    for record in held:
        try:
            found.append((record, settlement.usable(record, sightings)))
        except exception.UsbIdentityChanged:
            LOG.warning(
                'The server starts without its USB device %(device)s '
                '(%(identity)s), which is not plugged into this host. It is '
                'attached when it returns. Plug it in, or detach it from '
                'the server.', {'device': record.uuid,
                                'identity': record.identity},
                instance=instance)
        except exception.UsbDeviceBlocked as e:
            LOG.warning(
                'The server starts without its USB device %(device)s '
                '(%(identity)s), which is blocked: %(reason)s. It is '
                'attached by a later scan, once that has ended.',
                {'device': record.uuid, 'identity': record.identity,
                 'reason': e.kwargs['reason']}, instance=instance)
    return found


def _hostdev(record, device, controller):
    conf = usb_config.LibvirtConfigGuestHostdevUSB()
    conf.bus, conf.device = device.address
    conf.alias = usb_config.alias_of(record.uuid)
    conf.controller = controller
    return conf
