# SPDX-License-Identifier: Apache-2.0
"""Client side of the compute RPC namespace ``usb``."""

import oslo_messaging as messaging

from nova.compute import rpcapi as compute_rpcapi
from nova.compute.usb import sender
import nova.conf
from nova.objects import base as objects_base
from nova import rpc

CONF = nova.conf.CONF

#: How often a message is sent again while the broker does not take it.
#: Bounded, so that a request is answered although the broker is away.
SEND_RETRIES = 2


class ComputeUsbAPI(object):
    """Asks the nova-compute of one host.

    All but ``look_again`` are calls: they wait for the answer, ``[usb]
    rpc_timeout`` seconds at most.  Besides what the other side raises each
    may raise ``oslo_messaging.MessagingTimeout`` (no answer; perhaps it will
    be sent later), and ``oslo_messaging.MessageDeliveryFailure`` (not sent).

    Versions of the namespace::

        1.0 - attach_usb_device, detach_usb_device, look_again, rescan,
              withdraw
    """

    NAMESPACE = 'usb'
    VERSION = '1.0'

    def __init__(self):
        self._router = None
        self._sender = sender.Sender()

    def _client(self, context, host):
        if self._router is None:
            # Late: rpc.init() comes after the import of this module.  The
            # router of ComputeAPI is no use here, its version cap is that
            # of another namespace.
            target = messaging.Target(
                topic=compute_rpcapi.RPC_TOPIC, namespace=self.NAMESPACE,
                version=self.VERSION)
            self._router = rpc.ClientRouter(rpc.get_client(
                target, serializer=objects_base.NovaObjectSerializer()))
        return self._router.client(context).prepare(
            server=host, timeout=CONF.usb.rpc_timeout, retry=SEND_RETRIES)

    def _call(self, context, host, method, **kwargs):
        return self._sender.call(
            context, host,
            lambda: self._client(context, host).call(
                context, method, **kwargs))

    def attach_usb_device(self, context, instance, device_uuid):
        """Attach a device that was claimed for the instance.

        :returns: the UsbDevice, attached
        :raises: nova.usb.exception.UsbDeviceConflict and its subclasses;
            the claim is free then
        """
        return self._call(context, instance.host, 'attach_usb_device',
                          instance=instance, device_uuid=device_uuid)

    def detach_usb_device(self, context, instance, device_uuid):
        """Detach a device of the instance that is ``detaching``.

        :raises: nova.usb.exception.UsbDetachFailed; the device is
            ``attached`` again then
        """
        self._call(context, instance.host, 'detach_usb_device',
                   instance=instance, device_uuid=device_uuid)

    def rescan(self, context, host):
        """Scan the host's devices now and report all of them.

        :raises: nova.usb.exception.UsbNotSupported
        """
        self._call(context, host, 'rescan')

    def withdraw(self, context, host):
        """Have the host give nothing any more, until it is restarted."""
        self._call(context, host, 'withdraw')

    def look_again(self, context, host):
        """Have the host look for what nobody ends; waits for nothing.

        Never raises; a failure is logged.
        """
        self._sender.tell(
            context, host,
            lambda: self._client(context, host).cast(context, 'look_again'))
