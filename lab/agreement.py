# SPDX-License-Identifier: Apache-2.0
"""Whether record, domain and Placement say the same of a device."""

from lab import domain

PREFIX = 'CUSTOM_USB_'


def reached(context, record, device):
    """The record, when all agree with it and nothing is half done.

    :param context: lab.context.Context, whose server may have the device,
        and no other one
    :param record: the device's record as it once was
    :param device: lab.devices.Device
    :returns: the record as it is now, or None
    """
    now = context.admin.device(record['id'])
    if now['status'] not in ('available', 'attached'):
        return None
    held = now['status'] == 'attached'
    has = domain.live(context.host.channel, context.server)
    wanted = [context.kernel_address(device)] if held else []
    # A device that is granted to a project is not in Placement.
    pool = wanted if now['project_id'] is None else []
    if (has == wanted and counted(context) == len(pool) and
            context.serves()):
        return now
    return None


def counted(context):
    """How many USB devices Placement counts for the server."""
    found = context.admin.call('GET', 'placement',
                               '/allocations/' + context.server)
    return sum(amount for provider in found['allocations'].values()
               for name, amount in provider['resources'].items()
               if name.startswith(PREFIX))
