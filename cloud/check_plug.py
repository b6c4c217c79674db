# SPDX-License-Identifier: Apache-2.0
"""The step of the check that plugs a (simulated) device in and out."""

import json
import time

from cloud import errors

SERIAL = 'PLUGGED'
DEVICE = {
    'vendor_id': '0529', 'product_id': '0001', 'serial': SERIAL,
    'manufacturer': 'Simulated', 'product': 'Licence dongle',
    'device_class': 'ff', 'speed': '12', 'port_path': '1-4',
    'bus_number': 1, 'device_number': 9,
}
TIMEOUT = 30


def _write(path, devices):
    # At once, so that no scan reads half of it.
    new = path.with_suffix('.new')
    new.write_text(json.dumps(devices, indent=2) + '\n')
    new.replace(path)


def _wait(scene, count):
    """Wait until the API shows so many devices with our serial number."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        answer = scene.admin.request(
            'GET', 'compute', '/os-usb-devices?serial=' + SERIAL)
        if (answer.status == 200 and
                len(answer.body['usb_devices']) == count):
            return
        if time.monotonic() > deadline:
            raise errors.CloudError(
                '%s: %d devices expected after %d seconds; answered %d %s'
                % (answer.request, count, TIMEOUT, answer.status,
                   answer.text))
        time.sleep(0.1)


def plug(scene):
    path = scene.settings.simulated_devices
    before = json.loads(path.read_text())
    began = time.monotonic()
    _write(path, before + [DEVICE])
    _wait(scene, 1)
    there = time.monotonic()
    _write(path, before)
    _wait(scene, 0)
    return ('a simulated device that is plugged in shows after %.1f s, '
            'pulled out is gone after %.1f s' % (
                there - began, time.monotonic() - there))
