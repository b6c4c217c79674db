# SPDX-License-Identifier: Apache-2.0
"""Calls in threads of their own, so that nobody waits for ever.

A thread of upstream's pools that hangs is one that upstream's own requests
have to do without; so what may hang gets a new one, and their number is
bounded by whoever starts them.
"""

import collections
from concurrent import futures
import threading

from oslo_log import log as logging
import oslo_messaging as messaging

import nova.conf

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: How many messages to a host may wait to be sent that nobody waits for any
#: more, before further ones are refused.  Not the first: a connection may
#: stay locked for some 30 seconds after the broker is back, another not.
LATE_LIMIT = 8


def start(context, method):
    """Call a function in another thread.

    :param context: the RequestContext that its messages are logged with
    :param method: callable without arguments
    :returns: the concurrent.futures.Future of its result
    """
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
        answer = start(context, method)
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

        start(context, method).add_done_callback(told)

    def _count(self, host, change):
        with self._lock:
            self._late[host] += change
