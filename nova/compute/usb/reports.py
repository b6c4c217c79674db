# SPDX-License-Identifier: Apache-2.0
"""What one nova-compute tells the conductor of its host's devices."""

from oslo_log import log as logging
from oslo_utils import uuidutils

from nova.objects import usb_device as usb_obj

LOG = logging.getLogger(__name__)


class Reports(object):
    """The reports of this process, in their order.

    Holds what was reported last, so that a host on which nothing changed
    sends nothing.

    :param host: the name of this host
    :ivar superseded: UsbReportSuperseded, once another process reports for
        this host for good; None before
    """

    def __init__(self, host):
        self.host = host
        self.superseded = None
        # A nova-compute that starts takes its host over under a new name.
        self._reporter = uuidutils.generate_uuid()
        self._sequence = 0
        self._accepted = False
        self._was_late = False
        self._reported = None

    def differs(self, sightings):
        """Whether a scan saw something else than what was reported last.

        :param sightings: list of nova.usb.tracker.Sighting
        """
        return sightings != self._reported

    def send(self, context, sightings):
        """Report all that is plugged in.

        :param sightings: list of nova.usb.tracker.Sighting
        :returns: UsbDeviceList, the records of the host afterwards
        :raises: UsbReportSuperseded, UsbDatabaseNotSynced
        """
        self._reported = None
        self._sequence += 1
        records = usb_obj.UsbDeviceList.report(
            context, self.host, self._reporter, self._sequence,
            usb_obj.UsbDeviceList(context, objects=[
                usb_obj.UsbDevice.from_sighting(context, self.host, sighting)
                for sighting in sightings]),
            takeover=not self._accepted)
        self._accepted = True
        self._reported = sightings
        return records

    def give_way(self, superseded):
        """Another process has reported since, under this host's name.

        The first time it may be the one that was here before: its first
        report was under way when it died, and came late.  The process that
        lives reports a second time.

        :param superseded: the UsbReportSuperseded
        """
        if not self._was_late:
            self._was_late = True
            self._accepted = False
            LOG.info('%s The next scan reports once more.', superseded)
            return
        self.superseded = superseded
        LOG.warning(
            'Another nova-compute reports as host %s. This one leaves the '
            'USB devices to it. Give each its own [DEFAULT]host and restart '
            'them.', self.host)
