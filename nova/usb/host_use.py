# SPDX-License-Identifier: Apache-2.0
"""Why the host itself needs a USB device.

A device that the host works with must not be given to a server: it would
vanish from under a mounted file system or cut the host off.  Looked at are,
in this order,

* storage: a block device of the USB device, or a partition of it, that is a
  member of another block device (LVM, RAID, device mapper, multipath,
  bcache: all of these show as ``holders`` in sysfs, so one step is enough
  however deep the stack is), that is swapped to, or that is mounted, alone
  or as a member of a btrfs, or that somebody else holds for himself alone,
  such as a ZFS pool;
* a network interface that is up (administratively, ``IFF_UP``: an operator
  who does not want it on the host takes it down first);
* the host's only keyboard;
* a serial adapter that is the kernel's console.

All of it is read from sysfs and procfs (``Documentation/ABI/stable/
sysfs-block``, ``testing/sysfs-class-net``, ``filesystems/proc.rst`` for
mountinfo).  Not seen, as the kernel does not tell: a disk that a program has
opened without mounting it, such as a guest's raw disk, and a device that a
program drives through usbfs, such as a watched UPS.  Deny those in ``[usb]
device_spec``.

What ``mountinfo`` tells is where a disk is mounted, in the mount namespaces
of this process and of the first one.  Of a container whose process ids are
its own, as kolla's nova_compute is, neither is the host's.  So two things are
asked besides that know no namespaces: some file systems' own folders in sysfs
(``Documentation/ABI/testing/sysfs-fs-ext4`` and its like), and whether the
disk can be opened exclusively, see :mod:`nova.usb.disks`.
"""

import os
import re

from nova.usb import disks as usb_disks

#: Said of a device without any interface: it has no active configuration.
NOT_READY = ('the host has not configured it (yet): it was just plugged in, '
             'or it is not authorized there')

#: A USB interface in a path of sysfs: ``1-1.4:1.0``.
_INTERFACE = re.compile(r'/(\d+-\d+(?:\.\d+)*):\d+\.\d+/')

#: IFF_UP of Linux's ``include/uapi/linux/if.h``.
_IFF_UP = 1

#: File systems that show in sysfs on which block device they are.
_FILE_SYSTEMS = ('ext4', 'xfs', 'f2fs', 'nilfs2', 'erofs')

#: Bits 1 to 31 of the key bitmap: Escape, digits and the first letters.
#: udev's input_id takes a device with all of them for a keyboard.
_KEYBOARD_KEYS = 0xfffffffe


def find(sys_root='/sys', proc_root='/proc', dev_root='/dev'):
    """Find the USB devices that the host needs.

    :param sys_root: where sysfs is mounted
    :param proc_root: where procfs is mounted
    :param dev_root: where device nodes are
    :returns: dict of port path (``1-1.4``) to a clause that says why
    """
    uses = {}
    disks = list(_members(sys_root, 'block'))
    for port, reason in _storage(sys_root, proc_root, disks):
        uses.setdefault(port, reason)
    for look in (_network, _keyboard, _console):
        for port, reason in look(sys_root):
            uses.setdefault(port, reason)
    # The others are none that could be given away in any case.
    free = [(name, port) for name, port in disks if port not in uses]
    uses.update(_held(sys_root, dev_root, free))
    return uses


def _read(*parts):
    try:
        with open(os.path.join(*parts), encoding='utf-8',
                  errors='replace') as source:
            return source.read()
    except OSError:
        return ''


def _names(*parts):
    try:
        return sorted(os.listdir(os.path.join(*parts)))
    except OSError:
        return []


def _owner(sys_root, kind, name):
    """Find out to which hardware a device of a class in sysfs belongs.

    :returns: (port path of its USB device or None, target of its link or
        None where it is gone)
    """
    try:
        target = os.readlink(os.path.join(sys_root, 'class', kind, name))
    except OSError:
        return None, None
    # The last one: it may be plugged into another USB device.
    ports = _INTERFACE.findall(target)
    return (ports[-1] if ports else None), target


def _members(sys_root, kind):
    """List (name, port path) of a class's devices that are on USB."""
    for name in _names(sys_root, 'class', kind):
        port, _target = _owner(sys_root, kind, name)
        if port:
            yield name, port


