# SPDX-License-Identifier: Apache-2.0
"""USB devices in nova-compute: the RPC endpoint and the periodic report.

One :class:`UsbManager` stands beside upstream's ComputeManager; the
decorators in :mod:`nova.compute.usb.hooks` make it and call it.
"""

import functools
import threading

from oslo_concurrency import lockutils
from oslo_log import log as logging
import oslo_messaging as messaging
from oslo_utils import uuidutils

from nova.compute.usb import allocations
from nova.compute.usb import attachments
from nova.compute.usb import lifecycle
from nova.compute.usb import stalled
from nova.compute import utils as compute_utils
import nova.conf
from nova import context as nova_context
from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import devspec
from nova.usb import events
from nova.usb import exception as usb_exception
from nova.usb import host_device
from nova.usb import status
from nova.usb import tracker
from nova.virt.usb import factory

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: What a caller over RPC gets as it is, without a traceback in our log.
expected = messaging.expected_exceptions(
    usb_exception.UsbDeviceConflict, usb_exception.UsbDeviceNotFound,
    usb_exception.UsbNotSupported, usb_exception.UsbDatabaseNotSynced)


def _settled_later(method):
    """A request that fails may leave record and domain apart.

    Outermost: also what notes the beginning and the end of it may fail.
    """
    @functools.wraps(method)
    def wrapper(self, context, instance, device_uuid):
        try:
            return method(self, context, instance, device_uuid)
        except Exception:
            self.attachments.unsettled.add(instance.uuid)
            raise
    return wrapper


