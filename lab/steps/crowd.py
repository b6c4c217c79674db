# SPDX-License-Identifier: Apache-2.0
"""A thousand attaches of one device over HTTP: one of them gets it.

All are on their way before the first is complete.  The claims meet in
MariaDB, and the host is asked through RabbitMQ, once.
"""

import collections

from lab import check
from lab import context as lab_context
from lab import devices
from lab import domain

TITLE = '7 a thousand attaches of one device at once'
REQUESTS = 1000
DEVICE = devices.ADAPTER


def run(context):
    record = context.granted(DEVICE)
    clock = lab_context.Clock()
    counts = collections.Counter(context.member.attach_at_once(
        context.server, record['id'], REQUESTS))
    took = clock.lap()
    check.that(counts == {200: 1, 409: REQUESTS - 1},
               'the answers were %s', dict(counts))
    shown = context.record(DEVICE)
    check.that((shown['status'], shown['instance_uuid']) ==
               ('attached', context.server), 'the record says %s', shown)
    has = domain.live(context.host.channel, context.server)
    check.that(len(has) == 1, 'the domain has %s', has)
    context.member.detach(context.server, record['id'])
    return ['%d connections, all open before the first request was complete: '
            'one 200, %d times 409, nothing else; %.0f answers a second'
            % (REQUESTS, REQUESTS - 1, REQUESTS / took)]
