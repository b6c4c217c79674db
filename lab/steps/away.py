# SPDX-License-Identifier: Apache-2.0
"""The broker, the database and libvirtd go away and come back."""

from lab import agreement
from lab import check
from lab import context as lab_context
from lab import devices
from lab import domain
from lab import libvirt
from toolbox import waiting

TITLE = '11 broker, database, libvirtd gone and back: all agrees again'
DEVICE = devices.ADAPTER
NEW = devices.LATE
# What an attach may be answered while something is away: the host cannot be
# reached (409), or the cloud cannot answer at all (503).
REFUSALS = (409, 503)
# Seconds until all agrees after the end of an outage.  nova-compute may wait
# for an answer that was lost (rpc_response_timeout, 60), and it tries again at
# the next scan (30); clients look for the broker every 30.
BACK = 600
# In nova-api's log: the heartbeat of a connection has found out, and keeps
# the connection locked until the broker is back.  Seconds until then: twice
# the 10 between two heartbeats, and some.
LOCKED = 'trying to reconnect'
HEARTBEAT = 240
# In nova-compute's log: libvirt's event, and our complaint.
EVENT = 'DeviceRemovedEvent'
FAILED_REPORT = 'USB devices were not reported'


def run(context):
    devices.make_disk(NEW, context.host.state)
    record = context.granted(DEVICE)
    world = context.world
    return [_away(context, record, 'RabbitMQ', world.broker,
                  _asked_twice),
            _away(context, record, 'MariaDB', world.database,
                  _asked_once),
            _libvirtd(context, record)]


def _away(context, record, name, service, ask):
    """Plug a device and ask for an attach while a service is away.

    :param ask: how; a function that returns the answers
    """
    answers = _meanwhile(context, record, service, ask)
    heard = context.last_heard()
    for answer, _took in answers:
        check.that(answer.status_code in REFUSALS,
                   'without %s an attach was answered %d: %s', name,
                   answer.status_code, answer.text)
    clock = lab_context.Clock()
    context.wait_record(NEW, timeout=BACK)
    seen = clock.lap()
    now = _agreed(context, record)
    waiting.wait_for('nova-compute to be heard of again',
                     lambda: context.last_heard() != heard, BACK)
    agreed = seen + clock.lap()
    check.that(now['status'] == 'available',
               'an attach that was refused gave the server %s', now)
    context.member.attach(context.server, record['id'])
    context.member.detach(context.server, record['id'])
    devices.unplug(context.host.qmp, NEW)
    context.wait_record(NEW, lambda found: found is None)
    return ('%s: attach answered %s; once it was back the new device was in '
            'the API after %.1f s, all agreed after %.1f s'
            % (name, ', '.join('%d after %.1f s' % (answer.status_code, took)
                               for answer, took in answers), seen, agreed))


def _meanwhile(context, record, service, ask):
    """Have a service stopped while things happen.

    :returns: what `ask` returned
    """
    logs = {LOCKED: context.world.outside.api_log,
            FAILED_REPORT: context.world.compute.log}
    known = {text: _logged(log, text) for text, log in logs.items()}
    service.stop()
    try:
        context.host.channel.forget_events()
        devices.plug(context.host.qmp, NEW, context.host.state)
        context.host.channel.wait_event('add')
        return ask(context, record, lambda text, timeout: _wait_logged(
            logs[text], text, known[text], timeout))
    finally:
        service.start()
        service.wait_ready()


def _asked(context, record):
    """:returns: (the answer to an attach, the seconds that it took)"""
    clock = lab_context.Clock()
    answer = context.member.try_attach(context.server, record['id'])
    return answer, clock.lap()


def _asked_once(context, record, wait_logged):
    """Ask; nova-compute, too, finds out before the service is back."""
    answers = [_asked(context, record)]
    wait_logged(FAILED_REPORT, lab_context.REPORT)
    return answers


def _asked_twice(context, record, wait_logged):
    """Ask at once, and again when the connections are locked."""
    answers = [_asked(context, record)]
    wait_logged(LOCKED, HEARTBEAT)
    return answers + [_asked(context, record)]


def _logged(log, text):
    """How often a log has a text."""
    with open(log, errors='replace') as lines:
        return lines.read().count(text)


def _wait_logged(log, text, known, timeout=lab_context.REPORT):
    """Wait until a log has a text once more than `known`."""
    waiting.wait_for("'%s' in %s" % (text, log),
                     lambda: _logged(log, text) > known, timeout)


def _agreed(context, record):
    """Wait until all agree; no service may have ended meanwhile."""
    now = waiting.wait_for(
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
    check.that(answer.status_code in REFUSALS,
               'without libvirtd a detach was answered %d: %s',
               answer.status_code, answer.text)
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
            % (answer.status_code, took))


def _detach(context, record):
    """Detach; libvirt's event of it has to reach nova-compute."""
    log = context.world.compute.log
    known = _logged(log, EVENT)
    context.member.detach(context.server, record['id'])
    has = domain.live(context.host.channel, context.server)
    check.that(has == [], 'after the detach the domain has %s', has)
    _wait_logged(log, EVENT, known)
