# SPDX-License-Identifier: Apache-2.0
"""What USB traffic in Placement does to servers without USB: nothing."""

import re
import threading
import types

from nova.tests.functional.usb import base
from nova.tests.usb_fixtures import usb_placement

#: Attach and detach loops beside the boots.
LOOPS = 3
#: Servers that are built, one after the other, and deleted.
BOOTS = 5


class TrafficTest(base.UsbTestBase):
    """One provider of devices that changes all the time."""

    def setUp(self):
        super(TrafficTest, self).setUp()
        self._run_periodics()
        self.scan()
        self.provider = self._get_provider_uuid_by_name('fake-mini_usb')
        # The resource tracker knows it from now on.
        self.compute.manager.reportclient.clear_provider_cache()
        self._run_periodics()
        self.requests = self.useFixture(usb_placement.PlacementRequests())

    def _move_generation(self):
        """What an allocation, or an administrator, does at any moment."""
        path = '/resource_providers/%s/traits' % self.provider
        now = self.placement.get(path, version='1.6').body
        response = self.placement.put(path, {
            'traits': sorted({'HW_NIC_ROOT'} ^ set(now['traits'])),
            'resource_provider_generation':
                now['resource_provider_generation']}, version='1.6')
        self.assertEqual(200, response.status)

    def _written(self):
        return [url for verb, url in self.requests.seen
                if verb != 'get' and self.provider in url]

    def test_build_beside_a_change_of_the_devices(self):
        # Whoever else writes to the provider finds that another one just
        # did.
        scan = threading.Thread(target=self.scan)

        def before(verb, url):
            if (verb == 'put' and self.provider in url and
                    threading.current_thread() != scan):
                self._move_generation()

        self.plug(dict(base.TWINS[0], port_path='1-7', device_number=77))
        self.requests.before = before
        scan.start()
        scan.join()
        server = self.boot()
        self._delete_server(server)
        self._run_periodics()
        self.assertNotIn('Traceback', self.stdlog.logger.output)

    def test_periodic_tasks_write_nothing(self):
        self.requests.seen.clear()
        self._run_periodics()
        self.scan()
        server = self.boot()
        self._delete_server(server)
        self.assertEqual([], self._written())

    def _flap(self, storm):
        """Plug a stick in and pull it out until the storm is over."""
        flapping = dict(base.STICK, port_path='1-9', serial='FLAPS',
                        product_id='f1a9')
        for number in range(30, 2000):
            if storm.over.is_set():
                return
            self.plug(dict(flapping, device_number=number % 100 + 30))
            self.scan()
            self.unplug('1-9')
            self.scan()
            storm.turns.append('flap')

    def _attach_and_detach(self, storm, server, port):
        """Attach one device and detach it until the storm is over."""
        uuid = self.device(port).uuid
        for _turn in range(1000):
            if storm.over.is_set():
                return
            code, body = self.attach(server, id=uuid)
            if code != 200:
                storm.failures.append(body)
                continue
            storm.turns.append(port)
            code, body = self.detach(server, uuid)
            if code != 204:
                storm.failures.append(body)

    def test_storm(self):
        ports = ('1-1', '1-2.1', '1-2.2')
        servers = [self.boot() for _loop in range(LOOPS)]
        storm = types.SimpleNamespace(
            over=threading.Event(), turns=[], failures=[])
        threads = [threading.Thread(target=self._flap, args=(storm,))] + [
            threading.Thread(target=self._attach_and_detach,
                             args=(storm, server, port))
            for server, port in zip(servers, ports)]
        for thread in threads:
            thread.start()
        try:
            for _boot in range(BOOTS):
                self._delete_server(self.boot())
        finally:
            storm.over.set()
            for thread in threads:
                thread.join()
        self.assertLessEqual({'flap'} | set(ports), set(storm.turns))
        self.assertEqual([], storm.failures)
        log = self.stdlog.logger.output
        self.assertNotIn('Traceback', log)
        self.assertEqual([], re.findall(r'.*vm_state.*ERROR.*', log))
