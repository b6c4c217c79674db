#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Second program of the emulated host, on the outer machine's file system:
# bring up what a compute host has, then hand over to the agent, which does
# what the lab asks for.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
. /run/lab.env

say() {
    read -r up _ < /proc/uptime
    echo "lab: $up $*"
}

say "root file system is up"
mkdir -p /var/log /var/lib/nova/instances /run/lock
mount -t tmpfs tmpfs /var/log
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t configfs configfs /sys/kernel/config 2>/dev/null
mkdir -p /run/dbus /run/libvirt /run/udev /var/log/libvirt
hostname "$LAB_HOST"
echo "127.0.0.1 localhost $LAB_HOST" > /etc/hosts
ip link set lo up

say "loading drivers"
modprobe -a $LAB_MODULES
/lib/systemd/systemd-udevd --daemon
udevadm trigger --type=subsystems
udevadm trigger --type=devices
udevadm settle --timeout=60
say "udev has settled"
if [ -e /dev/disk/by-id/virtio-venv ]; then
    mount -o ro /dev/disk/by-id/virtio-venv "$LAB_VENV"
fi

link=$(ls /sys/class/net | grep -v '^lo$' | head -n 1)
ip address add 10.0.2.15/24 dev "$link"
ip link set "$link" up
ip route add default via 10.0.2.2
# The same addresses work in here as outside.
for port in $LAB_PORTS; do
    socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr,nodelay" \
        "TCP:10.0.2.2:$port,nodelay" 2>/dev/null &
done

# Getting a shell: lab/shell connects to this line.
(while :; do
    setsid bash -i < /dev/ttyS1 > /dev/ttyS1 2>&1
    sleep 1
done) &

dbus-uuidgen > /etc/machine-id
dbus-daemon --system --fork
cat > /etc/libvirt/qemu.conf <<CONF
user = "root"
group = "root"
security_driver = "none"
CONF
# libvirtd asks each emulator at length what it can do, when it is first asked
# itself: leave it one, and ask it now, while all else starts.
rm -f /usr/bin/qemu-system-i386
virtlogd -d
libvirtd -d
virsh domcapabilities > /dev/null 2>&1 &
say "libvirtd was started"
# Not with exec: this shell is the host's first process and reaps what daemons
# leave behind.  libvirt waits long for a QEMU that has ended and stays.
"$LAB_VENV/bin/python" "$LAB_CODE/inside/agent.py" \
    /dev/virtio-ports/lab.commands /dev/virtio-ports/lab.events
