# SPDX-License-Identifier: Apache-2.0
"""Reconciles a host with its records: scan, report, settle.

A host on which nothing changed and nothing is under way sends nothing.
"""

from oslo_concurrency import lockutils
from oslo_log import log as logging
import oslo_messaging as messaging

from nova.compute.usb import changes
from nova.compute.usb import reports
import nova.conf
from nova import exception
from nova.usb import exception as usb_exception
from nova.usb import status
from nova.usb import tracker

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


class Reconciler(object):
    """Reconciles one host.

    :param driver: a nova.virt.usb.driver.UsbDriver
    :param settler: nova.compute.usb.settler.Settler of the host
    :param unsettled: nova.compute.usb.unsettled.UnsettledServers
    :param stalled: nova.compute.usb.stalled.StalledRequests
    :param allocations: nova.compute.usb.allocations.Allocations
    """

    def __init__(self, driver, settler, unsettled, stalled, allocations):
        self.driver = driver
        self.host = settler.host
        self.settler = settler
        self.unsettled = unsettled
        self.stalled = stalled
        self.allocations = allocations
        self.reports = reports.Reports(self.host)
        # Whether to settle every server that is concerned with devices;
        # until that was begun.
        self._everything = False
        # Whether somebody asked to look again since the last scan.
        self._asked = False
        # Whether a request was under way at the last report.
        self._under_way = False
        # Of each device that a server holds: where it was at the last
        # report, and whether it might be used.
        self._places = {}
        self._complaints = changes.Changes()

    def reconcile(self, context, is_stalled=None, everything=False):
        """Scan; if anything changed, tell the conductor, settle servers.

        Never raises: what fails is logged once and tried again at the next
        scan.

        :param is_stalled: see :meth:`Settler.settle`
        :param everything: settle all servers that have devices of this host
        """
        if self.reports.superseded:
            return
        try:
            self.rescan(context, is_stalled, everything)
            self._complain(None)
        except usb_exception.UsbReportSuperseded as e:
            self.reports.give_way(e)
        except Exception as e:
            self._complain(e)

    def rescan(self, context, is_stalled=None, everything=True):
        """As :meth:`reconcile`, for a caller who wants to know.

        :raises: what the hypervisor, the conductor or the database raise
        """
        is_stalled = is_stalled or self.stalled.includes
        with lockutils.lock('usb-report-%s' % self.host):
            asked, self._asked = self._asked, False
            self._everything |= everything or asked
            sightings = self.driver.flapping.steady(
                self.driver.sightings())
            if (self._everything or self._under_way or
                    self.reports.differs(sightings)):
                self._report(context, sightings, is_stalled)
            self._settle(context, is_stalled)

    def look_again(self):
        """Have the next scan report, and settle all servers with devices.

        Of a request that this host never heard of it learns by a report
        alone; from then on it watches the record, see ``_watch``.  Of a
        device that was taken from its server by force it learns by the
        domain that still has it.
        """
        self._asked = True

    def _complain(self, error):
        """Log an error that lasts once, not at every scan."""
        if not self._complaints.noted('reports', error and type(error)):
            return
        if error is None:
            LOG.info('USB devices are reported again')
            return
        LOG.error('USB devices were not reported, trying again every '
                  '%(seconds)s seconds: %(error)s',
                  {'seconds': CONF.usb.scan_interval, 'error': error},
                  exc_info=not isinstance(error, exception.NovaException))

    def _report(self, context, sightings, is_stalled):
        records = self.reports.send(context, sightings)
        self.allocations.note(records, sightings)
        held = [device for device in records if device.instance_uuid]
        if self._everything:
            self._unsettle_all(held)
        self._unsettle_changed(held)
        self._watch(records, is_stalled)

    def _unsettle_all(self, held):
        """Have all servers settled that may have devices of this host."""
        self.allocations.suspect = True
        concerned = {device.instance_uuid for device in held}
        try:
            concerned.update(self.driver.holders())
        except Exception as e:
            # The hypervisor is away.
            LOG.debug('Domains are looked for again at the next scan: %s', e)
        else:
            self._everything = False
        for instance_uuid in concerned:
            self.unsettled.add(instance_uuid)

    def _unsettle_changed(self, held):
        """Have the servers settled whose devices are at another place."""
        places = {}
        for device in held:
            places[device.uuid] = place = (
                device.instance_uuid, device.present, device.bus_number,
                device.device_number, device.blocked_reason)
            if (device.status == status.ATTACHED and
                    self._places.get(device.uuid) != place):
                self.unsettled.add(device.instance_uuid)
        self._unsettle_losers(places)
        self._places = places

    def _unsettle_losers(self, places):
        """Have the servers settled that hold a device no longer.

        One that was taken from its server by force may still be in the
        domain.
        """
        for device_uuid, (holder, *_place) in self._places.items():
            if places.get(device_uuid, (None,))[0] != holder:
                self.unsettled.add(holder)

    def _watch(self, records, is_stalled):
        """See to it that each request that is under way ends."""
        held = [device for device in records if device.instance_uuid]
        under_way = [device for device in held
                     if device.status in status.UNDER_WAY]
        for device in under_way:
            if is_stalled(device):
                self.unsettled.add(device.instance_uuid)
        self.stalled.forget_others(device.uuid for device in under_way)
        # Then the next scan reports, although nothing changed: otherwise a
        # request whose end was lost would never be found, nor would a record
        # be deleted whose grace time is over.
        self._under_way = bool(under_way) or any(
            not device.present and tracker.is_fleeting(device)
            for device in records)

    def _settle(self, context, is_stalled):
        """Settle the servers that need it; those that fail stay so."""
        for instance_uuid in self.unsettled.take():
            done = False
            try:
                done = self.settler.settle(context, instance_uuid, is_stalled)
            except (messaging.MessagingException,
                    usb_exception.UsbDatabaseNotSynced):
                # The others would have to wait as long for the same.
                raise
            except usb_exception.UsbDeviceConflict as e:
                # Logged by the settler.  The next scan tries again.
                LOG.debug('Server %s is not settled: %s', instance_uuid, e)
            except Exception as e:
                # Of this server, or of the hypervisor.
                LOG.warning('The USB devices of server %(server)s are not '
                            'settled, trying again at the next scan: '
                            '%(error)s', {'server': instance_uuid,
                                          'error': e})
            finally:
                if not done:
                    self.unsettled.add(instance_uuid)
            self.allocations.mark(instance_uuid)
