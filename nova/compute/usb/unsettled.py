# SPDX-License-Identifier: Apache-2.0
"""The servers whose domain may differ from their records."""


class UnsettledServers(object):
    """A queue of servers to settle, each in it once.

    Requests, events and reports add to it from their threads; the reconciler
    takes from it.
    """

    def __init__(self):
        self._uuids = set()

    def add(self, instance_uuid):
        """Have a server settled by the next reconciliation."""
        self._uuids.add(instance_uuid)

    def take(self):
        """Take all that are in the queue now, in the order of their uuids.

        Each is out of the queue before it is given out, so that another
        thread can add it again while it is being settled.

        :returns: iterator of uuids
        """
        for instance_uuid in sorted(self._uuids):
            self._uuids.discard(instance_uuid)
            yield instance_uuid

    def __contains__(self, instance_uuid):
        return instance_uuid in self._uuids

    def __len__(self):
        return len(self._uuids)
