# SPDX-License-Identifier: Apache-2.0
"""How long an attach or a detach that is under way is left alone."""

import time

import nova.conf

CONF = nova.conf.CONF


def everything(device):
    """All requests are stalled: what a nova-compute finds that starts.

    Nobody waits for an answer of the process that was here before.
    """
    return True


class StalledRequests(object):
    """Tells which attach or detach nobody waits for any more.

    The times in a record are those of another host's clock, and any clock
    may be set.  So what counts is for how long this process has seen the
    record in this very state, on a clock that only ever goes on: the nova-api
    that asked for it did so before, and gives up after ``[usb] rpc_timeout``.

    :ivar clock: callable that returns seconds
    """

    def __init__(self):
        self.clock = time.monotonic
        # uuid -> state in which it was seen, and since when
        self._seen = {}

    def includes(self, device):
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

    def forget_others(self, device_uuids):
        """Remember only these devices; no request for others is under way.
        """
        for uuid in set(self._seen) - set(device_uuids):
            self._seen.pop(uuid, None)
