# SPDX-License-Identifier: Apache-2.0
"""When a host tells Placement what it has to give."""

import collections
import time

from nova.compute.usb import inventory as usb_inventory

#: A device that comes and goes changes the inventory each time.  So many
#: changes in so many seconds are sent at once; then the host waits until the
#: scan after that.
_BURST = 6
_BURST_SECONDS = 60

#: Seconds between two looks at a class that is gone from the host but still
#: allocated to somebody.
_LEFTOVER_SECONDS = 600


class Publication(object):
    """The inventory of a host, as it is and as Placement was told.

    :ivar wanted: nova.compute.usb.inventory.Inventory as it is; None while
        nothing is to be sent
    """

    def __init__(self):
        self.clock = time.monotonic
        self.wanted = None
        self._sent = None
        self._sent_at = collections.deque(maxlen=_BURST)
        self._leftover_at = None

    @property
    def classes(self):
        """The resource classes that Placement was told of, a set."""
        return set(self._sent.totals if self._sent else ())

    def note(self, records, sightings):
        """Take over what a report found; see Inventory.of."""
        self.wanted = usb_inventory.Inventory.of(
            records, sightings, self.classes)

    def withdraw(self):
        """The host has nothing to give any more."""
        self.wanted = usb_inventory.Inventory.nothing()

    def is_due(self):
        """Whether it is to be sent in this round."""
        if self.wanted is None:
            return False
        now = self.clock()
        if self.wanted == self._sent:
            return self._leftover_at is not None and (
                now - self._leftover_at >= _LEFTOVER_SECONDS)
        return len(self._sent_at) < _BURST or (
            now - self._sent_at[0] >= _BURST_SECONDS)

    def lacks(self, names):
        """Whether Placement was not told how many of a class there are."""
        return self._sent is None or any(
            self._sent.totals.get(name) != self.wanted.totals.get(name)
            for name in names)

    def send(self, context, provider):
        """Send it, due or not.

        :param provider: nova.compute.usb.provider.Provider
        :raises: PlacementUnavailable
        """
        wanted = self.wanted
        leftover = provider.send(context, wanted)
        self._sent = wanted
        self._sent_at.append(self.clock())
        self._leftover_at = self.clock() if leftover else None
