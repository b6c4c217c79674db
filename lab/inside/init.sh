#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# First program of the emulated host, in its initramfs: make the outer
# machine's file system the root, unchangeable, with changes kept in memory.

export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm

while read -r module; do
    insmod "$module" || echo "lab: cannot load $module"
done < /etc/modules

. /etc/lab.env

mkdir -p /outer /overlay /sysroot
mount -t 9p -o "trans=virtio,version=9p2000.L,ro,msize=1048576,cache=loose" \
    outer /outer || echo "lab: cannot mount the outer file system"
mount -t tmpfs -o size=2g tmpfs /overlay
mkdir -p /overlay/upper /overlay/work
mount -t overlay -o lowerdir=/outer,upperdir=/overlay/upper,workdir=/overlay/work \
    overlay /sysroot || echo "lab: cannot mount the overlay"

mkdir -p /sysroot/lib/modules "/sysroot$LAB_STATE"
mount -o bind "/outer$LAB_KERNEL/lib/modules" /sysroot/lib/modules
# Logs and sockets' names go where the outer machine sees them at once.
mount -t 9p -o "trans=virtio,version=9p2000.L,msize=262144,cache=none" \
    state "/sysroot$LAB_STATE" || echo "lab: cannot mount the state directory"

mkdir -p /sysroot/run
mount -t tmpfs tmpfs /sysroot/run
cat /etc/lab.env > /sysroot/run/lab.env

for each in proc sys dev; do
    mount -o move "/$each" "/sysroot/$each"
done
exec switch_root /sysroot /bin/bash "$LAB_CODE/inside/boot.sh"
