# SPDX-License-Identifier: Apache-2.0
"""How long a server may hold a device.

A device is granted to a project (``project_id``) or to none.  What is
granted to none is attached by administrators, by hand; ``claim_project_id``
of a claimed device says under which of the two it was claimed.
"""


def still_holds(device, project_id):
    """Whether a server may be given a device again that it holds.

    After a revocation it keeps the device for as long as its domain runs
    and the device stays where it is, but it does not get it again: not at
    its next start, not when the device is plugged in again, and not when it
    is unshelved.

    :param device: UsbDevice, claimed
    :param project_id: the project of the server
    """
    return may_return(device, project_id, device.claim_project_id is None)


def may_return(device, project_id, by_hand):
    """Whether a server may be given a device that it once had.

    :param device: UsbDevice
    :param project_id: the project of the server
    :param by_hand: whether it had it without a grant
    """
    if device.project_id is None:
        return by_hand
    return device.project_id == project_id
