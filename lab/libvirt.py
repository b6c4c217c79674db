# SPDX-License-Identifier: Apache-2.0
"""libvirtd in the emulated host: have it die and come back."""

from toolbox import waiting

PID_FILE = '/run/libvirtd.pid'
# With -d it answers when its sockets are there.
START = 'libvirtd -d >> /var/log/libvirtd.log 2>&1'
# libvirt's own note of a domain's QEMU.
QEMU = 'cat /run/libvirt/qemu/$(virsh domname %s).pid'
# Seconds; the new one looks at all running domains first.
TIMEOUT = 300


def kill(channel):
    """End libvirtd as a crash would; its domains go on running."""
    pid = int(channel.run('cat', PID_FILE))
    channel.run('kill', '-KILL', pid)
    # Nobody waits for it in there, so its number stays taken.
    waiting.wait_for(
        'libvirtd to be gone',
        lambda: not channel.shell('readlink /proc/%d/exe' % pid,
                                  check=False), TIMEOUT)


def start(channel):
    """Start it again and wait until it answers."""
    channel.shell(START, timeout=TIMEOUT)
    waiting.wait_for(
        'libvirtd to answer',
        lambda: channel.shell('virsh -q list > /dev/null 2>&1 && echo yes',
                              check=False).strip() == 'yes', TIMEOUT)


def qemu(channel, server_id):
    """The process id of a running domain's QEMU."""
    return int(channel.shell(QEMU % server_id))
