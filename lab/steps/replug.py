# SPDX-License-Identifier: Apache-2.0
"""Devices that are pulled out and plugged in while a server has them."""

import time

from lab import check
from lab import context as lab_context
from lab import devices
from lab import domain
from toolbox import waiting

TITLE = '8 replug: same port, other port, swapped, twenty times'
STICK = devices.STICK
TWIN = devices.TWIN_B
OTHER_PORT = '8'
REPLUGS = 20
# Seconds for a wrong thing to happen that must not happen.
PATIENCE = 10


def run(context):
    stick = context.granted(STICK)
    context.member.attach(context.server, stick['id'])
    context.wait_console('SerialNumber: ' + STICK.serial)
    remarks = [_same_port(context, stick), _other_port(context, stick),
               _swapped(context, stick), _twenty(context, stick)]
    context.member.detach(context.server, stick['id'])
    remarks.append(_without_serial(context))
    return remarks


def _plug(context, device, port=None):
    devices.plug(context.host.qmp, device, context.host.state, port)


def _unplug(context, device):
    devices.unplug(context.host.qmp, device)


def _wait_absent(context, record):
    """Wait until the device is gone, and still the server's."""
    def absent():
        now = context.admin.device(record['id'])
        check.that(now['instance_uuid'] == context.server,
                   'a device that was pulled out left its server: %s', now)
        return not now['present']

    waiting.wait_for('the API to show the device as not present', absent,
                     lab_context.REPORT)
    _wait_domain(context, [])


def _wait_back(context, record, port):
    """Wait until the server has it again, at its new address.

    :returns: seconds that took
    """
    clock = lab_context.Clock()

    def back():
        now = context.admin.device(record['id'])
        return now['present'] and now['port_path'].endswith(
            '-' + port) and now

    now = waiting.wait_for('the API to show the device as present', back,
                           lab_context.REPORT, interval=0.2)
    check.that(now['status'] == 'attached' and
               now['instance_uuid'] == context.server,
               'the device that came back is shown as %s', now)
    _wait_domain(context, [(now['bus_number'], now['device_number'])])
    return clock.lap()


def _wait_domain(context, addresses):
    channel = context.host.channel
    waiting.wait_for(
        "the domain to have of the host's USB devices: %s" % addresses,
        lambda: domain.live(channel, context.server) == addresses,
        lab_context.REPORT)


def _same_port(context, stick):
    said = context.console().count('SerialNumber: ' + STICK.serial)
    _unplug(context, STICK)
    _wait_absent(context, stick)
    _plug(context, STICK)
    took = _wait_back(context, stick, STICK.port)
    context.wait_console('SerialNumber: ' + STICK.serial, times=said + 1)
    return ("same port: attached again after %.1f s; the guest's kernel said "
            'its serial again' % took)


def _other_port(context, stick):
    _unplug(context, STICK)
    _wait_absent(context, stick)
    _plug(context, STICK, OTHER_PORT)
    took = _wait_back(context, stick, OTHER_PORT)
    _unplug(context, STICK)
    _wait_absent(context, stick)
    _plug(context, STICK)
    _wait_back(context, stick, STICK.port)
    return 'other port, by its serial: attached again after %.1f s' % took


def _swapped(context, stick):
    devices.make_disk(devices.LATE, context.host.state)
    _unplug(context, STICK)
    _plug(context, devices.LATE, STICK.port)
    other = context.wait_record(
        devices.LATE, lambda record: record and
        record['serial'] == devices.LATE.serial, port=STICK.port)
    _wait_absent(context, stick)
    time.sleep(PATIENCE)
    _wait_domain(context, [])
    now = context.admin.device(other['id'])
    check.that(now['status'] == 'available' and not now['instance_uuid'],
               'the stick that was swapped in is shown as %s', now)
    _unplug(context, devices.LATE)
    _plug(context, STICK)
    _wait_back(context, stick, STICK.port)
    return 'swapped for another stick: that one was not attached'


def _twenty(context, stick):
    clock = lab_context.Clock()
    channel = context.host.channel
    channel.forget_events()
    for _ in range(REPLUGS):
        # As fast as the host's kernel follows, and no faster: each one is to
        # be a new device for it.
        _unplug(context, STICK)
        channel.wait_event('remove')
        _plug(context, STICK)
        channel.wait_event('add')
    took = clock.lap()
    path = context.port_path(STICK)
    check.that(path, 'the kernel has lost the stick')
    settled = _wait_settled(context, stick)
    rows = [record for record in context.admin.devices()
            if record['serial'] == STICK.serial]
    check.that([row['id'] for row in rows] == [stick['id']],
               'after %d replugs the API has %s', REPLUGS, rows)
    return ('%d replugs in %.0f s: one record, one hostdev, at the right '
            'address %.1f s after the last' % (REPLUGS, took, settled))


def _wait_settled(context, stick):
    clock = lab_context.Clock()

    def settled():
        now = context.admin.device(stick['id'])
        found = context.kernel_address(STICK)
        return (now['present'] and now['status'] == 'attached' and
                (now['bus_number'], now['device_number']) == found and
                domain.live(context.host.channel,
                            context.server) == [found])

    waiting.wait_for('record, kernel and domain to agree', settled,
                     lab_context.REPORT)
    return clock.lap()


def _without_serial(context):
    """A device without serial is another one at another port."""
    twin = context.granted(TWIN)
    context.member.attach(context.server, twin['id'])
    _unplug(context, TWIN)
    _wait_absent(context, twin)
    _plug(context, TWIN, OTHER_PORT)
    other = context.wait_record(TWIN, port=OTHER_PORT)
    check.that(other['id'] != twin['id'] and other['status'] == 'available',
               'at another port, without serial, it is shown as %s', other)
    _wait_absent(context, twin)
    _unplug(context, TWIN)
    _plug(context, TWIN)
    took = _wait_back(context, twin, TWIN.port)
    context.member.detach(context.server, twin['id'])
    return ('without serial: another device at another port; at its own '
            'attached again after %.1f s' % took)
