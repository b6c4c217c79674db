# SPDX-License-Identifier: Apache-2.0

import logging
from unittest import mock

import fixtures
from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute import task_states
from nova.compute.usb import api as usb_api
from nova.compute.usb import rollback
from nova.compute.usb import selection
from nova.compute import vm_states
from nova import exception
from nova.tests.unit.usb.compute import api_base as base
from nova.usb import exception as usb_exception
from nova.usb import status

REQUEST = selection.AttachRequest(device_uuid=uuids.device, tag='t')


class ApiTestCase(base.ComputeTestCase):

    def setUp(self):
        super(ApiTestCase, self).setUp()
        self.instance = self.server()
        self.compute_api = mock.Mock(spec=['get'])
        self.compute_api.get.return_value = self.instance
        # Actions and their events are in the database, an edge.
        for name in ('InstanceAction.action_start',
                     'InstanceActionEvent.event_start',
                     'InstanceActionEvent.event_finish_with_failure'):
            self.useFixture(fixtures.MockPatch('nova.objects.' + name))
        self.log = self.useFixture(fixtures.FakeLogger(
            'nova.compute.usb.audit', level=logging.INFO))
        self.api = usb_api.API(self.compute_api)
        self.api.hosts = self.hosts = base.FakeHosts()
        self.api.rollback = rollback.Rollback(self.hosts)


class AttachTest(ApiTestCase):

    def setUp(self):
        super(AttachTest, self).setUp()
        self.device = self.add(project_id=base.PROJECT)

    def attach(self, request=REQUEST):
        return self.api.attach(self.member, uuids.server, request)

    def _attached(self, context, instance, device_uuid):
        self.device.status = status.ATTACHED
        return self.device

    def test_attach(self):
        self.hosts.answer = self._attached
        self.assertIs(self.device, self.attach())
        self.assertEqual(
            [('attach_usb_device', self.member, self.instance,
              uuids.device)], self.hosts.asked)
        for words in (uuids.device, 'attached', 'user user',
                      self.member.request_id, 'server ' + uuids.server):
            self.assertIn(words, self.log.output)

    def test_the_host_refuses(self):
        self.hosts.answer = usb_exception.UsbAttachFailed(
            device='D', server='S', reason='R')
        self.assertRaises(usb_exception.UsbAttachFailed, self.attach)
        self.assertEqual((status.AVAILABLE, None), (
            self.device.status, self.device.instance_uuid))
        self.assertEqual('', self.log.output)

    def test_the_host_attaches_and_does_not_answer(self):
        def attached_in_silence(*args):
            self._attached(*args)
            raise usb_exception.UsbHostUnavailable(reason='R')

        self.hosts.answer = attached_in_silence
        self.assertIs(self.device, self.attach())

    def test_the_host_is_down(self):
        self.hosts.up = False
        self.assertRaises(usb_exception.UsbHostUnavailable, self.attach)
        self.assertEqual(status.AVAILABLE, self.device.status)

    def test_states_of_the_server(self):
        for state in sorted(vm_states.__dict__[name]
                            for name in dir(vm_states)
                            if name.isupper() and isinstance(
                                vm_states.__dict__[name], str)):
            self.instance.vm_state = state
            self.device.status = status.AVAILABLE
            if state in (vm_states.ACTIVE, vm_states.PAUSED,
                         vm_states.STOPPED):
                self.hosts.answer = self._attached
                self.attach()
                continue
            self.assertRaises(exception.InstanceInvalidState, self.attach)
            self.assertEqual(status.AVAILABLE, self.device.status)

    def test_locked(self):
        self.instance.locked = True
        self.assertRaises(exception.InstanceIsLocked, self.attach)

    def test_a_task_is_under_way(self):
        self.instance.task_state = task_states.REBOOTING
        self.assertRaises(exception.InstanceInvalidState, self.attach)

    def test_a_server_without_a_host(self):
        self.instance.host = None
        self.assertRaises(usb_exception.UsbServerWithoutHost, self.attach)


