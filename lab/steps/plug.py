# SPDX-License-Identifier: Apache-2.0
"""A new device is in the API soon after the kernel's event."""

import time

from lab import check
from lab import context as lab_context
from lab import devices
from toolbox import waiting

TITLE = '4 a device that is plugged is in the API within a second'
TIMES = 5
LIMIT = 1.0
DEVICE = devices.LATE


def run(context):
    devices.make_disk(DEVICE, context.host.state)
    offset, error = context.host.channel.clock()
    appeared, went = [], []
    for _ in range(TIMES):
        appeared.append(_plug(context, offset))
        went.append(_unplug(context, offset))
        # An event of its own each time, not the end of the last.
        time.sleep(2)
    remarks = [
        'in the API %s after the kernel\'s event'
        % ', '.join('%.2f s' % delay for delay in appeared),
        'gone from it %s after (clocks compared to ±%.0f ms)'
        % (', '.join('%.2f s' % delay for delay in went), error * 1000)]
    check.in_time(min(appeared) <= LIMIT, '%s', '; '.join(remarks))
    return remarks


def _plug(context, offset):
    context.host.channel.forget_events()
    devices.plug(context.host.qmp, DEVICE, context.host.state)
    event = context.host.channel.wait_event('add')
    return _until(context, event, offset, bool)


def _unplug(context, offset):
    context.host.channel.forget_events()
    devices.unplug(context.host.qmp, DEVICE)
    event = context.host.channel.wait_event('remove')
    return _until(context, event, offset, lambda record: record is None)


def _until(context, event, offset, check):
    """Seconds from the kernel's event to the API's first answer with it."""
    waiting.wait_for('the API to follow the event',
                     lambda: check(context.record(DEVICE)),
                     lab_context.REPORT,
                     interval=0.02)
    return time.time() - (event['time'] + offset)
