# SPDX-License-Identifier: Apache-2.0
"""Requests that fail half way, as nova-api sees them.

The record says ``attaching`` or ``detaching`` then, and somebody has to end
that: nova-api takes it back where it can, and else has the host look at it.
"""

from oslo_log import log as logging

from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import status

LOG = logging.getLogger(__name__)


class Rollback(object):
    """Takes back what a failed request began.  Nothing here raises.

    :param hosts: the nova.compute.usb.hosts.Hosts
    """

    def __init__(self, hosts):
        self.hosts = hosts

    def undo_attach(self, context, device):
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

    def undo_detach(self, context, device):
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
        self.hosts.look_again(device)
        return False
