# SPDX-License-Identifier: Apache-2.0
"""The step of the check that plugs a (simulated) device in and out."""

import json
import time

from cloud.check.scene import DEVICES
from cloud.check.scene import expect
from cloud.check.scene import send
from cloud import simulation
from toolbox import waiting

SERIAL = 'PLUGGED'
DEVICE = {
    'vendor_id': '0529', 'product_id': '0001', 'serial': SERIAL,
    'manufacturer': 'Simulated', 'product': 'Licence dongle',
    'device_class': 'ff', 'speed': '12', 'port_path': '1-4',
    'bus_number': 1, 'device_number': 9,
}
TIMEOUT = 30


def _wait(scene, count):
    """Wait until the API shows so many devices with our serial number.

    One that was pulled out stays for a grace time, as not present.
    """
    def shown():
        found = expect(send(scene.admin, 'GET',
                            DEVICES + '?present=true&serial=' + SERIAL),
                       200)
        return len(found['usb_devices']) == count

    waiting.wait_for('the API to show %d devices with the serial %s'
                     % (count, SERIAL), shown, TIMEOUT, interval=0.1)


def plug(scene):
    path = scene.settings.simulated_devices
    before = json.loads(path.read_text())
    if isinstance(before, dict):
        after = {host: devices + [DEVICE] if host == simulation.HOST
                 else devices for host, devices in before.items()}
    else:
        after = before + [DEVICE]
    began = time.monotonic()
    simulation.write(path, after)
    _wait(scene, 1)
    there = time.monotonic()
    simulation.write(path, before)
    _wait(scene, 0)
    return ('a simulated device that is plugged in shows after %.1f s, '
            'pulled out is gone after %.1f s' % (
                there - began, time.monotonic() - there))
