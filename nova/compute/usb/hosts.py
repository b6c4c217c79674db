# SPDX-License-Identifier: Apache-2.0
"""What nova-api asks of compute hosts, with their errors in our words."""

from oslo_log import log as logging
import oslo_messaging as messaging
from oslo_utils import timeutils

from nova.compute.usb import rpcapi as usb_rpcapi
import nova.conf
from nova import objects
from nova import servicegroup
from nova.usb import exception as usb_exception
from nova.usb import status

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: What an RPC call raises when nobody answers.
NO_ANSWER = (messaging.MessagingTimeout, messaging.MessageDeliveryFailure)


def may_be_under_way(device):
    """Whether the request behind a device's state may still be waited for.

    nova-api waits ``[usb] rpc_timeout`` for its host and then undoes what it
    began; the clocks of services may differ by as much again.

    :param device: UsbDevice
    """
    return (device.status in status.UNDER_WAY and
            not timeutils.is_older_than(
                device.updated_at, 2 * CONF.usb.rpc_timeout))


class Hosts(object):
    """The compute hosts, as far as USB devices are concerned."""

    def __init__(self, rpcapi=None):
        self.rpcapi = rpcapi or usb_rpcapi.ComputeUsbAPI()
        self.servicegroup_api = servicegroup.API()

    def is_up(self, context, host):
        """Whether the nova-compute of a host is up.

        :param context: targeted at the host's cell
        """
        service = objects.Service.get_by_host_and_binary(
            context, host, 'nova-compute')
        return bool(service) and self.servicegroup_api.service_is_up(service)

    def check_up(self, context, host):
        """:raises: UsbHostUnavailable where it is down"""
        if not self.is_up(context, host):
            raise usb_exception.UsbHostUnavailable(reason='it is down')

    def ask(self, method, *args):
        """Make one call.

        :param method: the name of a method of ComputeUsbAPI
        :param args: its arguments
        :returns: what it returns
        :raises: what it raises; UsbHostUnavailable, UsbNotSupported
        """
        try:
            return getattr(self.rpcapi, method)(*args)
        except NO_ANSWER as e:
            raise usb_exception.UsbHostUnavailable(reason=type(e).__name__)
        except messaging.RemoteError as e:
            if e.exc_type in ('UnsupportedVersion', 'NoSuchMethod'):
                raise usb_exception.UsbNotSupported(
                    reason='the nova-compute of that host is too old')
            LOG.error('nova-compute failed at a USB request: %s', e)
            raise usb_exception.UsbHostUnavailable(reason=e.exc_type)

    def look_again(self, device):
        """Have a device's host compare its record with the domain soon."""
        self.rpcapi.look_again(device._context, device.host)

    def look_again_if_stalled(self, device):
        """Have the host end a request that nobody waits for any more.

        A nova-api that dies in the middle of a request leaves it, and the
        host may never hear of it.  The clocks may differ: whether the
        request is over is for the host to say.
        """
        if device.status in status.UNDER_WAY and not may_be_under_way(device):
            self.look_again(device)
