# SPDX-License-Identifier: Apache-2.0
"""Client side of the compute RPC namespace ``usb``."""

import collections
from concurrent import futures
import threading

from oslo_log import log as logging
import oslo_messaging as messaging

from nova.compute import rpcapi as compute_rpcapi
import nova.conf
from nova.objects import base as objects_base
from nova import rpc

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: How often a message is sent again while the broker does not take it.
#: Bounded, so that a request is answered although the broker is away.
SEND_RETRIES = 2

#: How many messages to a host may wait to be sent that nobody waits for any
#: more, before further ones are refused.  Not the first: a connection may
#: stay locked for some 30 seconds after the broker is back, another not.
LATE_LIMIT = 8


class Sender(object):
    """Sends to hosts in threads of its own, so that nobody waits for ever.

    ``timeout`` and ``retry`` do not bound the sending.  When the heartbeat
    thread of a connection finds out first that the broker is away, it keeps
    the connection locked until the broker is back, and whoever was given it
    waits for the lock (oslo.messaging 18.3.1).  What is sent so late finds
    its claim gone, and the host leaves it alone.

    Only so many may wait for one host, so their threads are bounded.
    """

    def __init__(self):
        # host -> number of calls that were given up and still run
        self._late = collections.Counter()
        self._told = set()
        self._lock = threading.Lock()

    def call(self, context, host, method):
        """Call a function; wait ``[usb] rpc_timeout`` seconds for it.

        :param host: whom it sends to
        :param method: callable without arguments
        :returns: what it returns
        :raises: what it raises; oslo_messaging.MessagingTimeout;
            oslo_messaging.MessageDeliveryFailure at once, when LATE_LIMIT
            messages to that host wait to be sent
        """
        if self._late[host] >= LATE_LIMIT:
            raise messaging.MessageDeliveryFailure(
                '%d messages to host %s wait to be sent; is the message '
                'broker away?' % (LATE_LIMIT, host))
        answer = self._start(context, method)
        try:
            return answer.result(CONF.usb.rpc_timeout)
        except futures.TimeoutError:
            if answer.done():
                # It is what the function raised; or it made it just now.
                return answer.result()
        self._count(host, 1)
        answer.add_done_callback(lambda unused: self._count(host, -1))
        raise messaging.MessagingTimeout(
            'No answer from host %s after %d seconds'
            % (host, CONF.usb.rpc_timeout))

    def tell(self, context, host, method):
        """Call a function and wait for nothing; what it raises is logged.

        Nothing happens if an earlier one to that host is under way.
        """
        if host in self._told:
            return
        self._told.add(host)

        def told(answer):
            self._told.discard(host)
            if answer.exception():
                LOG.warning('Host %(host)s was not told to put the records '
                            'of its USB devices right: %(error)s',
                            {'host': host, 'error': answer.exception()})

        self._start(context, method).add_done_callback(told)

    def _count(self, host, change):
        with self._lock:
            self._late[host] += change

    @staticmethod
    def _start(context, method):
        """:returns: the futures.Future of a call in another thread"""
        answer = futures.Future()

        def run():
            # For the log: what a thread does belongs to a request.
            context.update_store()
            try:
                result = method()
            except BaseException as e:
                answer.set_exception(e)
            else:
                answer.set_result(result)

        threading.Thread(target=run, name='usb-sender', daemon=True).start()
        return answer


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
        self._sender = Sender()

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
