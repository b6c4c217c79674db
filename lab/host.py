# SPDX-License-Identifier: Apache-2.0
"""The emulated host: the machine's own file system, booted in QEMU."""

import os
import shlex

from lab import channel
from lab import devices
from lab import initramfs
from lab import process
from lab import qmp
from toolbox import errors
from toolbox import waiting

NAME = 'usb-host'
# Enough for Debian and for Python wheels.  What newer models add (AVX, SMAP,
# protection keys) is emulated slowly: 'max' took half as long again.
CPU = 'Nehalem'
CODE = os.path.dirname(os.path.abspath(__file__))
EARLY_MODULES = ('virtio_pci', '9p', '9pnet_virtio', 'overlay', 'virtio_net',
                 'virtio_console', 'configfs', 'virtio_rng')
# Loaded from the file system, when udev is not yet running.
MODULES = ('xhci_pci', 'usbhid', 'usb_storage', 'uas', 'sd_mod', 'ftdi_sio',
           'wacom', 'hid_generic', 'ext4', 'loop', 'tun', 'virtio_blk')


class Host:
    """One emulated compute host.

    :param kernel: lab.kernel.Kernel
    :param state: directory for everything temporary; also seen, at the same
        path, from the inside.
    :param ports: TCP ports on this machine's loopback that are to be at the
        same address inside.
    :param venv: the virtual environment, a pathlib.Path.
    :param image: file system image of it, or None to read it over 9p.
    """

    def __init__(self, kernel, state, ports, venv, image=None):
        self.kernel = kernel
        self.state = state
        self.ports = ports
        self.venv = venv
        self.image = image
        self.channel = None
        self.qmp = None
        self._process = None

    @property
    def console(self):
        return self._path('console.log')

    def start(self):
        """Begin to boot; `wait_ready` waits for the end of it."""
        for device in devices.AT_START:
            if device.storage:
                devices.make_disk(device, self.state)
        with open(os.path.join(CODE, 'inside', 'init.sh')) as init:
            initramfs.build(
                self._path('host.initramfs'), self.kernel, EARLY_MODULES,
                init.read(), [('etc/lab.env', self._environment().encode())])
        self._process = process.start(
            'the emulated host', self._command_line(),
            self._path('qemu.log'))

    def wait_ready(self, timeout=900):
        """Wait until udev has settled and the agent answers.

        :raises: toolbox.errors.Failure, with the console's last lines.
        """
        try:
            waiting.wait_for("QEMU's sockets", self._connect, 120,
                             check=self._process.check)
            waiting.wait_for('the emulated host to boot',
                             self.channel.ready.is_set, timeout,
                             check=self._process.check)
        except errors.Failure as exc:
            raise type(exc)('%s\n%s' % (exc, process.tail(self.console)))

    def check(self):
        self._process.check()

    def stop(self):
        """Switch the emulated host off."""
        if self.channel:
            self.channel.close()
        if self.qmp:
            self.qmp.close()
        if self._process:
            # QEMU takes SIGTERM as the power switch held down: nothing in
            # there has to be saved.
            self._process.stop()

    def _connect(self):
        try:
            self.qmp = self.qmp or qmp.Qmp(self._path('qmp.sock'))
            self.channel = channel.Channel(self._path('commands.sock'),
                                           self._path('events.sock'))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def _path(self, name):
        return os.path.join(self.state, name)

    def _environment(self):
        values = {
            'LAB_CODE': CODE,
            'LAB_HOST': NAME,
            'LAB_KERNEL': self.kernel.root,
            'LAB_MODULES': ' '.join(MODULES),
            'LAB_PORTS': ' '.join(str(port) for port in self.ports),
            'LAB_STATE': self.state,
            'LAB_VENV': str(self.venv),
        }
        return ''.join('%s=%s\n' % (name, shlex.quote(value))
                       for name, value in sorted(values.items()))

    def _command_line(self):
        # Without i8042 there is no PS/2 keyboard beside the USB one.
        return [
            'qemu-system-x86_64', '-name', NAME, '-nodefaults',
            '-machine', 'q35,i8042=off', '-accel', 'tcg,thread=multi',
            '-cpu', CPU, '-smp', '2', '-m', '4096', '-display', 'none',
            '-no-reboot',
            '-kernel', self.kernel.image,
            '-initrd', self._path('host.initramfs'),
            '-append', 'console=ttyS0 quiet mitigations=off nokaslr panic=-1 '
                       'no_timer_check',
            '-serial', 'file:' + self.console,
            '-serial', self._socket('shell'),
            '-qmp', self._socket('qmp'),
            '-virtfs', 'local,path=/,mount_tag=outer,security_model=none,'
                       'readonly=on,multidevs=remap',
            '-virtfs', 'local,path=%s,mount_tag=state,security_model=none'
                       % self.state,
            '-nic', 'user,model=virtio-net-pci',
            '-device', 'virtio-rng-pci',
            '-device', 'virtio-serial-pci',
        ] + self._line('commands') + self._line('events') + [
            '-device', 'qemu-xhci,id=xhci,p2=12,p3=12',
        ] + devices.command_line(devices.AT_START, self.state) + self._disk()

    def _disk(self):
        if self.image is None:
            return []
        return ['-drive', 'if=none,id=venv,format=raw,readonly=on,file=%s'
                          % self.image,
                '-device', 'virtio-blk-pci,drive=venv,serial=venv']

    def _socket(self, name):
        return 'unix:%s,server=on,wait=off' % self._path(name + '.sock')

    def _line(self, name):
        return ['-chardev',
                'socket,id=%s,path=%s,server=on,wait=off'
                % (name, self._path(name + '.sock')),
                '-device',
                'virtserialport,chardev=%s,name=lab.%s' % (name, name)]
