# SPDX-License-Identifier: Apache-2.0
"""One of two identical devices: the one that was asked for."""

from lab import check
from lab import devices
from lab import domain
from lab import sysfs

TITLE = '3 of two identical devices the one that was asked for'


def run(context):
    found = sysfs.devices(context.host.channel)
    seen = []
    # One after the other, so that luck cannot pass for both.
    for device, other in ((devices.TWIN_B, devices.TWIN_A),
                          (devices.TWIN_A, devices.TWIN_B)):
        record = context.granted(device)
        check.that(record['serial'] is None, 'the twin has a serial: %s',
                   record['serial'])
        context.member.attach(context.server, record['id'])
        kernel = found[record['port_path']]
        address = (int(kernel['busnum']), int(kernel['devnum']))
        has = domain.live(context.host.channel, context.server)
        check.that(has == [address],
                   'asked for the one at port %s, %s; the domain has %s',
                   record['port_path'], address, has)
        spare = context.record(other)
        check.that(spare['status'] == 'available',
                   'the other one is shown as %s', spare)
        context.member.detach(context.server, record['id'])
        seen.append('port %s is bus %d device %d'
                    % (record['port_path'], *address))
    return ['; '.join(seen) + '; each in turn was what the domain had']
