# SPDX-License-Identifier: Apache-2.0
"""udev rules keep the host's drivers off a device that servers may have."""

import pathlib

from lab import check
from lab import context as lab_context
from lab import devices
from lab import domain
from toolbox import waiting

#: It has not been seen to pass yet.
ON_REQUEST = True
TITLE = "12 the udev rules keep the host's drivers off a device"
STICK = devices.STICK
RULES = (pathlib.Path(__file__).parents[2] / 'etc/udev/rules.d' /
         '59-nova-usb.rules')
#: Read as those in /etc are, and gone with the host.
PLACE = '/run/udev/rules.d/59-nova-usb.rules'
MARK = '# NOVA_USB_DEVICES'
LINE = 'ATTRS{serial}=="%s", ENV{NOVA_USB}="1"\n' % STICK.serial


def run(context):
    channel = context.host.channel
    server = context.server
    stick = context.granted(STICK)
    check.that(_driver(context, STICK) == 'usb-storage',
               'without the rules its driver is %s', _driver(context, STICK))
    rules = RULES.read_text()
    channel.shell("mkdir -p %s && cat > %s <<'END'\n%s\nEND\n"
                  'udevadm control --reload' % (
                      PLACE.rpartition('/')[0], PLACE,
                      rules.replace(MARK, LINE + MARK)))
    try:
        _replug(context, stick)
        _wait_driver(context, '')
        other = _driver(context, devices.MOUNTED)
        check.that(other == 'usb-storage',
                   'a stick that no rule names has driver %s', other)
        context.member.attach(server, stick['id'])
        has = domain.live(channel, server)
        check.that(has == [context.kernel_address(STICK)],
                   'attached, the domain has %s', has)
        context.member.detach(server, stick['id'])
        channel.shell('udevadm settle')
        check.that(_driver(context, STICK) == '',
                   'let go of by the guest, its driver is %s',
                   _driver(context, STICK))
    finally:
        channel.shell('rm -f %s && udevadm control --reload' % PLACE)
    _replug(context, stick)
    _wait_driver(context, 'usb-storage')
    return ['no driver when it was plugged in, none after a guest had it; '
            'another stick kept its own; without the rules again usb-storage']


def _replug(context, stick):
    devices.unplug(context.host.qmp, STICK)
    waiting.wait_for(
        'the API to show the stick as not there',
        lambda: context.record(STICK) is None, lab_context.REPORT)
    devices.plug(context.host.qmp, STICK, context.host.state)
    context.wait_record(STICK, lambda record: record and record['present'])
    # It may be another record: that of a free device goes with it.
    stick.update(context.granted(STICK))


def _driver(context, device):
    """The driver of a device's first interface, '' without one."""
    return context.host.channel.shell(
        'udevadm settle; basename "$(readlink '
        '/sys/bus/usb/devices/%s:1.0/driver)"' %
        context.port_path(device)).strip()


def _wait_driver(context, wanted):
    waiting.wait_for("the stick to have the driver '%s'" % wanted,
                     lambda: _driver(context, STICK) == wanted,
                     lab_context.REPORT)
