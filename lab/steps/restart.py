# SPDX-License-Identifier: Apache-2.0
"""A server that starts again has its devices again."""

from lab import check
from lab import context as lab_context
from lab import devices
from lab import domain
from lab import guest
from toolbox import waiting

TITLE = '9 hard reboot, stop and start, start without the device'
STICK = devices.STICK
SERIAL = 'SerialNumber: ' + STICK.serial


def run(context):
    stick = context.granted(STICK)
    context.member.attach(context.server, stick['id'])
    remarks = [_hard_reboot(context), _stop_and_start(context, stick)]
    context.member.detach(context.server, stick['id'])
    return remarks


def _hard_reboot(context):
    clock = lab_context.Clock()
    context.member.action(context.server, reboot={'type': 'HARD'})
    context.member.wait_server(context.server, 'ACTIVE', lab_context.SERVER)
    has = domain.live(context.host.channel, context.server)
    wanted = [context.kernel_address(STICK)]
    check.that(has == wanted,
               'after the hard reboot the domain has %s and not %s', has,
               wanted)
    # The console's log begins anew with the domain.
    context.wait_console(guest.READY, timeout=lab_context.GUEST_BOOT)
    context.wait_console(SERIAL)
    return ("hard reboot: the domain has it; the guest's kernel said '%s' "
            '%.0f s after the request' % (SERIAL, clock.lap()))


def _stop_and_start(context, stick):
    member = context.member
    member.action(context.server, **{'os-stop': None})
    member.wait_server(context.server, 'SHUTOFF', lab_context.SERVER)
    now = context.admin.device(stick['id'])
    check.that(now['status'] == 'attached' and
               now['instance_uuid'] == context.server,
               "a stopped server's device is shown as %s", now)
    devices.unplug(context.host.qmp, STICK)
    waiting.wait_for(
        'the API to show the stick as not present',
        lambda: not context.admin.device(stick['id'])['present'],
        lab_context.REPORT)
    member.action(context.server, **{'os-start': None})
    member.wait_server(context.server, 'ACTIVE', lab_context.SERVER)
    has = domain.live(context.host.channel, context.server)
    check.that(has == [], 'started without the stick, the domain has %s', has)
    devices.plug(context.host.qmp, STICK, context.host.state)
    clock = lab_context.Clock()
    waiting.wait_for(
        'the started server to have the stick that came back',
        lambda: domain.live(context.host.channel, context.server) ==
        [context.kernel_address(STICK)], lab_context.REPORT)
    took = clock.lap()
    context.wait_console(SERIAL, timeout=lab_context.GUEST_BOOT)
    return ('stop, pull it out, start: the server starts; plugged in, it is '
            "attached after %.1f s and the guest's kernel sees it" % took)