def _storage(sys_root, proc_root, disks):
    if not disks:
        return
    swaps = _swaps(proc_root)
    mounts = _mounts(proc_root)
    pools = _btrfs_members(sys_root)
    systems = {name: kind for kind in _FILE_SYSTEMS
               for name in _names(sys_root, 'fs', kind)}
    for name, port in disks:
        holders = _names(sys_root, 'class', 'block', name, 'holders')
        number = _read(sys_root, 'class', 'block', name, 'dev').strip()
        place = mounts.get(number) or mounts.get('/dev/' + name)
        if holders:
            yield port, ('its block device %s is part of %s on the host'
                         % (name, _describe(sys_root, holders[0])))
        elif '/dev/' + name in swaps:
            yield port, 'the host swaps to its block device %s' % name
        elif place:
            yield port, ('its block device %s is mounted at %s on the host'
                         % (name, place))
        elif name in pools:
            yield port, ('its block device %s is part of a btrfs that is '
                         'mounted on the host' % name)
        elif name in systems:
            yield port, ('the %s on its block device %s is mounted on the '
                         'host' % (systems[name], name))


def _held(sys_root, dev_root, disks):
    """Find disks that are in use although nothing above tells how.

    :returns: dict of port path to a clause that says why
    """
    whole = {name: port for name, port in disks if not os.path.exists(
        os.path.join(sys_root, 'class', 'block', name, 'partition'))}
    said = {usb_disks.HELD: 'its block device %s, or a partition of it, is '
                            'in use on the host',
            usb_disks.SILENT: 'its block device %s does not answer'}
    return {whole[name]: said[answer] % name for name, answer in
            usb_disks.find(dev_root, whole).items()}


def _describe(sys_root, holder):
    name = _read(sys_root, 'class', 'block', holder, 'dm', 'name').strip()
    return '%s (%s)' % (holder, name) if name else holder


def _unescape(value):
    """Decode ``\\040`` and its like, as procfs writes blanks in paths."""
    return re.sub(r'\\([0-7]{3})',
                  lambda match: chr(int(match.group(1), 8)), value)


def _swaps(proc_root):
    lines = _read(proc_root, 'swaps').splitlines()[1:]
    return {_unescape(line.split()[0]) for line in lines if line.strip()}


def _mounts(proc_root):
    """Read what is mounted.

    :returns: dict of both ``major:minor`` and source (``/dev/sdb1``) to the
        mount point; btrfs is mounted under a number that is no disk's
    """
    mounts = {}
    for process in ('1', 'self'):
        for line in _read(proc_root, process, 'mountinfo').splitlines():
            mount, _dash, origin = line.partition(' - ')
            fields, origin = mount.split(), origin.split()
            if len(fields) < 5:
                continue
            place = _unescape(fields[4])
            mounts.setdefault(fields[2], place)
            if len(origin) > 1:
                mounts.setdefault(_unescape(origin[1]), place)
    return mounts


def _btrfs_members(sys_root):
    members = set()
    for pool in _names(sys_root, 'fs', 'btrfs'):
        members.update(_names(sys_root, 'fs', 'btrfs', pool, 'devices'))
    return members


def _network(sys_root):
    for name, port in _members(sys_root, 'net'):
        flags = _read(sys_root, 'class', 'net', name, 'flags').strip()
        try:
            up = int(flags, 16) & _IFF_UP
        except ValueError:
            continue
        if up:
            yield port, 'its network interface %s is up on the host' % name


def _keyboard(sys_root):
    keyboards = set()
    for name in _names(sys_root, 'class', 'input'):
        # 'event3' and its like are views of an 'input7'.
        if not name.startswith('input'):
            continue
        port, target = _owner(sys_root, 'input', name)
        # Those that a program made (uinput) are nobody's hardware.
        if target is None or '/virtual/' in target:
            continue
        if _is_keyboard(_read(sys_root, 'class', 'input', name,
                              'capabilities', 'key')):
            keyboards.add(port)
    if len(keyboards) == 1 and None not in keyboards:
        yield keyboards.pop(), 'it is the only keyboard of the host'


def _is_keyboard(keys):
    """Judge a key bitmap: words in hexadecimal, the lowest one last."""
    words = keys.split()
    try:
        return (bool(words) and
                int(words[-1], 16) & _KEYBOARD_KEYS == _KEYBOARD_KEYS)
    except ValueError:
        return False


def _console(sys_root):
    active = _read(sys_root, 'class', 'tty', 'console', 'active')
    for name in active.split():
        port, _target = _owner(sys_root, 'tty', name)
        if port:
            yield port, ('its serial line %s is the console of the host'
                         % name)
