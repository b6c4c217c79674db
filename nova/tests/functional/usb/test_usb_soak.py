# SPDX-License-Identifier: Apache-2.0
"""Two hundred devices, and whatever happens to them, for a while.

Bounded and reproducible: ``USB_SOAK_SECONDS`` says for how long (20 unless
set; the promise is kept at 600), ``USB_SOAK_SEED`` what happens.  The seed is
in the failure.
"""

import os
import random
import time

from nova.objects import usb_device as usb_obj
from nova.tests.functional.usb import base
from nova.usb import status

SECONDS = float(os.environ.get('USB_SOAK_SECONDS', 20))
SEED = int(os.environ.get('USB_SOAK_SEED', 20261121))

#: How often each thing happens, in relation to the others.
WEIGHTS = {'attach': 30, 'attach_any': 10, 'detach': 20, 'replug': 15,
           'unplug': 8, 'plug': 8, 'swap': 3, 'scan': 15, 'restart': 1,
           'stop_start': 2, 'clone': 2}


class SoakTest(base.UsbTestBase):

    # Half of them with a serial number, in groups of one vendor.
    DEVICES = [
        dict({'vendor_id': '%04x' % (0x1000 + n % 7), 'product_id': '0001',
              'bus_number': 1 + n // 100, 'device_number': 1 + n % 100,
              'port_path': '%d-%d' % (1 + n // 100, 1 + n % 100)},
             **({'serial': 'S%d' % n} if n % 2 else {}))
        for n in range(200)]

    def setUp(self):
        super(SoakTest, self).setUp()
        self.random = random.Random(SEED)
        self.servers = [self.boot() for _n in range(4)]
        self.next_number = 1000
        self.pulled = []

    def test_soak(self):
        names = sorted(WEIGHTS)
        counts = dict.fromkeys(names, 0)
        end = time.monotonic() + SECONDS
        steps = 0
        while time.monotonic() < end:
            name = self.random.choices(
                names, [WEIGHTS[name] for name in names])[0]
            getattr(self, '_do_' + name)()
            counts[name] += 1
            steps += 1
            self._check('seed %d, step %d, %s' % (SEED, steps, name))
        self.scan()
        self._check_domains('seed %d, at the end' % SEED)
        self.assertGreater(counts['attach'], 0)
        print('soak: %d steps in %d s: %s' % (steps, SECONDS, ', '.join(
            '%s %d' % item for item in sorted(counts.items()))))

    # What happens

    def _server(self):
        return self.random.choice(self.servers)

    def _port(self):
        return self.random.choice(sorted(self.plugged[None]))

    def _number(self):
        self.next_number += 1
        return self.next_number

    def _do_attach(self):
        device = self.random.choice(list(self.devices().values()))
        code, body = self.attach(self._server(), id=device.uuid)
        self.assertIn(code, (200, 404, 409), body)

    def _do_attach_any(self):
        code, body = self.attach(
            self._server(), product_id='0001',
            vendor_id='%04x' % (0x1000 + self.random.randrange(7)))
        self.assertIn(code, (200, 409), body)

    def _do_detach(self):
        held = [device for device in self.devices().values()
                if device.instance_uuid]
        if held:
            device = self.random.choice(held)
            code, body = self.detach({'id': device.instance_uuid},
                                     device.uuid)
            self.assertIn(code, (204, 409), body)

    def _do_replug(self):
        port = self._port()
        self.plug(dict(self.plugged[None][port],
                       device_number=self._number()))

    def _do_unplug(self):
        port = self._port()
        self.pulled.append(self.plugged[None][port])
        self.unplug(port)

    def _do_plug(self):
        if self.pulled:
            device = self.pulled.pop(
                self.random.randrange(len(self.pulled)))
            if device['port_path'] not in self.plugged[None]:
                self.plug(dict(device, device_number=self._number()))

    def _do_swap(self):
        """Two devices change places."""
        one, two = (self.plugged[None][self._port()] for _n in range(2))
        self.plug(dict(one, port_path=two['port_path'],
                       device_number=self._number()),
                  dict(two, port_path=one['port_path'],
                       device_number=self._number()))

    def _do_clone(self):
        """A second one with the serial number of another."""
        one, two = (self.plugged[None][self._port()] for _n in range(2))
        if one is not two:
            self.plug(dict(one, port_path=two['port_path'],
                           device_number=self._number()))

    def _do_scan(self):
        self.scan()
        self._check_domains('seed %d, after a scan' % SEED)

    def _do_restart(self):
        self.compute = self.restart_compute_service(self.compute)
        self._check_domains('seed %d, after a restart' % SEED)

    def _do_stop_start(self):
        server = self._server()
        self._stop_server(server)
        self._start_server(server)

    # What must hold

    def _rows(self):
        return list(usb_obj.UsbDeviceList.get_by_filters(self.context))

    def _check(self, when):
        """At every moment between two requests."""
        rows = self._rows()
        for device in rows:
            held = device.instance_uuid is not None
            self.assertEqual(held, device.status == status.ATTACHED,
                             (when, device))
            if not held:
                self.assertIn(device.status, status.FREE, when)
        identities = [device.identity for device in rows]
        self.assertEqual(len(identities), len(set(identities)), when)
        owner = {device.uuid: device.instance_uuid for device in rows}
        taken = set()
        for server in self.servers:
            for uuid, address in (self.in_domain(server) or {}).items():
                self.assertEqual(server['id'], owner.get(uuid), (when, uuid))
                self.assertNotIn(address, taken, when)
                taken.add(address)

    def _check_domains(self, when):
        """After a scan: each server has what it holds, where it is."""
        here = {(device['bus_number'], device['device_number']): device
                for device in self.plugged[None].values()}
        for server in self.servers:
            held = {device.uuid: device for device in self._rows()
                    if device.instance_uuid == server['id']}
            domain = self.in_domain(server)
            self.assertEqual(
                {uuid for uuid, device in held.items() if device.present},
                set(domain), when)
            for uuid, address in domain.items():
                # What is there is that device and no other.
                really = here[tuple(address)]
                self.assertEqual(
                    (held[uuid].vendor_id, held[uuid].serial),
                    (really['vendor_id'], really.get('serial')), when)
