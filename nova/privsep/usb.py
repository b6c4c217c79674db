# SPDX-License-Identifier: Apache-2.0
"""What USB passthrough does with more rights than nova-compute has."""

import errno
import os
import stat

import nova.privsep


@nova.privsep.sys_admin_pctxt.entrypoint
def is_held(path):
    """Whether somebody uses a disk as a file system, a swap or a member.

    The kernel lets one holder at a time open a block device with ``O_EXCL``
    (open(2)), and mounting, swapping, LVM, RAID and btrfs do so, in whatever
    mount namespace: ``/proc/PID/mountinfo`` shows those of one namespace
    only.  A partition that is held keeps the whole disk from being opened
    likewise.

    :param path: of the device node of a whole disk
    :returns: True or False; None where that cannot be told: there is no such
        block device, or no medium in it
    """
    try:
        if not stat.S_ISBLK(os.stat(path).st_mode):
            return None
        # Not waiting for a medium, and neither locking nor loading it.
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL | os.O_NONBLOCK |
                         os.O_CLOEXEC))
    except OSError as error:
        return True if error.errno == errno.EBUSY else None
    return False
