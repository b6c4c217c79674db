# SPDX-License-Identifier: Apache-2.0
"""Every plugged device is in the API, as the host's kernel has it."""

from lab import check
from lab import devices
from lab import sysfs

TITLE = '1 every plugged device is in the API with the right fields'
# The API's field, the kernel's attribute, how to compare.
FIELDS = (('vendor_id', 'idVendor', str), ('product_id', 'idProduct', str),
          ('serial', 'serial', str), ('manufacturer', 'manufacturer', str),
          ('product', 'product', str), ('speed', 'speed', str),
          ('device_class', 'bDeviceClass', str),
          ('bus_number', 'busnum', int), ('device_number', 'devnum', int))


def run(context):
    expected = {port: values
                for port, values in sysfs.devices(
                    context.host.channel).items()
                if values['bDeviceClass'] != '09'}
    check.that(len(expected) == len(devices.AT_START) - 1,
               "the host's kernel sees %d devices beside the hub, QEMU has %d",
               len(expected), len(devices.AT_START) - 1)
    for device in devices.AT_START:
        if device is not devices.HUB:
            context.wait_record(device)
    records = {record['port_path']: record
               for record in context.admin.devices()}
    check.that(set(records) == set(expected),
               'the API has the ports %s, the host %s',
               sorted(records), sorted(expected))
    for port, values in expected.items():
        _compare(records[port], values)
    keyboard = context.record(devices.KEYBOARD)
    check.that(keyboard['status'] == 'blocked' and keyboard['blocked_reason'],
               'the only keyboard is %s, reason %s', keyboard['status'],
               keyboard['blocked_reason'])
    stick = context.record(devices.STICK)
    check.that(stick['interface_classes'] == ['08'],
               'the stick has the interface classes %s',
               stick['interface_classes'])
    return ['%d devices; the hub is not among them; keyboard: %s'
            % (len(records), keyboard['blocked_reason'])]


def _compare(record, values):
    for field, attribute, kind in FIELDS:
        value = values.get(attribute)
        wanted = None if value is None else kind(value)
        check.that(record[field] == wanted,
                   'device at %s: %s is %r, the kernel says %r',
                   record['port_path'], field, record[field], wanted)
    check.that(record['present'] and record['host'],
               'device at %s is shown as %s', record['port_path'], record)
    check.that(record['status'] in ('available', 'blocked'),
               'device at %s is %s', record['port_path'], record['status'])
