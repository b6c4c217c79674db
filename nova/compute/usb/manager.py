# SPDX-License-Identifier: Apache-2.0
"""USB devices in nova-compute: the RPC endpoint.

One :class:`UsbManager` stands beside upstream's ComputeManager; the
decorators in :mod:`nova.compute.usb.hooks` make it and call it.
"""

import functools

from oslo_log import log as logging
import oslo_messaging as messaging

from nova.compute.usb import allocations
from nova.compute.usb import attachments
from nova.compute.usb import lifecycle
from nova.compute.usb import provider
from nova.compute.usb import reconciler
from nova.compute.usb import settler
from nova.compute.usb import stalled
from nova.compute.usb import unsettled
from nova.compute import utils as compute_utils
import nova.conf
from nova import context as nova_context
from nova.usb import devspec
from nova.usb import events
from nova.usb import exception as usb_exception
from nova.virt.usb import factory

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: Errors that are returned to RPC callers without logging a traceback here.
expected = messaging.expected_exceptions(
    usb_exception.UsbDeviceConflict, usb_exception.UsbDeviceNotFound,
    usb_exception.UsbNotSupported, usb_exception.UsbDatabaseNotSynced,
    usb_exception.UsbScanFailed,
    provider.PlacementUnavailable)


def _settled_later(method):
    """A request that fails may leave record and domain apart.

    Outermost: also what notes the beginning and the end of it may fail.
    """
    @functools.wraps(method)
    def wrapper(self, context, instance, device_uuid):
        try:
            return method(self, context, instance, device_uuid)
        except Exception:
            self.unsettled.add(instance.uuid)
            raise
    return wrapper


class UsbManager(object):
    """The USB devices of this host.

    Owns no record: those are the conductor's.

    :param manager: upstream's ComputeManager
    :ivar driver: the nova.virt.usb.driver.UsbDriver of the host; None where
        the virt driver has none
    :raises: UsbDeviceSpecInvalid, UsbSimulationInvalid
    """

    target = messaging.Target(namespace='usb', version='1.0')

    def __init__(self, manager):
        self.host = manager.host
        self.driver = None
        self._refusal = None
        # Also without a driver: a slip of the pen is told everywhere.
        spec = devspec.DeviceSpec.parse(CONF.usb.device_spec)
        try:
            self.driver = factory.for_driver(manager.driver)
            self.driver.spec = spec
        except usb_exception.UsbNotSupported as e:
            self._refusal = e
        if not CONF.usb.enabled:
            self._refusal = usb_exception.UsbNotSupported(
                reason='[usb] enabled is false on its host')
        self.unsettled = unsettled.UnsettledServers()
        self.stalled = stalled.StalledRequests()
        self.allocations = allocations.Allocations(manager)
        if not CONF.usb.enabled:
            self.allocations.withdraw()
        self.settler = settler.Settler(self.driver, self.host)
        self.attachments = attachments.Attachments(
            self.driver, self.host, self.unsettled)
        self.lifecycle = lifecycle.Lifecycle(
            self.attachments, self.settler, self.stalled.includes,
            self.allocations)
        self.reconciler = reconciler.Reconciler(
            self.driver, self.settler, self.unsettled, self.stalled,
            self.allocations)
        if self.driver is not None:
            self.driver.register(self.lifecycle)
        self.hints = None

    @property
    def unsupported(self):
        """Why this process attaches no devices, an exception, or None."""
        return self._refusal or self.reconciler.reports.superseded

    # RPC

    @expected
    @_settled_later
    @compute_utils.wrap_instance_event(prefix='compute')
    def attach_usb_device(self, context, instance, device_uuid):
        """Attach a device that nova-api has claimed for the instance."""
        self._check_supported()
        self._reserve(context, instance, device_uuid)
        try:
            return self.attachments.attach(context, instance, device_uuid)
        except Exception:
            self.allocations.balance_or_mark(context, instance)
            raise

    @expected
    @_settled_later
    @compute_utils.wrap_instance_event(prefix='compute')
    def detach_usb_device(self, context, instance, device_uuid):
        """Detach a device that nova-api has marked ``detaching``."""
        if self.driver is None:
            raise self.unsupported
        self.attachments.detach(context, instance, device_uuid)
        self.allocations.balance_or_mark(context, instance)

    @expected
    def rescan(self, context):
        """Report all of the host's devices, and put records right."""
        self._check_supported()
        self.reconciler.rescan(context)

    @expected
    def withdraw(self, context):
        """Give nothing any more until a restart: USB is being removed."""
        self._refusal = usb_exception.UsbNotSupported(
            reason='it was removed with nova-manage. Restart nova-compute '
            'if it is wanted again')
        if self.driver is not None:
            self.driver.stop_events()
        self.allocations.remove(context)

    def look_again(self, context):
        """Report soon, although nothing may have changed here."""
        self.reconciler.look_again()
        if self.hints is not None:
            self.hints.give()

    def _check_supported(self):
        if self.unsupported:
            raise self.unsupported

    def _reserve(self, context, instance, device_uuid):
        """Count a device that is being attached in Placement first."""
        try:
            self.allocations.balance(context, instance)
        except usb_exception.UsbDevicesReserved:
            # It does not come to an attach, which would free it.
            self.attachments.give_up(context, instance, device_uuid)
            raise

    # Start, end, and what comes round

    def start(self, context):
        """After upstream's init_host: settle what a crash left, report."""
        if self.unsupported:
            LOG.info('%s', self.unsupported)
            return
        self.reconciler.reconcile(
            context, is_stalled=stalled.everything, everything=True)
        self.hints = events.Hints(
            self._reconcile_event, CONF.usb.event_settle_time)
        if self.driver.start_events(self.hints.give):
            self.hints.start()

    def reconcile(self, context):
        """What the periodic task does; never raises."""
        if not self.unsupported:
            self.reconciler.reconcile(context)
        elif CONF.usb.enabled:
            # Another process speaks for this host, or nobody has to.
            return
        # In this thread, as Placement may let it wait: what is plugged in
        # is found by events meanwhile.
        self.allocations.balance_marked(context)

    def _reconcile_event(self):
        self.reconciler.reconcile(nova_context.get_admin_context())
        self.allocations.balance_soon()

    def stop(self):
        """When nova-compute ends."""
        if self.driver is not None:
            self.driver.stop_events()
            self.driver.unregister()
        if self.hints is not None:
            self.hints.stop()
