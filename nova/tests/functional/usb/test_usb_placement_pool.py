# SPDX-License-Identifier: Apache-2.0
"""Which devices Placement knows: pool, dedicated, new, gone, withdrawn."""

from nova.compute.usb import inventory
from nova.tests.functional.usb import base
from nova.tests.functional.usb import counted_base
from nova.tests.usb_fixtures import usb_placement

STICK_CLASS = base.STICK_CLASS
TWIN_CLASS = base.TWIN_CLASS


class PoolTest(counted_base.CountedMixin, base.UsbTestBase):

    def setUp(self):
        super(PoolTest, self).setUp()
        self.provider = self._get_provider_uuid_by_name('fake-mini_usb')

    def totals(self):
        return {name: record['total'] - record['reserved']
                for name, record
                in self._get_provider_inventory(self.provider).items()
                if record['total'] > record['reserved']}

    def classes(self):
        """The resource classes of devices that the whole cloud has."""
        body = self.placement.get('/resource_classes', version='1.7').body
        return {found['name'] for found in body['resource_classes']
                if found['name'].startswith('CUSTOM_USB')}

    def grant(self, port_path, project_id):
        return self.request(
            'PUT', '/os-usb-devices/' + self.device(port_path).uuid,
            {'usb_device': {'project_id': project_id}})

    def assert_totals(self, totals):
        self.assert_soon(lambda: self.assertEqual(totals, self.totals()))

    def flavor(self, resource_class):
        return self._create_flavor(extra_spec={
            'resources:' + resource_class: '1'})

    # Dedicated

    def test_granted_devices_are_not_in_placement(self):
        project = self.admin_api.project_id
        self.assert_totals({STICK_CLASS: 1, TWIN_CLASS: 2})
        self.assertEqual(200, self.grant('1-2.1', project)[0])
        self.assert_totals({STICK_CLASS: 1, TWIN_CLASS: 1})
        server = self.boot()
        code, body = self.attach(server, id=self.device('1-2.1').uuid)
        self.assertEqual(200, code, body)
        self.assertEqual({}, self.of_server(server))
        # A flavor gets the other one all the same, and that alone.
        self.boot(flavor_id=self.flavor(TWIN_CLASS))
        self.boot(flavor_id=self.flavor(TWIN_CLASS), expected_state='ERROR')
        self.assertEqual(204, self.detach(
            server, self.device('1-2.1').uuid)[0])
        self.assertEqual(200, self.grant('1-2.1', None)[0])
        self.assert_totals({STICK_CLASS: 1, TWIN_CLASS: 2})

    def test_what_a_flavor_holds_cannot_be_granted(self):
        project = self.admin_api.project_id
        server = self.boot(flavor_id=self.flavor(STICK_CLASS))
        code, body = self.grant('1-1', project)
        self.assertEqual(409, code, body)
        self.assertIn('whose flavor asks for them', str(body))
        self.assertIsNone(self.device('1-1').project_id)
        # Neither when it is attached.
        code, body = self.attach(server, id=self.device('1-1').uuid)
        self.assertEqual(200, code, body)
        self.assertEqual(409, self.grant('1-1', project)[0])
        self._delete_server(server)
        self.assertEqual(200, self.grant('1-1', project)[0])
        self.assert_totals({TWIN_CLASS: 2})

    def test_one_of_two_can_be_granted(self):
        project = self.admin_api.project_id
        self.boot(flavor_id=self.flavor(TWIN_CLASS))
        self.assertEqual(200, self.grant('1-2.1', project)[0])
        self.assert_totals({STICK_CLASS: 1, TWIN_CLASS: 1})
        self.assertEqual(409, self.grant('1-2.2', project)[0])

    def test_grant_of_what_is_attached(self):
        server = self.boot()
        self.attach(server, id=self.device('1-1').uuid)
        self.assertEqual({STICK_CLASS: 1}, self.of_server(server))
        self.assertEqual(
            200, self.grant('1-1', self.admin_api.project_id)[0])
        self.assert_soon(
            lambda: self.assertEqual({}, self.of_server(server)))
        self.assert_totals({TWIN_CLASS: 2})
        self.assertEqual(200, self.grant('1-1', None)[0])
        self.assert_soon(lambda: self.assertEqual(
            {STICK_CLASS: 1}, self.of_server(server)))
        self.assert_totals({STICK_CLASS: 1, TWIN_CLASS: 2})

    def test_grant_without_placement(self):
        requests = self.useFixture(usb_placement.PlacementRequests())
        requests.away = True
        code, body = self.grant('1-1', self.admin_api.project_id)
        self.assertEqual(503, code, body)
        self.assertIsNone(self.device('1-1').project_id)
        # Nothing has to be known of a device that is granted already.
        requests.away = False
        self.assertEqual(
            200, self.grant('1-1', self.admin_api.project_id)[0])
        requests.away = True
        self.assertEqual(200, self.grant('1-1', None)[0])

    # Resource classes

    def test_classes_of_what_is_gone(self):
        self.assertEqual({STICK_CLASS, TWIN_CLASS}, self.classes())
        self.unplug('1-1')
        self.scan()
        self.assertEqual({TWIN_CLASS}, self.classes())
        self.assertEqual({TWIN_CLASS: 2}, self.totals())

    def test_class_stays_while_it_is_allocated(self):
        server = self.boot(flavor_id=self.flavor(STICK_CLASS))
        self.unplug('1-1')
        self.scan()
        self.assertEqual({TWIN_CLASS: 2}, self.totals())
        self.assertIn(STICK_CLASS, self.classes())
        self._delete_server(server)
        publication = self.compute.manager.usb.allocations.publication
        now = publication.clock()
        publication.clock = lambda: now + 601
        self.scan()
        self.assertEqual({TWIN_CLASS}, self.classes())

    def test_device_that_is_programmed(self):
        for number in range(40):
            self.plug(dict(base.STICK, port_path='1-9', serial='CHANGES',
                           product_id='%04x' % number,
                           device_number=number + 30))
            self.scan()
        self.unplug('1-9')
        self.rescan(self.compute)
        self.assertEqual({STICK_CLASS, TWIN_CLASS}, self.classes())

    def test_many_products(self):
        self.plug(*[dict(base.STICK, port_path='3-%d' % number, bus_number=3,
                         serial='S%d' % number, product_id='%04x' % number,
                         device_number=number + 1)
                    for number in range(100)])
        server = self.boot()
        self.scan()
        self.assertEqual(inventory.MAX_DEFAULT_CLASSES, len(self.classes()))
        # What is beyond the bound is a device as any other.
        for port_path in ('3-0', '3-99'):
            code, body = self.attach(server, id=self.device(port_path).uuid)
            self.assertEqual(200, code, body)
        self.assertLessEqual(
            len(self.classes()), inventory.MAX_DEFAULT_CLASSES)

    # New devices, and a host that offers none any more

    def test_attach_before_placement_was_told(self):
        # It flapped for so long that nothing is sent at once.
        for number in range(12):
            self.plug(dict(base.STICK, port_path='1-9', serial='FLAPS',
                           device_number=number + 30))
            self.scan()
            self.unplug('1-9')
            self.scan()
        server = self.boot()
        self.attach(server, id=self.device('1-2.1').uuid)
        self.attach(server, id=self.device('1-2.2').uuid)
        self.plug(dict(base.TWINS[0], port_path='1-7', device_number=77),
                  dict(base.STICK, port_path='1-8', product_id='0001',
                       device_number=88))
        self.scan()
        for port_path in ('1-7', '1-8'):
            code, body = self.attach(server, id=self.device(port_path).uuid)
            self.assertEqual(200, code, body)
        self.assertEqual(
            {TWIN_CLASS: 3, 'CUSTOM_USB_0781_0001': 1},
            self.of_server(server))

    def test_not_enabled_any_more(self):
        server = self.boot()
        self.attach(server, id=self.device('1-1').uuid)
        self.flags(enabled=False, group='usb')
        self.compute = self.restart_compute_service(self.compute)
        self.assertEqual({}, self.totals())
        self.assertEqual({STICK_CLASS: 1}, self.of_server(server))
        self._delete_server(server)
        self.assertEqual(0, self.usage(STICK_CLASS))

    # Placement away

    def test_placement_is_away(self):
        servers = [self.boot() for _device in range(3)]
        ports = ('1-1', '1-2.1', '1-2.2')
        requests = self.useFixture(usb_placement.PlacementRequests())
        requests.away = True
        for server, port in zip(servers, ports):
            code, body = self.attach(server, id=self.device(port).uuid)
            self.assertEqual(200, code, body)
        for _scan in range(3):
            requests.seen.clear()
            self.scan()
            self.assertEqual(1, len(requests.seen), requests.seen)
        self.assertEqual(1, self.stdlog.logger.output.count(
            'are not counted right in Placement'))
        requests.away = False
        self.scan()
        self.assertEqual(2, self.usage(TWIN_CLASS))
        self.assertEqual(1, self.usage(STICK_CLASS))
        self.assertIn('are counted in Placement again',
                      self.stdlog.logger.output)
