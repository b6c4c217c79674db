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

#: The questions that wait for an answer, by node.  A disk that does not
#: answer is asked once: each further question would keep one more thread here,
#: and one more of those of nova.privsep's daemon, which serves all of
#: nova-compute.
_asked = {}
_lock = threading.Lock()


class _Question(object):
    """Whether somebody holds one disk."""

    def __init__(self):
        self.answer = SILENT


def find(dev_root, names, patience=2.0):
    """Find the disks that somebody holds, in any mount namespace.

    :param dev_root: where device nodes are
    :param names: of whole disks, as ``sdb``
    :param patience: seconds for which an answer is waited for
    :returns: dict of those that are held to HELD, and of those of which the
        kernel does not tell it in time to SILENT
    """
    questions = {name: _question(os.path.join(dev_root, name))
                 for name in names}
    end = time.monotonic() + patience
    while any(question.answer == SILENT for question in questions.values()
              ) and time.monotonic() < end:
        time.sleep(_STEP)
    return {name: question.answer for name, question in questions.items()
            if question.answer}


def _question(node):
    """Ask of a disk, unless that is under way already.

    :returns: _Question, which gets its answer later
    """
    with _lock:
        question = _asked.get(node)
        if question is None:
            question = _asked[node] = _Question()
            # Opening a disk that does not answer waits for it.  A thread of
            # the kernel is not needed: it is nova.privsep's daemon that
            # waits.
            threading.Thread(target=_ask, args=(node, question),
                             daemon=True, name='usb-disk').start()
    return question


def _ask(node, question):
    held = None
    try:
        held = nova.privsep.usb.is_held(node)
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
        with _lock:
            del _asked[node]
        question.answer = HELD if held else None
