# SPDX-License-Identifier: Apache-2.0
"""Requests that fail half way, as nova-api sees them.

The record says ``attaching`` or ``detaching`` then, and somebody has to end
that: nova-api takes it back where it can, and else has the host look at it.
"""

from oslo_log import log as logging
from oslo_utils import timeutils

import nova.conf
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import status

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


class Undo(object):
    """Ends what a failed request began.  Nothing here raises.

    :param rpcapi: the nova.compute.usb.rpcapi.ComputeUsbAPI
    """

    def __init__(self, rpcapi):
        self.rpcapi = rpcapi

    def attach(self, context, device):
        """Free a claim after a failure, if it is still there.

        :returns: the device when the host attached it in spite of all, else
            None
        """
        if self._try(device, device.release, [status.ATTACHING]):
            return None
        try:
            now = usb_obj.UsbDevice.get_by_uuid(context, device.uuid)
        except Exception:
            return None
        if (now.status, now.instance_uuid) == (
                status.ATTACHED, device.instance_uuid):
            return now
        return None

    def detach(self, context, device):
        """Take back a detach that failed, unless it was done all the same.

        :returns: whether the server may still have the device
        """
        if self._try(device, device.abort_detach):
            return True
        try:
            now = usb_obj.UsbDevice.get_by_uuid(context, device.uuid)
        except usb_exception.UsbDeviceNotFound:
            return False
        except Exception:
            return True
        return now.instance_uuid == device.instance_uuid

    def watch(self, device):
        """Take care of a request that nobody ended.

        A nova-api that dies in the middle of one leaves it, and its host
        may never hear of it.  The clocks may differ: whether it is over is
        for the host to say.
        """
        if device.status in status.UNDER_WAY and timeutils.is_older_than(
                device.updated_at, 2 * CONF.usb.rpc_timeout):
            self.rpcapi.look_again(device._context, device.host)

    def _try(self, device, method, *args):
        """Undo as far as it is still needed; never hides the first error.

        :returns: whether it was done
        """
        try:
            method(*args)
            return True
        except (usb_exception.UsbDeviceConflict,
                usb_exception.UsbDeviceNotFound):
            return False
        except Exception:
            LOG.exception('Undoing a failed USB request failed too; the next '
                          'report of the host will put the record right.')
        # It may never have heard of the request.
        self.rpcapi.look_again(device._context, device.host)
        return False
