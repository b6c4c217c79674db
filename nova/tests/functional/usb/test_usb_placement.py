# SPDX-License-Identifier: Apache-2.0
"""USB devices in Placement: inventory, scheduling, allocations."""

import threading

from nova import objects
from nova.tests.functional.usb import base
from nova.tests.usb_fixtures import usb_placement

STICK_CLASS = base.STICK_CLASS
TWIN_CLASS = base.TWIN_CLASS


class PlacementTest(base.UsbTestBase):

    def setUp(self):
        super(PlacementTest, self).setUp()
        self._run_periodics()
        self.provider = self._get_provider_uuid_by_name('fake-mini_usb')

    def _inventory(self):
        return {name: (record['total'], record['reserved']) for name, record
                in self._get_provider_inventory(self.provider).items()}

    def _usage(self, resource_class):
        return self._get_provider_usages(self.provider)[resource_class]

    def _flavor(self, resource_class):
        return self._create_flavor(extra_spec={
            'resources:' + resource_class: '1'})

    def test_inventory_follows_the_devices(self):
        self.assertEqual({STICK_CLASS: (1, 0), TWIN_CLASS: (2, 0)},
                         self._inventory())
        self.unplug('1-1')
        self.plug(dict(base.TWINS[0], port_path='1-7', device_number=77))
        self.scan()
        self._run_periodics()
        self.assertEqual({TWIN_CLASS: (3, 0)}, self._inventory())

    def test_scheduled_by_flavor(self):
        # Before there is another flavor, or it may get that one.
        plain = self.boot()
        flavor = self._flavor(STICK_CLASS)
        server = self.boot(flavor_id=flavor)
        self.assertEqual(1, self._usage(STICK_CLASS))
        other = self.boot(flavor_id=flavor, expected_state='ERROR')
        self.assertIn('No valid host', str(
            self.admin_api.get_server(other['id'])['fault']))
        # It is for that server; attaching it counts no second time.
        uuid = self.device('1-1').uuid
        code, body = self.attach(plain, id=uuid)
        self.assertEqual(409, code, body)
        self.assertIn('held for servers', str(body))
        self.assertEqual('available', self.device('1-1').status)
        code, body = self.attach(server, id=uuid)
        self.assertEqual(200, code, body)
        self.assertEqual(1, self._usage(STICK_CLASS))
        self.assertEqual(204, self.detach(server, uuid)[0])
        self.assertEqual(1, self._usage(STICK_CLASS))
        self._delete_server(server)
        self.assertEqual(0, self._usage(STICK_CLASS))

    def test_live_attach_is_counted(self):
        server = self.boot()
        for count, port in enumerate(('1-2.1', '1-2.2'), 1):
            code, body = self.attach(server, id=self.device(port).uuid)
            self.assertEqual(200, code, body)
            self.assertEqual(count, self._usage(TWIN_CLASS))
        error = self.boot(flavor_id=self._flavor(TWIN_CLASS),
                          expected_state='ERROR')
        self.assertIn('No valid host', str(
            self.admin_api.get_server(error['id'])['fault']))
        self.assertEqual(
            204, self.detach(server, self.device('1-2.1').uuid)[0])
        self.assertEqual(1, self._usage(TWIN_CLASS))
        self._delete_server(server)
        self.assertEqual(0, self._usage(TWIN_CLASS))

    def test_restart_counts_what_was_missed(self):
        server = self.boot()
        device = self.device('1-1')
        device.claim(server['id'])
        device.finish_attach()
        self.compute = self.restart_compute_service(self.compute)
        self.scan()
        self.assertEqual(1, self._usage(STICK_CLASS))

    def test_counted_by_two_at_once(self):
        # A request and a report: neither counts what the other one does.
        server = self.boot()
        self.device('1-1').claim(server['id'])
        instance = objects.Instance.get_by_uuid(self.context, server['id'])
        allocations = self.compute.manager.usb.allocations
        second = threading.Thread(
            target=allocations.balance, args=(self.context, instance))
        has_read = threading.Event()

        def before(verb, url):
            if verb != 'get' or url != '/allocations/' + instance.uuid:
                return
            if second.ident is None:
                second.start()
                # It should not come to it, so this is waited for in vain.
                has_read.wait(1)
            else:
                has_read.set()

        self.useFixture(usb_placement.PlacementRequests()).before = before
        allocations.balance(self.context, instance)
        second.join()
        self.assertEqual(1, self._usage(STICK_CLASS))
