# SPDX-License-Identifier: Apache-2.0
"""Servers whose build fails, moves on to another host, or is cut off."""

import threading

import fixtures

from nova.db.usb import claims as usb_claims
from nova import exception
from nova.objects import usb_device as usb_obj
from nova.tests.functional.usb import base
from nova.virt import fake

TWIN_CLASS = 'CUSTOM_USB_0403_6001'
SPAWN = 'nova.virt.fake.FakeDriver.spawn'


class BuildTestBase(base.TwoHostsTest):
    """Two hosts, each with two of the devices that the flavor asks for."""

    def setUp(self):
        super(BuildTestBase, self).setUp()
        self._run_periodics()
        self.flavor = self._create_flavor(extra_spec={
            'resources:' + TWIN_CLASS: '1'})
        #: How many devices each end of a server freed.
        self.freed = []
        self._release_instance = usb_claims.release_instance
        self.useFixture(fixtures.MockPatchObject(
            usb_claims, 'release_instance', side_effect=self._count_released))

    def _count_released(self, *args):
        count = self._release_instance(*args)
        if count:
            self.freed.append(count)
        return count

    def _setup_compute_service(self):
        for host in ('host1', 'host2'):
            self.plug(*base.TWINS, host=host)
            self._start_compute(host)

    def spawn(self, wrapper):
        """Have the driver's spawn wrapped.

        :param wrapper: called with upstream's spawn as a callable, and the
            name of the host
        """
        spawn = fake.FakeDriver.spawn

        def wrapped(driver, *args, **kwargs):
            return wrapper(lambda: spawn(driver, *args, **kwargs),
                           driver._host)

        self.useFixture(fixtures.MonkeyPatch(SPAWN, wrapped))

    def used(self):
        """How many devices are held on each host in Placement."""
        return [
            self._get_provider_usages(self._get_provider_uuid_by_name(
                host + '_usb'))[TWIN_CLASS]
            for host in ('host1', 'host2')]

    def device_of(self, host, port_path='1-2.1'):
        device, = [
            device for device in usb_obj.UsbDeviceList.get_by_filters(
                self.context, {'host': host})
            if device.port_path == port_path]
        return device

    def assert_free(self, host):
        device = self.device_of(host)
        self.assertEqual(('available', None), (
            device.status, device.instance_uuid))

    def claimed(self, server, host):
        """A device attached as the records have it, without the API.

        The API refuses that for a server that is not built; this is what is
        left when a server was thrown back while its device was attached.
        """
        device = self.device_of(host)
        device.claim(server['id'])
        device.finish_attach()
        return device

    def delete(self, server):
        self.admin_api.delete_server(server['id'])
        self._wait_until_deleted(server)


class BuildFailureTest(BuildTestBase):

    def _fail(self, spawn, host):
        raise exception.InstanceDeployFailure(reason='no luck')

    def test_fails_everywhere(self):
        self.spawn(self._fail)
        server = self.boot(flavor_id=self.flavor, expected_state='ERROR')
        self._wait_for_assert(
            lambda: self.assertEqual([0, 0], self.used()))
        self.assertEqual({}, self._get_allocations_by_server_uuid(
            server['id']))
        device = self.device_of('host1')
        code, body = self.attach(server, id=device.uuid)
        self.assertEqual(409, code, body)
        self.assert_free('host1')
        self.delete(server)
        self.assertEqual(([0, 0], []), (self.used(), self.freed))

    def test_goes_to_the_other_host(self):
        tried = []

        def fail_once(spawn, host):
            tried.append(host)
            if len(tried) == 1:
                self._fail(spawn, host)
            return spawn()

        self.spawn(fail_once)
        server = self.boot(flavor_id=self.flavor)
        self.assertEqual({'host1', 'host2'}, set(tried))
        there = server['OS-EXT-SRV-ATTR:host']
        self.assertEqual(tried[1], there)
        self._wait_for_assert(lambda: self.assertEqual(
            [int(there == 'host1'), int(there == 'host2')], self.used()))
        # It gets what it was scheduled for, where it is, and only once.
        code, body = self.attach(server, id=self.device_of(there).uuid)
        self.assertEqual(200, code, body)
        self.assertEqual(1, sum(self.used()))
        code, body = self.attach(server, id=self.device_of(tried[0]).uuid)
        self.assertEqual(409, code, body)
        self.delete(server)
        self._wait_for_assert(
            lambda: self.assertEqual([0, 0], self.used()))
        self.assert_free(there)
        self.assertEqual([1], self.freed)

    def test_device_of_a_server_that_was_thrown_back(self):
        self.spawn(self._fail)
        server = self.boot(expected_state='ERROR')
        self.claimed(server, 'host1')
        # The server is on no host; that of the device finds out when it
        # looks at all of them.
        code, body = self.request(
            'POST', '/os-usb-devices/%s/action' % self.device_of('host1').uuid,
            {'rescan': None})
        self.assertEqual(204, code, body)
        self.assert_free('host1')
        # Given to another server, it stays there when the first is deleted.
        self.useFixture(fixtures.MonkeyPatch(
            SPAWN, lambda driver, *args, **kwargs: None))
        other = self.boot(host='host1')
        device = self.claimed(other, 'host1')
        self.delete(server)
        self.assertEqual(('attached', other['id']), (
            self.device_of('host1').status,
            self.device_of('host1').instance_uuid))
        self.assertEqual([], self.freed)
        self.delete(other)
        self.assertEqual(device.uuid, self.device_of('host1').uuid)
        self._wait_for_assert(lambda: self.assert_free('host1'))
        self.assertEqual([1], self.freed)


class DeletedWhileBuildingTest(BuildTestBase):

    def setUp(self):
        super(DeletedWhileBuildingTest, self).setUp()
        self.building = threading.Event()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.fails = False
        self.spawn(self._wait)

    def _wait(self, spawn, host):
        self.building.set()
        # Nothing depends on the seconds but that the test ends.
        self.assertTrue(self.go_on.wait(30))
        if self.fails:
            raise exception.InstanceDeployFailure(reason='no luck')
        return spawn()

    def _begin(self, **kwargs):
        server = self.admin_api.post_server({'server': self._build_server(
            networks='none', **kwargs)})
        self.assertTrue(self.building.wait(30))
        return self.admin_api.get_server(server['id'])

    def _delete_while_building(self, fails):
        self.fails = fails
        server = self._begin(flavor_id=self.flavor)
        host = server['OS-EXT-SRV-ATTR:host']
        self.assertEqual(1, sum(self.used()))
        device = self.device_of(host)
        code, body = self.attach(server, id=device.uuid)
        self.assertEqual(409, code, body)
        self.assert_free(host)
        self.claimed(server, host)
        self.admin_api.delete_server(server['id'])
        self.go_on.set()
        self._wait_until_deleted(server)
        self._wait_for_assert(lambda: self.assert_free(host))
        self._wait_for_assert(self._check_unused)
        self.assertEqual([1], self.freed)
        self.fails = False
        # All of them can be had again.
        for _n in range(2):
            self.boot(flavor_id=self.flavor, host=host)
        self.assertEqual(2, max(self.used()))

    def _check_unused(self):
        if self.fails:
            # The conductor may have claimed another host for it while it
            # was deleted; upstream's resource tracker frees that.
            self._run_periodics()
        self.assertEqual([0, 0], self.used())

    def test_deleted(self):
        self._delete_while_building(fails=False)

    def test_deleted_and_failed(self):
        self._delete_while_building(fails=True)
