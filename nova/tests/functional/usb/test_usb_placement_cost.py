# SPDX-License-Identifier: Apache-2.0
"""What a scan costs on a host with many servers: nothing."""

import copy

import fixtures

from nova.compute import provider_tree
from nova import objects
from nova.tests.functional.usb import base
from nova.tests.usb_fixtures import usb_away
from nova.tests.usb_fixtures import usb_placement

SERVERS = 50


class CostMixin(object):

    def setUp(self):
        super(CostMixin, self).setUp()
        self.flags(instances=-1, group='quota')
        real = objects.Instance.get_by_uuid(
            self.context, self.boot()['id'], expected_attrs=['flavor'])
        names = {'host', 'node', 'compute_id', 'project_id', 'user_id',
                 'vm_state', 'task_state', 'flavor'} & set(real.fields)
        # Servers as the records have them; nothing here runs them.
        for _server in range(SERVERS - 1):
            objects.Instance(
                self.context, system_metadata={},
                **{name: getattr(real, name) for name in names}).create()
        self.compute = self.restart_compute_service(self.compute)
        self.scan()
        self.messages = []
        self.useFixture(usb_away.ComputeSideFixture())
        from oslo_messaging._drivers import impl_fake
        send = impl_fake.FakeDriver._send
        self.useFixture(fixtures.MonkeyPatch(
            'oslo_messaging._drivers.impl_fake.FakeDriver._send',
            lambda driver, target, context, message, *args, **kwargs: (
                self.messages.append(message['args'].get('objmethod')),
                send(driver, target, context, message, *args, **kwargs))[1]))
        self.requests = self.useFixture(usb_placement.PlacementRequests())
        self.copies = []
        deepcopy = copy.deepcopy
        self.useFixture(fixtures.MonkeyPatch(
            'nova.scheduler.client.report.copy.deepcopy',
            lambda what, *args: (self.copies.append(type(what)),
                                 deepcopy(what, *args))[1]))

    def _scan(self):
        del self.messages[:], self.requests.seen[:], self.copies[:]
        self.scan()

    def assert_nothing_asked(self):
        self.assertEqual(([], []), (self.messages, self.requests.seen))
        self.assertNotIn(provider_tree.ProviderTree, self.copies)

    def test_steady_state(self):
        for _scan in range(3):
            self._scan()
            self.assert_nothing_asked()


class NoDeviceTest(CostMixin, base.UsbTestBase):

    DEVICES = []

    def test_rescan(self):
        del self.messages[:], self.requests.seen[:], self.copies[:]
        self.compute.manager.usb.rescan(self.context)
        self.scan()
        # One look whether there is a provider, whatever servers there are.
        self.assertEqual(1, len(self.requests.seen), self.requests.seen)
        self.assertNotIn(provider_tree.ProviderTree, self.copies)


class DevicesTest(CostMixin, base.UsbTestBase):

    def test_attach_to_one(self):
        server = self.boot()
        self.attach(server, id=self.device('1-1').uuid)
        self._scan()
        self._scan()
        self.assert_nothing_asked()
