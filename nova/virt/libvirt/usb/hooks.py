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
from nova.usb import grant
from nova.usb import settlement
from nova.usb import status
from nova import usb_compat
from nova.virt.libvirt.usb import config as usb_config
from nova.virt.usb import driver as usb_interface

LOG = logging.getLogger(__name__)


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
        _add_usb(usb_driver, guest, instance, given)
    except exception.UsbDatabaseNotSynced as error:
        LOG.warning('The server starts without USB devices: %s', error,
                    instance=instance)
    except Exception:
        LOG.exception('The server starts without its USB devices. They are '
                      'attached by a later scan of the host, or by a hard '
                      'reboot.', instance=instance)
    return guest


def _add_usb(usb_driver, guest, instance, given):
    """Add controller and devices to a guest that is being defined.

    :param given: what upstream was called with
    """
    held = _held(given.get('context'), usb_driver, instance)
    machine = guest.os_mach_type or usb_compat.default_machine_type(
        usb_driver.compute_driver)
    known = usb_config.free_slot(machine) is not None
    # Where its place is not known, it might move the guest's other devices:
    # only who has devices gets one.
    if not held and not (known and usb_driver.wants_controller):
        return
    index = usb_config.ensure_controller(
        guest, machine, usb_compat.usb_model(instance.flavor,
                                             given.get('image_meta')))
    if index is None:
        if held:
            LOG.warning('The server starts without its USB devices: its '
                        'flavor or image says that it has no USB. Remove '
                        'hw:usb_model (hw_usb_model) = none there, or '
                        'detach them.', instance=instance)
        return
    for record, device in _located(usb_driver, instance, held):
        if usb_config.free_ports(guest) > 0:
            guest.add_device(_hostdev(record, device, index))
        else:
            LOG.warning('The server starts without its USB device %s: it '
                        'has no free USB port. Detach another one.',
                        record.uuid, instance=instance)


@wrapt.decorator
def create_guest(wrapped, driver, args, kwargs):
    """On ``LibvirtDriver._create_guest``: only the running domain has devices.

    An address in the persistent definition is soon another device's, and
    libvirt would start the domain with that by itself (autostart,
    libvirt-guests).  Nova makes the definition anew at each start.
    """
    guest = wrapped(*args, **kwargs)
    usb_driver = usb_interface.existing(driver)
    xml = inspect.signature(wrapped).bind(*args, **kwargs).arguments['xml']
    # Other servers cost no call to libvirt.
    if usb_driver is not None and usb_config.ALIAS_PREFIX in str(xml):
        usb_driver.clear_definition(guest)
    return guest


@wrapt.decorator
def live_migration(wrapped, driver, args, kwargs):
    """On ``LibvirtDriver.live_migration``, right before the domain leaves.

    libvirt migrates a domain with its hostdevs, whose addresses name other
    devices on the target.  A live migration that got here with devices is
    ended as upstream ends one that libvirt refuses: it is rolled back, and
    the server goes on where it is.
    """
    usb_driver = usb_interface.existing(driver)
    given = inspect.signature(wrapped).bind(*args, **kwargs)
    given.apply_defaults()
    given = given.arguments
    instance = given['instance']
    devices = usb_driver is not None and usb_driver.attached(instance)
    if not devices:
        return wrapped(*args, **kwargs)
    LOG.error('The live migration is rolled back: the domain has USB devices '
              '(%s). Detach them first.', ', '.join(sorted(devices)),
              instance=instance)
    given['recover_method'](given['context'], instance, given['dest'],
                            given['migrate_data'])


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
    with the domain, too.  And not those whose grant was revoked: the
    compute service frees them when the server runs.
    """
    records = usb_obj.UsbDeviceList.get_by_instance_uuid(
        context or nova_context.get_admin_context(), instance.uuid)
    return [record for record in records
            if record.host == usb_driver.host and
            record.status == status.ATTACHED and
            grant.still_holds(record, instance.project_id)]


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
