# SPDX-License-Identifier: Apache-2.0
"""A thousand attaches of one device over HTTP: one of them gets it.

The claims meet in MariaDB, and the host is asked through RabbitMQ, once.
"""

import collections
from concurrent import futures

from lab import check
from lab import context as lab_context
from lab import devices
from lab import domain

TITLE = '7 a thousand attaches of one device'
REQUESTS = 1000
#: Requests that are on their way at one time.
AT_ONCE = 200
DEVICE = devices.ADAPTER


def run(context):
    record = context.granted(DEVICE)
    clock = lab_context.Clock()
    with futures.ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(
            lambda _n: context.member.try_attach(
                context.server, record['id']).status, range(REQUESTS)))
    took = clock.lap()
    counts = collections.Counter(answers)
    check.that(counts == {200: 1, 409: REQUESTS - 1},
               'the answers were %s', dict(counts))
    shown = context.record(DEVICE)
    check.that((shown['status'], shown['instance_uuid']) ==
               ('attached', context.server), 'the record says %s', shown)
    has = domain.live(context.host.channel, context.server)
    check.that(len(has) == 1, 'the domain has %s', has)
    context.member.detach(context.server, record['id'])
    return ['%d at a time: one 200, %d times 409, nothing else; %.0f requests '
            'a second' % (AT_ONCE, REQUESTS - 1, REQUESTS / took)]
