# SPDX-License-Identifier: Apache-2.0
"""A stock Debian kernel that has USB, taken apart into the cache.

The machine that the lab runs on may have a kernel without USB (containers
and clouds do); the emulated host boots this one instead.
"""

import collections
import glob
import lzma
import os
import re
import shutil

from lab import errors
from toolbox import commands

# Depends on the newest kernel of the release; its "cloud" flavour has no USB.
META_PACKAGE = 'linux-image-amd64'
XZ_MAGIC = b'\xfd7zXZ\x00'

Kernel = collections.namedtuple('Kernel', 'version image root')
Kernel.__doc__ = """An unpacked kernel.

version: as `uname -r` tells it; image: path of its vmlinux; root: directory
below which lib/modules is.
"""


def prepare(cache):
    """Download and unpack the kernel unless the cache has it.

    :param cache: directory of the lab's cache.
    :returns: Kernel
    :raises: errors.LabError
    """
    package = newest(commands.output(['apt-cache', 'depends', META_PACKAGE]))
    home = os.path.join(cache, package)
    if not os.path.exists(os.path.join(home, 'complete')):
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home)
        _unpack(package, home)
    return _kernel(home)


def newest(depends):
    """The kernel package that the meta package asks for.

    :param depends: output of ``apt-cache depends``.
    :raises: errors.LabError
    """
    match = re.search(r'^\s*Depends: (linux-image-\S+-amd64)$', depends,
                      re.MULTILINE)
    if not match:
        raise errors.LabError(
            '%s depends on no kernel image here; run apt-get update.'
            % META_PACKAGE)
    return match.group(1)


def _kernel(home):
    version = os.path.basename(
        glob.glob(os.path.join(home, 'lib/modules/*'))[0])
    return Kernel(version, os.path.join(home, 'vmlinux'), home)


def _unpack(package, home):
    commands.output(['apt-get', '-o', 'APT::Sandbox::User=root', 'download',
                 package], cwd=home)
    archive, = glob.glob(os.path.join(home, '*.deb'))
    commands.output(['dpkg', '-x', archive, home])
    os.unlink(archive)
    compressed, = glob.glob(os.path.join(home, 'boot/vmlinuz-*'))
    with open(compressed, 'rb') as source:
        data = source.read()
    with open(os.path.join(home, 'vmlinux'), 'wb') as target:
        target.write(uncompressed(data))
    kernel = _kernel(home)
    commands.output(['depmod', '-b', home, kernel.version])
    with open(os.path.join(home, 'complete'), 'w'):
        pass


def uncompressed(bzimage):
    """The ELF image inside a bzImage.

    Unpacking it takes an emulated processor about a minute and this one a
    second.  QEMU boots the ELF image at its PVH entry.

    :raises: errors.LabError when there is no xz stream in it.
    """
    start = bzimage.find(XZ_MAGIC)
    if start < 0:
        raise errors.LabError('The kernel image is not compressed with xz.')
    image = lzma.LZMADecompressor().decompress(bzimage[start:])
    if not image.startswith(b'\x7fELF'):
        raise errors.LabError('The kernel image holds no ELF file.')
    return image


def modules(kernel, names):
    """Module files in the order in which they have to be loaded.

    :returns: paths below ``kernel.root``, each once.
    """
    ordered = []
    for name in names:
        shown = commands.output(['modprobe', '-d', kernel.root, '-S',
                             kernel.version, '--show-depends', name])
        for line in shown.splitlines():
            words = line.split()
            if words[0] == 'insmod' and words[1] not in ordered:
                ordered.append(words[1])
    return ordered
