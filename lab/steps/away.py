# SPDX-License-Identifier: Apache-2.0
"""The broker, the database and libvirtd go away and come back."""

from lab import agreement
from lab import check
from lab import context as lab_context
from lab import devices
from lab import domain
from lab import libvirt
from lab import process

TITLE = '11 broker, database, libvirtd gone and back: all agrees again'
#: Run by number alone.  Seen once, after the other ten steps: without
#: RabbitMQ nova-api tried to send for longer than the 120 seconds that a user
#: of the lab waits.  Why is not known yet.
ON_REQUEST = True
DEVICE = devices.ADAPTER
NEW = devices.LATE
# What an attach may be answered while something is away: the host cannot be
# reached (409), or the cloud cannot answer at all (503).
REFUSALS = (409, 503)
# Seconds until all agrees after the end of an outage.  nova-compute may wait
# for an answer that was lost (rpc_response_timeout, 60), and it tries again at
# the next scan (30); clients look for the broker every 30.
BACK = 240
# In nova-compute's log: libvirt's event, and our complaint.
EVENT = 'DeviceRemovedEvent'
FAILED_REPORT = 'USB devices were not reported'


def run(context):
    devices.make_disk(NEW, context.host.state)
    record = context.granted(DEVICE)
    world = context.world
    return [_away(context, record, 'RabbitMQ', world.broker),
            _away(context, record, 'MariaDB', world.database,
                  FAILED_REPORT),
            _libvirtd(context, record)]


def _away(context, record, name, service, sign=''):
    """Plug a device and ask for an attach while a service is away.

    :param sign: what nova-compute says of it, before the service comes back
    """
    answer, answered = _meanwhile(context, record, service, sign)
    heard = context.last_heard()
    check.that(answer.status in REFUSALS,
               'without %s an attach was answered %d: %s', name,
               answer.status, answer.text)
    clock = lab_context.Clock()
    context.wait_record(NEW, timeout=BACK)
    seen = clock.lap()
    now = _agreed(context, record)
    process.wait_for('nova-compute to be heard of again',
                     lambda: context.last_heard() != heard, BACK)
    agreed = seen + clock.lap()
    check.that(now['status'] == 'available',
               'an attach that was refused gave the server %s', now)
    context.member.attach(context.server, record['id'])
    context.member.detach(context.server, record['id'])
    devices.unplug(context.host.qmp, NEW)
    context.wait_record(NEW, lambda found: found is None)
    return ('%s: attach answered %d after %.1f s; once it was back the new '
            'device was in the API after %.1f s, all agreed after %.1f s'
            % (name, answer.status, answered, seen, agreed))


def _meanwhile(context, record, service, sign):
    """Have a service stopped while things happen.

    :returns: (the answer to an attach, the seconds that it took)
    """
    known = _logged(context, sign)
    service.stop()
    try:
        context.host.channel.forget_events()
        devices.plug(context.host.qmp, NEW, context.host.state)
        context.host.channel.wait_event('add')
        clock = lab_context.Clock()
        answer = context.member.try_attach(context.server, record['id'])
        took = clock.lap()
        if sign:
            _wait_logged(context, sign, known)
    finally:
        service.start()
        service.wait_ready()
    return answer, took


def _logged(context, text):
    """How often nova-compute's log has a text."""
    return context.world.compute.log.read_text(errors='replace').count(text)


def _wait_logged(context, text, known):
    """Wait until it has it once more than `known`."""
    process.wait_for("'%s' in nova-compute's log" % text,
                     lambda: _logged(context, text) > known,
                     lab_context.REPORT)


def _agreed(context, record):
    """Wait until all agree; no service may have ended meanwhile."""
    now = process.wait_for(
        'record, domain and Placement to agree',
        lambda: agreement.reached(context, record, DEVICE), BACK)
    context.world.outside.check()
    context.world.compute.check()
    return now


def _libvirtd(context, record):
    channel = context.host.channel
    context.member.attach(context.server, record['id'])
    emulator = libvirt.qemu(channel, context.server)
    libvirt.kill(channel)
    try:
        answer = context.member.try_detach(context.server, record['id'])
    finally:
        libvirt.start(channel)
    check.that(answer.status in REFUSALS,
               'without libvirtd a detach was answered %d: %s',
               answer.status, answer.text)
    check.that(libvirt.qemu(channel, context.server) == emulator,
               'the server was started again with libvirtd')
    now = _agreed(context, record)
    check.that(now['status'] == 'attached',
               'after a restart of libvirtd the server has %s', now)
    _detach(context, record)
    clock = lab_context.Clock()
    context.member.attach(context.server, record['id'])
    took = clock.lap()
    check.that(_agreed(context, record)['status'] == 'attached',
               'attached after a restart of libvirtd, it is not there')
    _detach(context, record)
    return ('libvirtd: detach answered %d without it; the server kept its '
            'device; then detach, its event, attach (%.1f s) as ever'
            % (answer.status, took))


def _detach(context, record):
    """Detach; libvirt's event of it has to reach nova-compute."""
    known = _logged(context, EVENT)
    context.member.detach(context.server, record['id'])
    has = domain.live(context.host.channel, context.server)
    check.that(has == [], 'after the detach the domain has %s', has)
    _wait_logged(context, EVENT, known)
