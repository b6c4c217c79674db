# SPDX-License-Identifier: Apache-2.0
"""Ask the kernel who holds a disk, without waiting for a sick one."""

import os
import threading
import time

from oslo_log import log as logging

import nova.privsep.usb

LOG = logging.getLogger(__name__)

#: What is said of a disk.
HELD = 'held'
SILENT = 'silent'

#: Seconds between two looks at whether all have answered.
_STEP = 0.002

_complained = []


def find(dev_root, names, patience=2.0):
    """Find the disks that somebody holds, in any mount namespace.

    :param dev_root: where device nodes are
    :param names: of whole disks, as ``sdb``
    :param patience: seconds for which an answer is waited for
    :returns: dict of those that are held to HELD, and of those of which the
        kernel does not tell it in time to SILENT
    """
    answers = {}
    names = list(names)
    for name in names:
        # Opening a disk that does not answer waits for it.  A thread of the
        # kernel is not needed: it is nova.privsep's daemon that waits.
        threading.Thread(
            target=_ask, args=(dev_root, name, answers), daemon=True,
            name='usb-disk').start()
    end = time.monotonic() + patience
    while len(answers) < len(names) and time.monotonic() < end:
        time.sleep(_STEP)
    found = {name: answers.get(name, SILENT) for name in names}
    return {name: answer for name, answer in found.items() if answer}


def _ask(dev_root, name, answers):
    held = None
    try:
        held = nova.privsep.usb.is_held(os.path.join(dev_root, name))
    except Exception as error:
        # Without rootwrap or sudo, say.
        if not _complained:
            _complained.append(True)
            LOG.warning(
                'nova-compute cannot ask whether a USB disk is in use (%s). '
                'What is mounted in other mount namespaces, as on the host '
                'of a container, is not seen. Set up [nova_sys_admin] '
                'helper_command, or deny disks in [usb] device_spec.', error)
    finally:
        answers[name] = HELD if held else None
