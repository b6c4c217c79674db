# SPDX-License-Identifier: Apache-2.0
"""Writes initramfs archives: busybox, kernel modules, a few files."""

import os
import stat

from lab import kernel as lab_kernel

BUSYBOX = '/bin/busybox'
APPLETS = ('sh', 'mount', 'umount', 'mkdir', 'cat', 'echo', 'insmod', 'sleep',
           'switch_root', 'ln', 'ls', 'poweroff')
DIRECTORIES = ('bin', 'dev', 'etc', 'lib', 'proc', 'sys', 'tmp')
MODULE_LIST = 'etc/modules'


class Archive:
    """A cpio archive of the format "newc", the one that the kernel reads.

    Its fields: Documentation/driver-api/early-userspace/buffer-format.rst in
    the kernel's sources.
    """

    def __init__(self):
        self._parts = []
        self._number = 0

    def directory(self, name):
        self._add(name, stat.S_IFDIR | 0o755, b'')

    def file(self, name, data, mode=0o644):
        self._add(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def console(self):
        """/dev/console, without which init has no standard output."""
        self._add('dev/console', stat.S_IFCHR | 0o600, b'', device=(5, 1))

    def content(self):
        end = self._entry('TRAILER!!!', 0, b'', (0, 0))
        return b''.join(self._parts) + end

    def _add(self, name, mode, data, device=(0, 0)):
        self._number += 1
        self._parts.append(self._entry(name, mode, data, device))

    def _entry(self, name, mode, data, device):
        encoded = name.encode() + b'\0'
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (self._number, mode, 0, 0, links, 0, len(data), 0, 0,
                  device[0], device[1], len(encoded), 0)
        header = b'070701' + b''.join(b'%08x' % field for field in fields)
        return _padded(header + encoded) + _padded(data)


def _padded(data):
    return data + b'\0' * (-len(data) % 4)


def build(path, kernel, module_names, init, files=()):
    """Write an initramfs.

    :param path: the file to write.
    :param kernel: lab.kernel.Kernel whose modules go in.
    :param module_names: what to load; dependencies are added.
    :param init: text of /init, a busybox shell script; it finds the modules
        in loading order in /etc/modules.
    :param files: pairs of (name in the archive, bytes).
    """
    archive = Archive()
    for name in DIRECTORIES:
        archive.directory(name)
    archive.console()
    with open(BUSYBOX, 'rb') as busybox:
        archive.file('bin/busybox', busybox.read(), 0o755)
    for applet in APPLETS:
        archive.link('bin/' + applet, 'busybox')
    names = []
    for module in lab_kernel.modules(kernel, module_names):
        name = 'lib/' + os.path.basename(module)
        with open(module, 'rb') as source:
            archive.file(name, source.read())
        names.append('/' + name)
    archive.file(MODULE_LIST, '\n'.join(names + ['']).encode())
    archive.file('init', init.encode(), 0o755)
    for name, data in files:
        archive.file(name, data)
    # Not compressed: its reader is an emulated processor.
    with open(path, 'wb') as target:
        target.write(archive.content())
