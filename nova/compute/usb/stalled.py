# SPDX-License-Identifier: Apache-2.0
"""How long an attach or a detach that is under way is left alone."""

import time

import nova.conf

CONF = nova.conf.CONF


class Patience(object):
    """Tells when nobody waits for an attach or a detach any more.

    The times in a record are those of another host's clock, and any clock
    may be set.  So what counts is for how long this process has seen the
    record in this very state, on a clock that only ever goes on: whoever
    asked for it did so before, and gives up after ``[usb] rpc_timeout``.
    """

    def __init__(self):
        self.clock = time.monotonic
        # uuid -> state in which it was seen, and since when
        self._seen = {}

    def is_over(self, device):
        """Whether nobody can wait for this device any more.

        :param device: UsbDevice that is ``attaching`` or ``detaching``, as
            it was just read
        """
        now = self.clock()
        # The time is compared with itself alone: another one is another
        # request.
        state = (device.status, device.instance_uuid, device.updated_at)
        known, since = self._seen.get(device.uuid, (None, now))
        if known != state:
            self._seen[device.uuid] = state, now
            return False
        return now - since >= 2 * CONF.usb.rpc_timeout

    def forget_others(self, uuids):
        """Remember nothing of devices that are in no such state now."""
        for uuid in set(self._seen) - set(uuids):
            self._seen.pop(uuid, None)
