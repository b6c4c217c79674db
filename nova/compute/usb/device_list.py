# SPDX-License-Identifier: Apache-2.0
"""Lists USB devices across cells, sorted and in pages."""

from nova.compute import multi_cell_list
from nova.db.usb import api as usb_db
from nova import exception
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception


class UsbDeviceLister(multi_cell_list.CrossCellLister):

    marker_identifier = 'uuid'

    def __init__(self, sort_keys, sort_dirs, finder):
        if 'uuid' not in sort_keys:
            # Makes the order total, so that no page repeats or skips a row.
            # In the same direction: an index is read in one or the other.
            sort_keys = sort_keys + ['uuid']
            sort_dirs = sort_dirs + sort_dirs[-1:]
        super(UsbDeviceLister, self).__init__(
            multi_cell_list.RecordSortContext(sort_keys, sort_dirs))
        self.finder = finder
        self.not_synced = set()

    def get_marker_record(self, ctx, marker):
        try:
            device = self.finder.find(ctx, marker)
        except usb_exception.UsbDeviceNotFound:
            raise exception.MarkerNotFound(marker=marker)
        # What the order looks at is a row, whose times have no zone.
        return device._context.cell_uuid, usb_db.device_get_by_uuid(
            device._context, marker)

    def get_marker_by_values(self, ctx, values):
        return usb_db.device_get_marker_by_values(
            ctx, self.sort_ctx.sort_keys, self.sort_ctx.sort_dirs, values)

    def get_by_filters(self, ctx, filters, limit, marker, **kwargs):
        try:
            return usb_db.device_get_by_filters(
                ctx, filters, limit=limit, marker=marker,
                sort_keys=self.sort_ctx.sort_keys,
                sort_dirs=self.sort_ctx.sort_dirs)
        except usb_exception.UsbDatabaseNotSynced:
            self.not_synced.add(ctx.cell_uuid)
            raise


def get_devices_sorted(context, filters, limit, marker, sort_keys,
                       sort_dirs, finder):
    """Devices of all cells as objects, one page.

    :param filters: see ``nova.db.usb.api.device_get_by_filters``
    :param limit: how many at most, or None
    :param marker: uuid of the last device of the page before, or None
    :param sort_keys: list of columns
    :param sort_dirs: list with 'asc' or 'desc' for each
    :param finder: nova.compute.usb.device_finder.DeviceFinder
    :raises: MarkerNotFound, UsbDatabaseNotSynced, UsbCellUnavailable
    """
    lister = UsbDeviceLister(sort_keys, sort_dirs, finder)
    devices = [usb_obj.UsbDevice.from_row(context, row)
               for row in lister.get_records_sorted(
                   context, filters, limit, marker)]
    if lister.not_synced:
        # A cell that is down is left out, as everywhere in Nova; one that
        # an operator forgot must not look empty.
        raise usb_exception.UsbDatabaseNotSynced(
            cell=', '.join(sorted(lister.not_synced)))
    return devices
