# SPDX-License-Identifier: Apache-2.0
"""nova-compute is killed in the middle of an attach or detach."""

import threading

from lab import agreement
from lab import check
from lab import compute
from lab import context as lab_context
from lab import devices
from toolbox import waiting

TITLE = '10 nova-compute killed in mid attach, detach: all agrees again'
DEVICE = devices.ADAPTER
# Some of nova.compute.usb.attachments.STEPS: the claim is there, the domain
# has no device yet; the domain has it, the record does not say so; the
# domain has it no more, the record says so still.
MOMENTS = ('attach:located', 'attach:in_domain', 'detach:out_of_domain')


def run(context):
    record = context.granted(DEVICE)
    remarks = []
    for moment in MOMENTS:
        if moment.startswith('detach') and not _held(context, record):
            context.member.attach(context.server, record['id'])
        remarks.append(_killed(context, record, moment))
    if _held(context, record):
        context.member.detach(context.server, record['id'])
    return remarks


def _held(context, record):
    return context.admin.device(record['id'])['instance_uuid'] is not None


def _killed(context, record, moment):
    verb = (context.member.try_attach if moment.startswith('attach')
            else context.member.try_detach)
    nova = context.world.compute
    nova.kill_at(moment)
    request = threading.Thread(
        target=verb, args=(context.server, record['id']), daemon=True)
    request.start()
    waiting.wait_for('nova-compute to be killed at ' + moment,
                     lambda: not nova.running(), lab_context.REPORT)
    clock = lab_context.Clock()
    nova.start()
    now = waiting.wait_for(
        'records, domain and Placement to agree',
        lambda: agreement.reached(context, record, DEVICE),
        compute.START_TIMEOUT, interval=2, check=nova.check)
    took = clock.lap()
    # It ends with the RPC's timeout; nothing may follow from it then.
    request.join(lab_context.SERVER)
    check.that(not request.is_alive(), 'the request of %s hangs', moment)
    after = agreement.reached(context, record, DEVICE)
    check.that(after, 'after the request had ended, they disagree again')
    return 'killed at %s: %s, %.0f s after its start' % (
        moment, (after or now)['status'], took)
