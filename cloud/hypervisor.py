# SPDX-License-Identifier: Apache-2.0
"""What --libvirt needs of this machine, and what it leaves there."""

import os
import pathlib
import shutil
import subprocess

from cloud import disks
from cloud import errors
from toolbox import errors as toolbox_errors
from toolbox import process

SOCKET = pathlib.Path('/var/run/libvirt/libvirt-sock')
KVM = pathlib.Path('/dev/kvm')
# Seconds; libvirt may have to start first.
CONNECT_TIMEOUT = 60
USB = pathlib.Path('/sys/bus/usb/devices')


def virt_type():
    """Which of libvirt's types this machine can run.

    :returns: 'kvm' when this user may use the processor for it, else 'qemu'
    """
    return 'kvm' if os.access(KVM, os.R_OK | os.W_OK) else 'qemu'


def has_headers():
    """Whether libvirt's Python bindings can be compiled here."""
    try:
        return subprocess.run(['pkg-config', '--exists', 'libvirt'],
                              stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def missing(socket=SOCKET, usb=USB, which=shutil.which,
            headers=has_headers):
    """What keeps this machine from running servers with libvirt.

    :param socket: where libvirt listens
    :param usb: where the kernel shows USB devices
    :param which: finds a program
    :param headers: says whether libvirt's headers are there
    :returns: list of sentences with a remedy each
    """
    lacks = []
    if not socket.exists():
        lacks.append('libvirt does not run (no %s): install and start it, '
                     'on Debian with apt install libvirt-daemon-system'
                     % socket)
    elif not os.access(socket, os.R_OK | os.W_OK):
        lacks.append('this user may not use libvirt (%s): add it to the '
                     'group libvirt and log in again' % socket)
    if not which('qemu-img'):
        lacks.append('qemu-img is missing: install QEMU, on Debian with '
                     'apt install qemu-system-x86 qemu-utils')
    if not headers() or not which('cc'):
        lacks.append("libvirt's Python bindings cannot be compiled: on "
                     'Debian apt install libvirt-dev pkg-config gcc '
                     'python3-dev')
    if not usb.is_dir():
        lacks.append('the kernel shows no USB bus (no %s): load the module '
                     'of the host controller, xhci_pci mostly' % usb)
    return lacks


def check(wanted):
    """Say at once what --libvirt would fail at later.

    :param wanted: whether libvirt was asked for
    :raises: CloudError when this machine cannot
    """
    lacks = missing() if wanted else []
    if lacks:
        raise errors.CloudError(
            '--libvirt does not work on this machine: %s. Without '
            '--libvirt the cloud runs with a simulated host.'
            % '; '.join(lacks))


def connect(settings, group):
    """Say in libvirt's own words why this user cannot use it.

    To ask the socket's permissions is not enough: most systems let everyone
    connect and then ask polkit.

    :param settings: Settings
    :param group: process.Group
    :raises: CloudError
    """
    try:
        group.run('libvirt', [settings.tool('python'),
                              settings.inside('domains.py'), 'check'],
                  settings.log('libvirt'), timeout=CONNECT_TIMEOUT)
    except toolbox_errors.Failure as error:
        raise errors.CloudError(
            '%s\nIf it refuses this user: add it to the group libvirt and log '
            'in again.' % error) from None


def forget(checkout, venv, state, say):
    """End the servers that libvirt runs of a cloud; delete their disks.

    :param checkout: the repository, a pathlib.Path
    :param venv: the virtual environment, a pathlib.Path
    :param state: folder of the cloud's state, a pathlib.Path
    :param say: called with a line for the user when libvirt refuses
    """
    prefix = disks.prefix(state)
    if prefix is None:
        return
    with process.Group() as group:
        try:
            group.run('libvirt', [venv / 'bin' / 'python',
                                  checkout / 'cloud' / 'inside' /
                                  'domains.py', 'forget', prefix],
                      state / 'log' / 'libvirt.log',
                      timeout=CONNECT_TIMEOUT)
        except (toolbox_errors.Failure, OSError) as error:
            say('Servers of libvirt may be left, see virsh list: %s' % error)
    disks.remove(state)
