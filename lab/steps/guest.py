# SPDX-License-Identifier: Apache-2.0
"""The guest's own kernel sees the stick that was attached."""

from lab import check
from lab import context as lab_context
from lab import devices
from lab import domain
from lab import guest
from lab import sysfs
from toolbox import waiting

TITLE = "2 the guest's kernel sees the stick, its serial, and it go"
APPEARS = 'SerialNumber: ' + devices.STICK.serial
GOES = 'USB disconnect'


def run(context):
    clock = lab_context.Clock()
    remarks = [_boot(context, clock)]
    stick = context.granted(devices.STICK)
    clock.lap()
    answer = context.member.attach(context.server, stick['id'])
    took = clock.lap()
    check.that(answer['status'] == 'attached' and
               answer['instance_uuid'] == context.server,
               'the attached stick is shown as %s', answer)
    check.that(domain.live(context.host.channel, context.server) ==
               [(stick['bus_number'], stick['device_number'])],
               'the domain has not the stick at %d:%d',
               stick['bus_number'], stick['device_number'])
    context.wait_console(APPEARS)
    remarks.append("attach %.1f s; the guest's kernel said '%s' after "
                   "%.0f s" % (took, APPEARS, took + clock.lap()))
    _let_go(context, stick, clock, remarks)
    return remarks


def _boot(context, clock):
    context.server = context.member.boot(
        'lab-1', context.world.image_id, context.world.flavor_id)
    context.member.wait_server(context.server, 'ACTIVE', lab_context.SERVER)
    active = clock.lap()
    context.wait_console(guest.READY, timeout=lab_context.GUEST_BOOT)
    return 'server ACTIVE after %.0f s, guest up %.0f s later' % (
        active, clock.lap())


def _let_go(context, stick, clock, remarks):
    gone = context.console().count(GOES)
    clock.lap()
    context.member.detach(context.server, stick['id'])
    took = clock.lap()
    context.wait_console(GOES, times=gone + 1)
    remarks.append("detach %.1f s; the guest's kernel said '%s' after "
                   '%.0f s' % (took, GOES, took + clock.lap()))
    check.that(domain.live(context.host.channel, context.server) == [],
               'the domain still has a USB device of the host')
    record = context.admin.device(stick['id'])
    check.that(record['status'] == 'available' and not record['instance_uuid'],
               'the detached stick is shown as %s', record)
    waiting.wait_for(
        "the host's usb-storage driver to have the stick back",
        lambda: sysfs.driver(context.host.channel, stick['port_path'])
        == 'usb-storage', lab_context.REPORT)
