# SPDX-License-Identifier: Apache-2.0
"""Lists USB devices across cells, sorted and in pages."""

from nova.compute import multi_cell_list
from nova import context as nova_context
from nova.db.usb import api as usb_db
from nova import exception
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception


class UsbDeviceLister(multi_cell_list.CrossCellLister):

    marker_identifier = 'uuid'

    def __init__(self, sort_keys, sort_dirs):
        if 'uuid' not in sort_keys:
            # Makes the order total, so that no page repeats or skips a row.
            # In the same direction: an index is read in one or the other.
            sort_keys = sort_keys + ['uuid']
            sort_dirs = sort_dirs + sort_dirs[-1:]
        super(UsbDeviceLister, self).__init__(
            multi_cell_list.RecordSortContext(sort_keys, sort_dirs))
        self.not_synced = set()

    def get_marker_record(self, ctx, marker):
        results = nova_context.scatter_gather_skip_cell0(
            ctx, usb_db.device_get_by_uuid, marker)
        for cell_uuid, result in results.items():
            if not nova_context.is_cell_failure_sentinel(result):
                return cell_uuid, result
        raise exception.MarkerNotFound(marker=marker)

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
                       sort_dirs):
    """Devices of all cells as objects, one page.

    :raises: MarkerNotFound, UsbDatabaseNotSynced
    """
    lister = UsbDeviceLister(sort_keys, sort_dirs)
    devices = [usb_obj.UsbDevice.from_row(context, row)
               for row in lister.get_records_sorted(
                   context, filters, limit, marker)]
    if lister.not_synced:
        # A cell that is down is left out, as everywhere in Nova; one that
        # an operator forgot must not look empty.
        raise usb_exception.UsbDatabaseNotSynced(
            cell=', '.join(sorted(lister.not_synced)))
    return devices