class UsbManager(object):
    """The USB devices of this host.

    Owns no record: those are the conductor's.  Holds what it reported last,
    so that a host on which nothing changed sends nothing.

    :param manager: upstream's ComputeManager
    :raises: UsbDeviceSpecInvalid, UsbSimulationInvalid
    """

    target = messaging.Target(namespace='usb', version='1.0')

    def __init__(self, manager):
        self.host = manager.host
        self.spec = devspec.DeviceSpec.parse(CONF.usb.device_spec)
        try:
            self.driver = factory.for_driver(manager.driver)
            self.driver.happened = self.happened
            self.unsupported = None
        except usb_exception.UsbNotSupported as e:
            self.driver, self.unsupported = None, e
        if not CONF.usb.enabled:
            self.unsupported = usb_exception.UsbNotSupported(
                reason='[usb] enabled is false on its host')
        self.attachments = attachments.Attachments(
            self.driver, self.host, self._locate)
        self.patience = stalled.Patience()
        self.allocations = allocations.Allocations(manager)
        if not CONF.usb.enabled:
            self.allocations.withdraw()
        self.lifecycle = lifecycle.Lifecycle(
            self.attachments, self.patience.is_over,
            self.allocations.balance)
        # Who reports: a nova-compute that starts takes its host over.
        self.reporter = uuidutils.generate_uuid()
        self._sequence = 0
        self._accepted = False
        self._superseded = False
        self._reported = None
        # Whether to settle every server; until that was begun.
        self._everything = False
        # Whether a request was under way at the last report.
        self._under_way = False
        # Where the devices that servers hold were at the last report.
        self._places = {}
        self._complaint = None
        self.hints = None

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
        self._report(context, self.patience.is_over, everything=True)
        self.allocations.balance_marked(context)

    def look_again(self, context):
        """Report soon, although nothing may have changed here.

        Of a request that this host never heard of it learns by a report
        alone; from then on it watches the record, see ``_note_held``.
        """
        self._under_way = True
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

    # Start and end

    def start(self, context):
        """After upstream's init_host: settle what a crash left, report."""
        if self.unsupported:
            LOG.info('%s', self.unsupported)
            return
        # Nobody waits for an answer of the process that was here before.
        self.report(context, is_stale=lambda device: True, everything=True)
        self.hints = events.Hints(
            self._report_event, CONF.usb.event_settle_time)
        if self.driver.start_events(self.hints.give):
            self.hints.start()

    def stop(self):
        """When nova-compute ends."""
        if self.driver is not None:
            self.driver.stop_events()
        if self.hints is not None:
            self.hints.stop()

    def happened(self, event, context, instance):
        """Something happened to a server of this host.

        :param event: the name of a method of
            :class:`nova.compute.usb.lifecycle.Lifecycle`
        """
        if self.driver is None:
            return
        try:
            getattr(self.lifecycle, event)(context, instance)
        except usb_exception.UsbDatabaseNotSynced as e:
            # Then no server has a device.
            self._complain(e)
        if self.allocations.concerns(instance.uuid):
            # Upstream may have freed, or moved, what was allocated.
            self.allocations.mark(instance.uuid)
            if self.hints is not None:
                self.hints.give()

    # Reports

    def report(self, context, is_stale=None, everything=False):
        """Scan; if anything changed, tell the conductor, settle servers.

        Never raises: what fails is said once and tried again at the next
        scan.

        :param is_stale: see :meth:`Attachments.settle`
        :param everything: settle every server of this host
        """
        self._try_report(context, is_stale, everything)
        self.allocations.balance_marked(context)

    def _report_event(self):
        """After an event; what was plugged in waits for no Placement."""
        context = nova_context.get_admin_context()
        self._try_report(context)
        if not self.allocations.settled:
            threading.Thread(
                target=self.allocations.balance_marked, args=(context,),
                name='usb-placement', daemon=True).start()

    def _try_report(self, context, is_stale=None, everything=False):
        if self.unsupported:
            return
        try:
            self._report(
                context, is_stale or self.patience.is_over, everything)
            self._complain(None)
        except usb_exception.UsbReportSuperseded as e:
            self._give_way(e)
        except Exception as e:
            self._complain(e)

    def _give_way(self, superseded):
        """Another process has reported since, under this host's name.

        The first time it may be the one that was here before: its first
        report was under way when it died, and came late.  Whoever lives
        reports a second time.
        """
        if not self._superseded:
            self._superseded = True
            self._accepted = False
            LOG.info('%s The next scan reports once more.', superseded)
            return
        self.unsupported = superseded
        LOG.warning(
            'Another nova-compute reports as host %s. This one leaves the '
            'USB devices to it. Give each its own [DEFAULT]host and restart '
            'them.', self.host)

    def _complain(self, error):
        """Log an error that lasts once, not at every scan."""
        complaint = error and type(error)
        if complaint and complaint != self._complaint:
            LOG.error('USB devices were not reported, trying again every '
                      '%(seconds)s seconds: %(error)s',
                      {'seconds': CONF.usb.scan_interval, 'error': error},
                      exc_info=not isinstance(error, exception.NovaException))
        elif self._complaint and not complaint:
            LOG.info('USB devices are reported again')
        self._complaint = complaint

    def _report(self, context, is_stale, everything=False):
        with lockutils.lock('usb-report-%s' % self.host):
            self._everything |= everything
            sightings = self._sightings()
            if (self._everything or self._under_way or
                    sightings != self._reported):
                self._send(context, sightings, is_stale)
            if self._everything:
                self._unsettle_all(context)
            self._settle(context, is_stale)

    def _unsettle_all(self, context):
        """Have all servers settled that may have devices of this host."""
        self.allocations.suspect = True
        unsettled = self.attachments.unsettled
        unsettled.update(
            instance.uuid for instance in objects.InstanceList.get_by_host(
                context, self.host, expected_attrs=[]))
        try:
            unsettled.update(self.driver.servers())
        except Exception as e:
            # The hypervisor is away.
            LOG.debug('Domains are looked for again at the next scan: %s', e)
        else:
            self._everything = False

    def _sightings(self):
        """What a scan sees now, with what the device_spec says of it."""
        return [(identity, device, self.spec.decide(device))
                for identity, device in
                sorted(host_device.identify(self.driver.scan()))]

    def _send(self, context, sightings, is_stale):
        """Report all that is plugged in."""
        self._reported = None
        self._sequence += 1
        records = usb_obj.UsbDeviceList.report(
            context, self.host, self.reporter, self._sequence,
            usb_obj.UsbDeviceList(context, objects=[
                usb_obj.UsbDevice.from_sighting(
                    context, self.host, identity, device,
                    decision.blocked_reason, decision.resource_class)
                for identity, device, decision in sightings]),
            takeover=not self._accepted)
        self._accepted = True
        self._reported = sightings
        self.allocations.note(records, sightings)
        self._note_held(records, is_stale)

    def _note_held(self, records, is_stale):
        """Note which servers a report concerns, and what to look at again.
        """
        under_way = set()
        for device in records:
            if device.instance_uuid is None:
                continue
            place = (device.present, device.bus_number, device.device_number)
            if device.status != status.ATTACHED:
                concerned = is_stale(device)
                under_way.add(device.uuid)
            else:
                concerned = self._places.get(device.uuid) != place
            if concerned:
                self.attachments.unsettled.add(device.instance_uuid)
            self._places[device.uuid] = place
        held = {device.uuid for device in records if device.instance_uuid}
        self._places = {uuid: place for uuid, place in self._places.items()
                        if uuid in held}
        self.patience.forget_others(under_way)
        # Then the next scan reports, although nothing changed: nobody else
        # would ever find a request whose end was lost.
        self._under_way = bool(under_way)

    def _settle(self, context, is_stale):
        """Settle the servers that need it; those that fail stay so."""
        unsettled = self.attachments.unsettled
        for instance_uuid in sorted(unsettled):
            # Before, not after: another thread may add it meanwhile.
            unsettled.discard(instance_uuid)
            done = False
            try:
                done = self.attachments.settle(
                    context, instance_uuid, is_stale)
            except (messaging.MessagingException,
                    usb_exception.UsbDatabaseNotSynced):
                # The others would have to wait as long for the same.
                raise
            except usb_exception.UsbDeviceConflict as e:
                # Said by settle.  The next scan tries again.
                LOG.debug('Server %s is not settled: %s', instance_uuid, e)
            except Exception as e:
                # Of this server, or of the hypervisor.
                LOG.warning('The USB devices of server %(server)s are not '
                            'settled, trying again at the next scan: '
                            '%(error)s', {'server': instance_uuid,
                                          'error': e})
            finally:
                if not done:
                    unsettled.add(instance_uuid)
            if self.allocations.concerns(instance_uuid):
                self.allocations.mark(instance_uuid)

    def _locate(self, device):
        """The HostUsbDevice that a record is at this moment."""
        seen = tracker.find(device, [
            tracker.Sighting(identity, seen, decision.blocked_reason, None)
            for identity, seen, decision in self._sightings()])
        if seen is not None:
            if seen.blocked_reason:
                raise usb_exception.UsbDeviceBlocked(
                    device=device.uuid, reason=seen.blocked_reason)
            return seen.device
        raise usb_exception.UsbIdentityChanged(
            device=device.uuid, reason='no %s is plugged into its host now'
            % device.identity)
