#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# First and only program of the guest: have its kernel tell on the console,
# in its own words, which USB devices come and go.

export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec > /dev/console 2>&1

read -r uptime _ < /proc/uptime
echo "guest: kernel up after $uptime s"
# The kernel was started quietly, which is faster; from here on it speaks.
echo 7 > /proc/sys/kernel/printk
while read -r module; do
    insmod "$module"
done < /etc/modules
read -r uptime _ < /proc/uptime
echo "guest: ready after $uptime s"

while :; do
    sleep 3600
done
