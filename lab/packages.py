# SPDX-License-Identifier: Apache-2.0
"""What the lab needs of the machine, and how it gets that."""

import os
import platform
import shutil

from lab import errors
from toolbox import commands
from toolbox import errors as toolbox_errors

# A program that shows that a package is there, and the package.
PROGRAMS = {
    '/bin/busybox': 'busybox-static',
    'dbus-daemon': 'dbus',
    'gcc': 'gcc',
    'ip': 'iproute2',
    'libvirtd': 'libvirt-daemon-system',
    'mariadbd': 'mariadb-server',
    'mkfs.ext4': 'e2fsprogs',
    'modprobe': 'kmod',
    'pkg-config': 'pkg-config',
    'qemu-img': 'qemu-utils',
    'qemu-system-x86_64': 'qemu-system-x86',
    'rabbitmqctl': 'rabbitmq-server',
    'setpriv': 'util-linux',
    'socat': 'socat',
    'udevadm': 'udev',
    'virsh': 'libvirt-clients',
}
# Packages that bring no program: the lab builds libvirt-python with one.
FILES = {'/usr/include/libvirt/libvirt.h': 'libvirt-dev'}
POLICY = '/usr/sbin/policy-rc.d'
APT = ('apt-get', '-o', 'DPkg::Lock::Timeout=300')


def missing():
    """The Debian packages that are not there, sorted."""
    path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    lacks = {package for program, package in PROGRAMS.items()
             if not shutil.which(program, path=path)}
    lacks |= {package for name, package in FILES.items()
              if not os.path.exists(name)}
    return sorted(lacks)


def obstacles(uid, machine, which=shutil.which):
    """What keeps the lab from running here at all.

    :param uid: the effective user id
    :param machine: as platform.machine() tells it
    :param which: finds a program
    :returns: list of sentences, each with a remedy
    """
    found = []
    if uid != 0:
        found.append('The lab needs root (user id is %d): to export the '
                     'whole file system to its emulated host and to install '
                     'packages. Run it as root, in a container or a virtual '
                     'machine if you like.' % uid)
    if machine != 'x86_64':
        found.append('The lab emulates x86_64 with the machine\'s own '
                     'programs and this is %s: use an x86_64 machine.'
                     % machine)
    if not which('apt-get'):
        found.append('The lab takes its parts from Debian packages and '
                     'there is no apt-get: use Debian 12.')
    return found


def ensure(say):
    """Install what is missing.

    :param say: called with a line before something slow
    :raises: errors.LabMissing
    """
    found = obstacles(os.geteuid(), platform.machine())
    if found:
        raise errors.LabMissing('\n'.join(found))
    lacks = missing()
    if lacks:
        say('Installing ' + ' '.join(lacks))
        _install(lacks)
        lacks = missing()
    if lacks:
        raise errors.LabMissing('Still missing after apt-get install: %s.'
                                % ' '.join(lacks))


def _install(names):
    # The lab starts servers of its own; the packages must not start theirs.
    ours = not os.path.exists(POLICY)
    if ours:
        with open(POLICY, 'w') as policy:
            policy.write('#!/bin/sh\nexit 101\n')
        os.chmod(POLICY, 0o755)
    try:
        env = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
        commands.output([*APT, 'update'], env=env)
        commands.output([*APT, 'install', '-y', '--no-install-recommends',
                     *names], timeout=1800, env=env)
    except toolbox_errors.Failure as exc:
        raise errors.LabMissing(str(exc))
    finally:
        if ours:
            os.unlink(POLICY)
