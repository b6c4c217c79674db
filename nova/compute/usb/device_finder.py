# SPDX-License-Identifier: Apache-2.0
"""Finds a device by its uuid, in whatever cell it is.

A record never moves to another cell, so where it was found once is asked
first, and as a rule alone.  Otherwise the first cell that knows the device
answers, and the others are not waited for.

Upstream's ``scatter_gather_cells`` waits for all of them, and each cell that
hangs keeps threads of a pool that the lists of servers need as well.
"""

import collections
from concurrent import futures
import threading
import time

from oslo_log import log as logging

from nova.compute.usb import sender
from nova import context as nova_context
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception

LOG = logging.getLogger(__name__)

#: Seconds to wait for cells that do not answer.
TIMEOUT = 10

#: How many reads of one cell may hang before it is asked no more.
HANGING_LIMIT = 4

#: Seconds after which a read that nobody waits for counts as hanging.  Every
#: cell is a little slower than the one that knows the device.
LATE = 1

#: How many devices the cells are remembered of.
REMEMBERED = 10000


class DeviceFinder(object):
    """Finds devices.

    :param read: callable that takes a context, targeted at a cell, and a
        device_uuid, and returns the UsbDevice
    """

    def __init__(self, read=usb_obj.UsbDevice.get_by_uuid):
        self._read = read
        self._lock = threading.Lock()
        # device uuid -> uuid of its cell, the oldest first
        self._cells = collections.OrderedDict()
        # cell uuid -> reads that were given up and still run, since when
        self._left = collections.defaultdict(dict)

    def find(self, context, device_uuid):
        """The device with that uuid.

        :returns: UsbDevice, whose context is the one of its cell, so that
            its methods write there
        :raises: UsbDeviceNotFound, UsbDatabaseNotSynced,
            UsbCellUnavailable
        """
        cells = {cell.uuid: cell for cell in _cells()}
        known = self._cells.get(device_uuid)
        if known in cells:
            try:
                return self._ask(context, [cells[known]], device_uuid)
            except usb_exception.UsbDeviceNotFound:
                # It was forgotten, and may have been seen anew elsewhere.
                self._remember(device_uuid, None)
        return self._ask(context, cells.values(), device_uuid)

    def _ask(self, context, cells, device_uuid):
        errors = {}
        pending = {}
        for cell in cells:
            if self._is_hanging(cell.uuid):
                errors[cell.uuid] = 'it has not answered for a while'
            else:
                pending[self._start(context, cell, device_uuid)] = cell.uuid
        began = time.monotonic()
        deadline = began + TIMEOUT
        while pending:
            done, _not_done = futures.wait(
                pending, max(0, deadline - time.monotonic()),
                futures.FIRST_COMPLETED)
            for answer in done:
                cell_uuid = pending.pop(answer)
                error = answer.exception()
                if error is None:
                    self._leave(pending, began)
                    self._remember(device_uuid, cell_uuid)
                    return answer.result()
                if not isinstance(error, usb_exception.UsbDeviceNotFound):
                    errors[cell_uuid] = error
            if not done:
                self._leave(pending, began)
                errors.update((cell_uuid, 'no answer after %d seconds'
                               % TIMEOUT) for cell_uuid in pending.values())
                break
        raise _what_went_wrong(device_uuid, errors)

    def _start(self, context, cell, device_uuid):
        with nova_context.target_cell(context, cell) as targeted:
            return sender.start(
                targeted, lambda: self._read(targeted, device_uuid))

    def _leave(self, pending, began):
        """Wait no longer for these, but count them while they run."""
        for answer, cell_uuid in pending.items():
            with self._lock:
                self._left[cell_uuid][answer] = began
            answer.add_done_callback(
                lambda answer, cell_uuid=cell_uuid:
                self._forget_read(cell_uuid, answer))

    def _forget_read(self, cell_uuid, answer):
        with self._lock:
            self._left[cell_uuid].pop(answer, None)

    def _is_hanging(self, cell_uuid):
        with self._lock:
            late = time.monotonic() - LATE
            return HANGING_LIMIT <= sum(
                since <= late for since in self._left[cell_uuid].values())

    def _remember(self, device_uuid, cell_uuid):
        with self._lock:
            self._cells.pop(device_uuid, None)
            if cell_uuid is not None:
                self._cells[device_uuid] = cell_uuid
                if len(self._cells) > REMEMBERED:
                    self._cells.popitem(last=False)


def _cells():
    """All cells that have compute hosts."""
    nova_context.load_cells()
    return [cell for cell in nova_context.CELLS if not cell.is_cell0()]


def _what_went_wrong(device_uuid, errors):
    for error in errors.values():
        if isinstance(error, usb_exception.UsbDatabaseNotSynced):
            return error
    for cell_uuid, error in errors.items():
        LOG.warning('Cell %(cell)s did not say whether it knows USB device '
                    '%(device)s: %(error)s',
                    {'cell': cell_uuid, 'device': device_uuid,
                     'error': error})
        return usb_exception.UsbCellUnavailable(
            cell=cell_uuid, what='USB device %s' % device_uuid)
    return usb_exception.UsbDeviceNotFound(device=device_uuid)