class DetachTest(ApiTestCase):

    def setUp(self):
        super(DetachTest, self).setUp()
        self.device = self.add(status=status.ATTACHED,
                               instance_uuid=uuids.server)
        self.hosts.answer = lambda *args: self.device.release()

    def detach(self):
        self.api.detach(self.member, uuids.server, uuids.device)

    def test_detach(self):
        self.detach()
        self.assertEqual(status.AVAILABLE, self.device.status)
        self.assertIn('detached', self.log.output)

    def test_every_state_in_which_no_one_else_ends_it(self):
        for state in (vm_states.SUSPENDED, vm_states.RESCUED,
                      vm_states.ERROR, vm_states.SHELVED,
                      vm_states.SOFT_DELETED):
            self.device.status = status.ATTACHED
            self.device.instance_uuid = uuids.server
            self.instance.vm_state = state
            self.detach()
            self.assertEqual(status.AVAILABLE, self.device.status, state)
        for state in (vm_states.BUILDING, vm_states.RESIZED):
            self.instance.vm_state = state
            self.assertRaises(exception.InstanceInvalidState, self.detach)

    def test_another_servers(self):
        self.device.instance_uuid = uuids.other
        self.assertRaises(usb_exception.UsbDeviceNotFound, self.detach)
        self.assertEqual(status.ATTACHED, self.device.status)

    def test_the_guest_does_not_let_go(self):
        self.hosts.answer = usb_exception.UsbDetachTimeout(
            device='D', server='S', seconds=1)
        self.assertRaises(usb_exception.UsbDetachTimeout, self.detach)
        self.assertEqual(status.ATTACHED, self.device.status)
        self.assertEqual('', self.log.output)

    def test_the_host_detaches_and_does_not_answer(self):
        def detached_in_silence(*args):
            # What nova-api has in its hands is out of date then.
            self.devices[:] = [base.FakeDevice()]
            self.device.error = usb_exception.UsbDeviceClaimLost(
                device='D', server='S', status='available')
            raise usb_exception.UsbHostUnavailable(reason='R')

        self.hosts.answer = detached_in_silence
        self.detach()
        self.assertIn('detached', self.log.output)


class ReadTest(ApiTestCase):

    def test_of_a_server(self):
        device = self.add(instance_uuid=uuids.server)
        self.add(uuid=uuids.other, instance_uuid=uuids.other_server)
        self.assertEqual([device], self.api.list_for_server(
            self.member, uuids.server))
        self.assertIs(device, self.api.get_for_server(
            self.member, uuids.server, uuids.device))
        self.assertRaises(
            usb_exception.UsbDeviceNotFound, self.api.get_for_server,
            self.member, uuids.server, uuids.other)
        self.instance.host = None
        self.assertEqual([], list(self.api.list_for_server(
            self.member, uuids.server)))


class LiveMigrationTest(ApiTestCase):

    def migrate(self):
        self.api.before_live_migration(self.admin, self.instance)

    def test_without_devices(self):
        self.migrate()

    def test_refused(self):
        self.add(instance_uuid=uuids.server)
        error = self.assertRaises(
            usb_exception.UsbLiveMigrationRefused, self.migrate)
        self.assertIn(uuids.device, str(error))

    def test_detached(self):
        self.flags(live_migration='detach', group='usb')
        devices = [self.add(uuid=uuid, instance_uuid=uuids.server,
                            status=status.ATTACHED)
                   for uuid in (uuids.a, uuids.b)]
        self.hosts.answer = lambda context, instance, device_uuid: self._get(
            context, device_uuid).release()
        self.migrate()
        self.assertEqual([status.AVAILABLE] * 2,
                         [device.status for device in devices])
        requests = {call[1].request_id for call in self.hosts.asked}
        self.assertEqual(2, len(requests - {self.admin.request_id}))
