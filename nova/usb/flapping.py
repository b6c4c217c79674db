# SPDX-License-Identifier: Apache-2.0
"""Devices that come and go all the time: a bad cable, a failing firmware.

Each return costs a report, and a detach and an attach in the guest of the
server that holds the device.  A device that returns too often is blocked
until it has stayed where it is for a while; its record says so once.
"""

import collections
import threading
import time

from oslo_log import log as logging

from nova.i18n import _

LOG = logging.getLogger(__name__)

#: So many returns within so many seconds are too many.  A device whose cable
#: is bad can return some three times in a second.
LIMIT = 40
WINDOW = 20

#: For so many seconds a device has to stay before it can be used again.
QUIET = 30


class _History(object):
    """What was seen of one identity."""

    def __init__(self):
        self.address = None
        self.changed = None
        self.returns = collections.deque(maxlen=LIMIT)
        # The Sighting that stands for it while it flaps.
        self.blocked = None


class Flapping(object):
    """Judges the sightings of one host, one scan after the other.

    Works from any thread.

    :ivar clock: callable that returns seconds and never goes back
    """

    def __init__(self):
        self.clock = time.monotonic
        self._lock = threading.Lock()
        self._histories = {}

    def judge(self, sightings):
        """Block the devices that flap.

        :param sightings: list of nova.usb.tracker.Sighting, one scan
        :returns: list of Sighting, of the same devices in the same order
        """
        with self._lock:
            now = self.clock()
            seen = {sighting.identity: sighting for sighting in sightings}
            for identity in set(self._histories) - set(seen):
                self._note_absence(identity, now)
            return [self._judge(sighting, now) for sighting in sightings]

    def steady(self, sightings):
        """What to report of a scan that was judged.

        A device that flaps is the same in each report, wherever it is.

        :param sightings: what :meth:`judge` returned
        :returns: list of Sighting
        """
        with self._lock:
            blocked = {identity: history.blocked for identity, history in
                       self._histories.items() if history.blocked}
        found = {sighting.identity: sighting for sighting in sightings}
        found.update(blocked)
        return [found[identity] for identity in sorted(found)]

    def _note_absence(self, identity, now):
        history = self._histories[identity]
        if history.address is not None:
            history.address = None
            history.changed = now
        elif now - history.changed >= max(WINDOW, QUIET):
            # It was pulled out for good.
            del self._histories[identity]

    def _judge(self, sighting, now):
        history = self._histories.setdefault(sighting.identity, _History())
        address = sighting.device.address
        if address != history.address:
            if history.changed is not None:
                history.returns.append(now)
            history.address = address
            history.changed = now
        if history.blocked is not None and now - history.changed >= QUIET:
            LOG.info('USB device %s stays now; it can be used again',
                     sighting.identity)
            history.blocked = None
            history.returns.clear()
        if history.blocked is None and self._is_too_often(history, now):
            history.blocked = self._block(sighting)
            LOG.warning('USB device %(device)s is blocked: %(reason)s',
                        {'device': sighting.identity, 'reason':
                         history.blocked.decision.blocked_reason})
        if history.blocked is None:
            return sighting
        return self._block(sighting)

    @staticmethod
    def _is_too_often(history, now):
        return (len(history.returns) == LIMIT and
                now - history.returns[0] <= WINDOW)

    @staticmethod
    def _block(sighting):
        reason = sighting.decision.blocked_reason or _(
            'it returned %(limit)s times within %(window)s seconds; it can '
            'be used again once it has stayed for %(quiet)s seconds') % {
                'limit': LIMIT, 'window': WINDOW, 'quiet': QUIET}
        return sighting._replace(
            decision=sighting.decision._replace(blocked_reason=reason))
