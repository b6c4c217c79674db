# SPDX-License-Identifier: Apache-2.0
"""The server that the test boots: Debian's kernel and a busybox.

Its kernel tells on the console, in its own words, what happens on its USB
bus.  It has no disk to speak of and no network.
"""

import os

from lab import initramfs

MODULES = ('xhci_pci', 'uhci_hcd')
# The processor is emulated by an emulated processor, so each of these saves
# seconds: no ACPI to interpret, no security modules, no self tests, no
# patching of its own code for one processor.  On a busy machine the emulated
# timer ticks too late for the kernel's check of it, which then panics
# ("IO-APIC + timer doesn't work", seen at load 15): no_timer_check leaves it
# out.
COMMAND_LINE = ('console=ttyS0 quiet mitigations=off acpi=off lsm= audit=0 '
                'cryptomgr.notests tsc=reliable noreplace-smp '
                'no_timer_check')
READY = 'guest: ready'
MEGABYTE = 1024 * 1024
MEMORY = 160


def build(kernel, state, code):
    """Write the guest's initramfs.

    :param kernel: lab.kernel.Kernel
    :param state: directory for it
    :param code: directory of this package
    :returns: its path
    """
    path = os.path.join(state, 'guest.initramfs')
    with open(os.path.join(code, 'inside', 'guest-init.sh')) as init:
        initramfs.build(path, kernel, MODULES, init.read())
    return path


def upload(user, kernel, ramdisk):
    """Upload kernel, initramfs and an empty disk to Glance.

    :param user: lab.user.User, an administrator
    :returns: the id of the image to boot from
    """
    with open(kernel.image, 'rb') as source:
        kernel_id = _image(user, 'lab-kernel', 'aki', source.read())
    with open(ramdisk, 'rb') as source:
        ramdisk_id = _image(user, 'lab-ramdisk', 'ari', source.read())
    return _image(user, 'lab-guest', 'raw', bytes(MEGABYTE),
                  kernel_id=kernel_id, ramdisk_id=ramdisk_id,
                  os_command_line=COMMAND_LINE, hw_machine_type='pc')


def _image(user, name, kind, data, **properties):
    body = dict(properties, name=name, disk_format=kind, visibility='public',
                container_format='bare' if kind == 'raw' else kind)
    image = user.call('POST', 'image', '/images', body, want=201)
    user.call('PUT', 'image', '/images/%s/file' % image['id'], data,
              want=204, headers={'Content-Type': 'application/octet-stream'})
    return image['id']
