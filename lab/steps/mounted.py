# SPDX-License-Identifier: Apache-2.0
"""A stick with a mounted file system stays the host's."""

from lab import check
from lab import devices

TITLE = '5 a stick with a mounted file system is refused'
PLACE = '/mnt/lab'
FIND = "basename \"$(ls -d /sys/bus/usb/devices/%s/*/host*/target*/*/block/" \
    "sd*)\""


def run(context):
    record = context.granted(devices.MOUNTED)
    channel = context.host.channel
    name = channel.shell(FIND % record['port_path']).strip()
    channel.shell('mkdir -p %s && mount /dev/%s %s' % (PLACE, name, PLACE))
    try:
        # Before any scan of its own: the attach has to look for itself.
        answer = context.member.try_attach(context.server, record['id'])
        check.that(answer.status_code == 409, 'attaching answered %d: %s',
                   answer.status_code, answer.text)
        context.admin.rescan(record['id'])
        shown = context.wait_record(
            devices.MOUNTED, lambda found: found['status'] == 'blocked')
        again = context.member.try_attach(context.server, record['id'])
        # Where it is mounted is for administrators.
        check.that(again.status_code == 409 and PLACE not in again.text,
                   'attaching the blocked stick answered %d: %s',
                   again.status_code, again.text)
        check.that(PLACE in shown['blocked_reason'],
                   'the reason for blocking is: %s', shown['blocked_reason'])
    finally:
        channel.shell('umount ' + PLACE)
    context.admin.rescan(record['id'])
    context.wait_record(devices.MOUNTED,
                        lambda found: found['status'] == 'available')
    return ['409: ' + answer.json()['conflictingRequest']['message'],
            'shown as blocked: %s; free again after umount'
            % shown['blocked_reason']]
