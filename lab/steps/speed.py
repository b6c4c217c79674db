# SPDX-License-Identifier: Apache-2.0
"""An attach by the API against virsh's, same device, same host."""

import statistics

from lab import check
from lab import context as lab_context
from lab import devices
from lab import domain
from toolbox import waiting

TITLE = '6 attach by the API against virsh attach-device'
TIMES = 5
XML = """<hostdev mode='subsystem' type='usb' managed='yes'>
  <source><address bus='%d' device='%d'/></source>
</hostdev>
"""
DEVICE = devices.ADAPTER


def run(context):
    record = context.granted(DEVICE)
    # Where both sides see it.
    path = '%s/hostdev.xml' % context.host.state
    with open(path, 'w') as target:
        target.write(XML % (record['bus_number'], record['device_number']))
    by_api, by_virsh = [], []
    for _ in range(TIMES):
        by_api.append(_api(context, record))
        by_virsh.append(_virsh(context, path))
    return ['API %s; virsh %s' % (_list(by_api), _list(by_virsh)),
            'median: API %.2f s, virsh %.2f s, difference %+.2f s'
            % (statistics.median(by_api), statistics.median(by_virsh),
               statistics.median(by_api) - statistics.median(by_virsh))]


def _list(seconds):
    return ' '.join('%.2f' % one for one in seconds)


def _api(context, record):
    clock = lab_context.Clock()
    context.member.attach(context.server, record['id'])
    took = clock.lap()
    context.member.detach(context.server, record['id'])
    _wait_empty(context)
    return took


def _virsh(context, path):
    channel = context.host.channel
    clock = lab_context.Clock()
    channel.run('virsh', 'attach-device', context.server, path, '--live')
    took = clock.lap()
    check.that(len(domain.live(channel, context.server)) == 1,
               'virsh attached nothing')
    channel.run('virsh', 'detach-device', context.server, path, '--live')
    _wait_empty(context)
    return took


def _wait_empty(context):
    waiting.wait_for(
        'the domain to have no USB device of the host',
        lambda: not domain.live(context.host.channel, context.server),
        lab_context.REPORT)
