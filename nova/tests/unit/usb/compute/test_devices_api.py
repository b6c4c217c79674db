# SPDX-License-Identifier: Apache-2.0

import datetime
import logging
from unittest import mock

import fixtures
from oslo_utils import fixture as utils_fixture
from oslo_utils.fixture import uuidsentinel as uuids
from oslo_utils import timeutils

from nova.compute import task_states
from nova.compute.usb import api as usb_api
from nova.compute.usb import devices_api
from nova.compute import vm_states
from nova import exception
from nova.tests.unit.usb.compute import api_base as base
from nova.usb import exception as usb_exception
from nova.usb import status


class DevicesApiTestCase(base.ComputeTestCase):

    def setUp(self):
        super(DevicesApiTestCase, self).setUp()
        self.flags(rpc_timeout=10, group='usb')
        self.clock = self.useFixture(utils_fixture.TimeFixture())
        self.now = timeutils.utcnow(with_timezone=True)
        self.long_ago = self.now - datetime.timedelta(seconds=21)
        self.servers = mock.create_autospec(usb_api.API, instance=True)
        self.servers.hosts = self.hosts = base.FakeHosts()
        self.servers.compute_api = mock.Mock()
        # Placement knows nothing of the device's host.
        self.useFixture(fixtures.MockPatch(
            'nova.objects.ComputeNodeList.get_all_by_host',
            side_effect=exception.ComputeHostNotFound(host='compute1')))
        self.servers.finder = mock.Mock()
        self.servers.finder.find.side_effect = self._get
        self.instance = self.server(updated_at=self.now)
        self.get_server = self.useFixture(fixtures.MockPatch(
            'nova.objects.Instance.get_by_uuid',
            return_value=self.instance)).mock
        self.log = self.useFixture(fixtures.FakeLogger(
            'nova.compute.usb.audit', level=logging.INFO))
        self.api = devices_api.DevicesAPI(self.servers)


class ForceReleaseTest(DevicesApiTestCase):

    def setUp(self):
        super(ForceReleaseTest, self).setUp()
        self.device = self.add(status=status.ATTACHED,
                               instance_uuid=uuids.server,
                               updated_at=self.long_ago)

    def force_release(self):
        self.api.force_release(self.admin, uuids.device)

    def assertReleased(self):
        self.force_release()
        self.assertEqual(status.AVAILABLE, self.device.status)
        # The host takes it out of the domain.
        self.assertEqual([uuids.device], self.hosts.looked_again)
        self.assertIn('released by force', self.log.output)
        self.assertIn('server ' + uuids.server, self.log.output)

    def assertRefused(self, kind):
        error = self.assertRaises(kind, self.force_release)
        self.assertIn(self.device.status, status.CLAIMED)
        self.assertEqual('', self.log.output)
        return error

    def test_in_good_hands(self):
        error = self.assertRefused(usb_exception.UsbDeviceNotOrphaned)
        self.assertIn('DELETE /servers/%s/os-usb-devices/%s' % (
            uuids.server, uuids.device), str(error))

    def test_nobodys(self):
        self.device.status = status.AVAILABLE
        self.assertRaises(usb_exception.UsbDeviceNotClaimed,
                          self.force_release)

    def test_what_is_under_way_is_no_orphan(self):
        for state in status.UNDER_WAY:
            self.device.status = state
            self.device.updated_at = self.now
            for up in (True, False):
                self.hosts.up = up
                error = self.assertRefused(usb_exception.UsbDeviceUnderWay)
                self.assertIn('20 seconds', str(error))

    def test_what_was_under_way(self):
        for state in status.UNDER_WAY:
            self.hosts.looked_again.clear()
            self.device.status = state
            self.device.instance_uuid = uuids.server
            self.assertReleased()

    def test_the_server_is_gone(self):
        self.get_server.side_effect = exception.InstanceNotFound(
            instance_id=uuids.server)
        self.assertReleased()

    def test_the_host_is_down(self):
        self.hosts.up = False
        self.assertReleased()

    def test_the_server_is_on_another_host(self):
        self.instance.host = 'compute2'
        self.assertReleased()

    def test_it_is_not_plugged_in(self):
        self.device.present = False
        self.assertReleased()

    def test_either_detach_or_force_release_in_every_state(self):
        for name, state in vars(vm_states).items():
            if not name.isupper() or not isinstance(state, str):
                continue
            self.device.status = status.ATTACHED
            self.device.instance_uuid = uuids.server
            self.instance.vm_state = state
            if state in usb_api.DETACH_STATES:
                self.assertRaises(usb_exception.UsbDeviceNotOrphaned,
                                  self.force_release)
            else:
                self.force_release()
                self.assertEqual(status.AVAILABLE, self.device.status)

    def test_a_task_that_is_stuck(self):
        self.instance.task_state = task_states.DELETING
        self.assertRefused(usb_exception.UsbDeviceNotOrphaned)
        self.instance.updated_at = self.long_ago
        self.assertReleased()

    def test_changed_meanwhile(self):
        self.hosts.up = False
        self.device.error = usb_exception.UsbDeviceChanged(device='D')
        self.assertRefused(usb_exception.UsbDeviceChanged)


class UpdateTest(DevicesApiTestCase):

    def setUp(self):
        super(UpdateTest, self).setUp()
        self.device = self.add(status=status.ATTACHED, project_id=base.PROJECT,
                               instance_uuid=uuids.server, disabled=False)

    def update(self, detach=False, **changes):
        return self.api.update_device(
            self.admin, uuids.device, changes, detach)

    def test_update(self):
        device = self.update(project_id=None, disabled=True)
        self.assertEqual((None, True), (device.project_id, device.disabled))
        self.servers.detach_usb_device.assert_not_called()
        for words in ('changed', 'project_id -', 'disabled True',
                      'user admin', self.admin.request_id):
            self.assertIn(words, self.log.output)

    def test_revoked_and_detached(self):
        for project in (None, 'other'):
            self.servers.detach_usb_device.reset_mock()
            self.update(detach=True, project_id=project)
            self.servers.detach_usb_device.assert_called_once_with(
                self.device._context, self.instance, uuids.device)

    def test_granted_to_the_servers_own_project(self):
        self.update(detach=True, project_id=base.PROJECT)
        self.servers.detach_usb_device.assert_not_called()

    def test_what_is_attached_just_now_finds_its_grant_gone(self):
        self.device.status = status.ATTACHING
        self.update(detach=True, project_id=None)
        self.servers.detach_usb_device.assert_not_called()

    def test_revoked_but_not_detached(self):
        self.servers.detach_usb_device.side_effect = (
            usb_exception.UsbDetachFailed(device='D', server='S',
                                          reason='R'))
        self.assertRaises(usb_exception.UsbDetachFailed, self.update,
                          detach=True, project_id=None)
        self.assertIsNone(self.device.project_id)


class OthersTest(DevicesApiTestCase):

    def test_rescan(self):
        device = self.add()
        self.api.rescan(self.admin, uuids.device)
        self.assertEqual([('rescan', device._context, base.HOST)],
                         self.hosts.asked)
        self.hosts.up = False
        self.assertRaises(usb_exception.UsbHostUnavailable,
                          self.api.rescan, self.admin, uuids.device)

    def test_delete(self):
        device = self.add()
        self.api.delete_device(self.admin, uuids.device)
        self.assertIn('forgotten', self.log.output)
        device.error = usb_exception.UsbDevicePresent(device='D')
        self.assertRaises(usb_exception.UsbDevicePresent,
                          self.api.delete_device, self.admin, uuids.device)
