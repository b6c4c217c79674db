# SPDX-License-Identifier: Apache-2.0
"""Where the disks of libvirt's servers lie.

libvirt runs QEMU as a user of its own, who has to reach them and cannot
below a home or below the state folder, which is this user's alone.
"""

import pathlib
import shutil
import tempfile

# Outlives a restart of the machine, as servers do.
PARENT = '/var/tmp'
PREFIX = 'nova-usb-'
# Others may use what is in there if they know its name, and not list it.
MODE = 0o711


def _link(state):
    return state / 'data' / 'nova' / 'disks'


def folder(state):
    """The folder, made unless it is there.

    :param state: folder of one cloud's state, a pathlib.Path
    :returns: pathlib.Path
    """
    link = _link(state)
    if not link.is_dir():
        link.unlink(missing_ok=True)
        made = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX, dir=PARENT))
        made.chmod(MODE)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(made)
    return link.resolve()


def prefix(state):
    """What the names of the cloud's servers begin with in libvirt.

    Nova numbers them in each cloud from 1 on, and another may have been
    here.

    :param state: as for `folder`
    :returns: str; None when there is no folder
    """
    link = _link(state)
    return link.resolve().name + '-' if link.is_symlink() else None


def remove(state):
    """Delete it, if there is one.

    :param state: as for `folder`
    """
    link = _link(state)
    if link.is_symlink():
        shutil.rmtree(link.resolve(), ignore_errors=True)
        link.unlink()
