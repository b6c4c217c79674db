# SPDX-License-Identifier: Apache-2.0
"""What is counted in Placement while servers move, shelve and resize."""

import fixtures

from nova import objects
from nova.tests.functional.usb import base
from nova.tests.functional.usb import counted_base

STICK_CLASS = base.STICK_CLASS
TWIN_CLASS = base.TWIN_CLASS


class OneHostTest(counted_base.CountedMixin, base.UsbTestBase):

    def setUp(self):
        super(OneHostTest, self).setUp()
        self.scan()

    def test_resize_on_the_same_host(self):
        self.flags(allow_resize_to_same_host=True)
        server = self.boot()
        self.assertEqual(
            200, self.attach(server, id=self.device('1-1').uuid)[0])
        self._resize_server(server, self._create_flavor(vcpu=3))
        self.rescan(self.compute)
        self.assertEqual(1, self.usage(STICK_CLASS))
        self._confirm_resize(server)
        self.assert_soon(lambda: self.assertEqual(
            {STICK_CLASS: 1}, self.of_server(server)))
        self.assertEqual(1, self.usage(STICK_CLASS))
        self._delete_server(server)
        self.assertEqual(0, self.usage(STICK_CLASS))

    def test_revert_on_the_same_host(self):
        self.flags(allow_resize_to_same_host=True)
        server = self.boot()
        self.assertEqual(
            200, self.attach(server, id=self.device('1-1').uuid)[0])
        self._resize_server(server, self._create_flavor(vcpu=3))
        self.rescan(self.compute)
        self._revert_resize(server)
        self.rescan(self.compute)
        self.assertEqual({STICK_CLASS: 1}, self.of_server(server))
        self.assertEqual(1, self.usage(STICK_CLASS))

    def test_unshelve_counts(self):
        server = self.boot()
        self.assertEqual(
            200, self.attach(server, id=self.device('1-1').uuid)[0])
        self._shelve_server(server)
        self.assertEqual(0, self.usage(STICK_CLASS))
        self._unshelve_server(server)
        self._wait_for_assert(lambda: self.assertEqual(
            'attached', self.device('1-1').status))
        self.assertEqual({STICK_CLASS: 1}, self.of_server(server))

    def test_unshelve_leaves_what_a_flavor_holds(self):
        server = self.boot()
        self.assertEqual(
            200, self.attach(server, id=self.device('1-1').uuid)[0])
        self._shelve_server(server)
        # Else the simulation takes the new domain for the old one.
        self.assertIsNone(self.in_domain(server))
        scheduled = self.boot(flavor_id=self._create_flavor(
            extra_spec={'resources:' + STICK_CLASS: '1'}))
        self._unshelve_server(server)
        self.event(server, 'unshelve', 'compute_usb_devices_lost')
        self.assertEqual('available', self.device('1-1').status)
        code, body = self.attach(scheduled, id=self.device('1-1').uuid)
        self.assertEqual(200, code, body)
        self.assertEqual({}, self.of_server(server))
        self.assertEqual(1, self.usage(STICK_CLASS))


class TwoHostsTest(counted_base.CountedMixin, base.TwoHostsTest):
    """Both hosts have a stick of one kind."""

    OTHER = dict(base.STICK, port_path='2-1', bus_number=2,
                 serial='STICK-0002')

    def setUp(self):
        super(TwoHostsTest, self).setUp()
        for compute in self.computes.values():
            self.scan(compute)
        self.server = self.boot(host='host1')
        code, body = self.attach(self.server, id=self.device('1-1').uuid)
        self.assertEqual(200, code, body)

    def usages(self):
        return [self.usage(STICK_CLASS, host) for host in self.computes]

    def _migrate(self):
        self.admin_api.post_server_action(
            self.server['id'], {'migrate': None})
        self._wait_for_state_change(self.server, 'VERIFY_RESIZE')

    def test_rescan_at_the_destination(self):
        self._migrate()
        self.rescan(self.computes['host2'])
        self.assertEqual([1, 0], self.usages())
        self._confirm_resize(self.server)
        self._wait_for_assert(
            lambda: self.assertEqual([0, 0], self.usages()))
        for compute in self.computes.values():
            self.rescan(compute)
        self.assertEqual([0, 0], self.usages())

    def test_rescan_of_the_source_on_the_way(self):
        # At the destination, when all is allocated and nothing is moved.
        def spawning(*args, **kwargs):
            self.rescan(self.computes['host1'])

        self.useFixture(fixtures.MockPatch(
            'nova.virt.fake.FakeDriver.finish_migration',
            side_effect=spawning))
        self._migrate()
        self.assertEqual({}, self.of_server(self.server))
        self._confirm_resize(self.server)
        self._wait_for_assert(
            lambda: self.assertEqual([0, 0], self.usages()))

    def test_evacuate(self):
        self.computes['host1'].stop()
        self.force_down('host1')
        self._evacuate_server(self.server, expected_host='host2')
        self.rescan(self.computes['host2'])
        self.assertEqual(0, self.usage(STICK_CLASS, 'host2'))
        self.computes['host1'] = self.restart_compute_service(
            self.computes['host1'])
        self.rescan(self.computes['host1'])
        self.assertEqual([0, 0], self.usages())

    def test_instances_of_other_hosts(self):
        self.rescan(self.computes['host2'])
        instance = objects.Instance.get_by_uuid(
            self.context, self.server['id'])
        self.assertEqual('host1', instance.host)
        self.assertEqual([1, 0], self.usages())
