# SPDX-License-Identifier: Apache-2.0
"""An authorisation lasts exactly as long as it should."""

import datetime

import fixtures
from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from nova import objects
from nova.tests.functional.usb import api_base
from nova.tests.functional.usb import base


class GrantTest(api_base.UsbApiTestBase):

    def setUp(self):
        super().setUp()
        self.grant(self.stick)
        self.server = self.boot()
        self.attached_by(self.member)

    def attached_by(self, api):
        code, body = self.attach(self.server, api=api, id=self.stick)
        self.assertEqual(200, code, body)

    def revoke(self, **kwargs):
        return self.put(self.stick, project_id=None, **kwargs)['usb_device']

    def assertHas(self, has):
        def check():
            device = self.device('1-1')
            self.assertEqual(
                (self.stick, 'attached' if has else 'available',
                 self.server['id'] if has else None),
                (device.uuid, device.status, device.instance_uuid))
            self.assertEqual([self.stick] if has else [],
                             list(self.in_domain(self.server) or ()))
        self._wait_for_assert(check)

    def test_unshelve_with_the_grant(self):
        self._shelve_server(self.server)
        self.assertGone()
        self._unshelve_server(self.server)
        self.assertHas(True)

    def test_unshelve_after_it_was_revoked(self):
        self._shelve_server(self.server)
        self.assertGone()
        self.revoke()
        self._unshelve_server(self.server)
        self.assertHas(False)
        lost = self.event(self.server, 'unshelve', 'compute_usb_devices_lost')
        self.assertIn(self.stick, lost['details'])

    def test_unshelve_after_it_was_granted_elsewhere(self):
        self._shelve_server(self.server)
        self.assertGone()
        self.grant(self.stick, api_base.OTHER_PROJECT)
        self._unshelve_server(self.server)
        self.assertHas(False)

    def test_unshelve_of_what_was_attached_by_hand(self):
        self.detach(self.server, self.stick)
        self.revoke()
        self.attached_by(self.admin_api)
        self._shelve_server(self.server)
        self._unshelve_server(self.server)
        self.assertHas(True)

    def test_revoked_while_attached(self):
        device = self.revoke()
        self.assertEqual('attached', device['status'])
        self.scan()
        self.assertHas(True)
        self._stop_server(self.server)
        self.assertGone()
        self._start_server(self.server)
        self.assertHas(False)

    def assertGone(self):
        # The simulation notices that a domain has ended when it is asked.
        self.assertIsNone(self.in_domain(self.server))

    def test_revoked_while_stopped(self):
        self._stop_server(self.server)
        self.assertGone()
        self.revoke()
        self._start_server(self.server)
        self.assertHas(False)

    def test_by_hand_it_stays(self):
        self.detach(self.server, self.stick)
        self.revoke()
        self.attached_by(self.admin_api)
        self._reboot_server(self.server, hard=True)
        self.scan()
        self.assertHas(True)

    def test_revoked_and_plugged_in_again(self):
        self.revoke()
        self.replug('1-1')
        self.scan()
        self.assertHas(False)

    def test_revoked_and_detached_now(self):
        device = self.revoke(detach=True)
        self.assertEqual(('available', None),
                         (device['status'], device['instance_uuid']))
        self.assertHas(False)
        self.assertIn('detach_usb_device', self.actions(self.server))

    def test_regranted_and_detached_now(self):
        body = self.put(self.stick, project_id=api_base.OTHER_PROJECT,
                        detach=True)
        self.assertEqual('available', body['usb_device']['status'])
        self.assertHas(False)

    def test_granted_again_to_its_own_project(self):
        body = self.put(self.stick, project_id=self.project, detach=True)
        self.assertEqual('attached', body['usb_device']['status'])
        self.assertHas(True)

    def test_revoked_while_it_is_being_attached(self):
        self.detach(self.server, self.stick)
        attach = self.compute.manager.usb.driver.attach

        def revoked_meanwhile(*args):
            attach(*args)
            self.revoke()

        with fixtures.MockPatchObject(
                self.compute.manager.usb.driver, 'attach',
                side_effect=revoked_meanwhile):
            code, body = self.attach(self.server, api=self.member,
                                     id=self.stick)
        self.assertEqual(409, code, body)
        self.assertIn('grant', body['conflictingRequest']['message'])
        self.assertHas(False)


class ManyDevicesTest(base.UsbTestBase):
    """As many as make a list longer than what a column takes."""

    DEVICES = [dict(base.STICK, serial='S-%d' % port, port_path='1-%d' % port,
                    device_number=port + 1) for port in range(1, 9)]

    def test_shelved_and_unshelved(self):
        server = self.boot()
        for device in self.devices().values():
            code, body = self.attach(server, id=device.uuid)
            self.assertEqual(200, code, body)
        self._shelve_server(server)
        self._wait_for_assert(lambda: self.assertEqual(
            {'available'},
            {device.status for device in self.devices().values()}))
        self.assertIsNone(self.in_domain(server))
        self.assertEqual(8, len(self._noted(server)))
        self._unshelve_server(server)
        self._wait_for_assert(lambda: self.assertEqual(
            8, len(self.in_domain(server))))
        self._wait_for_assert(lambda: self.assertEqual(
            [], self._noted(server)))

    def _noted(self, server):
        instance = objects.Instance.get_by_uuid(
            self.context, server['id'], expected_attrs=['system_metadata'])
        return [key for key in instance.system_metadata
                if key.startswith('usb_')]


class HostageTest(api_base.UsbApiTestBase):
    """Whatever state a server is in, its device can be had back."""

    def setUp(self):
        super().setUp()
        self.server = self.boot()
        self.assertEqual(200, self.attach(self.server, id=self.stick)[0])

    def act(self, action, state):
        self.admin_api.post_server_action(self.server['id'], action)
        self._wait_for_state_change(self.server, state)

    def assertDetached(self):
        self.assertEqual((204, None), self.detach(self.server, self.stick))
        device = self.device('1-1')
        self.assertEqual(('available', None),
                         (device.status, device.instance_uuid))

    def force_release(self, code):
        return self.ask(code, 'POST', '%s/%s/action' % (
            api_base.LIST, self.stick), {'force_release': None})

    def test_suspended(self):
        self.act({'suspend': None}, 'SUSPENDED')
        message = self.force_release(409)['conflictingRequest']['message']
        self.assertIn('DELETE /servers/%s/os-usb-devices/%s' % (
            self.server['id'], self.stick), message)
        self.assertDetached()
        self.act({'resume': None}, 'ACTIVE')
        self.assertEqual({}, self.in_domain(self.server))

    def test_rescued(self):
        self.act({'rescue': None}, 'RESCUE')
        self.assertDetached()

    def test_error(self):
        self._instance(vm_state='error')
        self.assertDetached()
        self.assertEqual({}, self.in_domain(self.server))

    def test_shelved(self):
        self.flags(shelved_offload_time=-1)
        self._shelve_server(self.server, expected_state='SHELVED')
        self.assertDetached()

    def test_soft_deleted(self):
        self.flags(reclaim_instance_interval=3600)
        self.admin_api.delete_server(self.server['id'])
        self._wait_for_state_change(self.server, 'SOFT_DELETED')
        self.assertDetached()

    def _instance(self, **values):
        instance = objects.Instance.get_by_uuid(
            self.context, self.server['id'])
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save()

    def test_a_task_that_is_stuck(self):
        self._instance(task_state='deleting')
        self.assertEqual(409, self.detach(self.server, self.stick)[0])
        self.force_release(409)
        self.useFixture(time_fixture.TimeFixture(
            timeutils.utcnow() + datetime.timedelta(seconds=121)))
        # It is the server that has not been heard of, not its host.
        service = objects.Service.get_by_host_and_binary(
            self.context, self.compute.host, 'nova-compute')
        service.last_seen_up = timeutils.utcnow()
        service.report_count += 1
        service.save()
        self.force_release(204)
        self.assertEqual('available', self.device('1-1').status)


class ForceReleaseTest(base.TwoHostsTest):

    def setUp(self):
        super().setUp()
        self.server = self.boot(host='host1')
        self.stick = self.device('1-1').uuid
        self.assertEqual(200, self.attach(self.server, id=self.stick)[0])

    def test_a_host_that_was_away_takes_it_out(self):
        """It was only said to be down; the guest goes on using it."""
        self.force_down('host1')
        code, body = self.request(
            'POST', '/os-usb-devices/%s/action' % self.stick,
            {'force_release': None})
        self.assertEqual(204, code, body)
        service = self.admin_api.get_services(
            binary='nova-compute', host='host1')[0]
        self.admin_api.put_service_force_down(service['id'], False)

        def check():
            # What it was sent meanwhile arrives some time.
            self.scan()
            self.assertEqual({}, self.in_domain(self.server))

        self._wait_for_assert(check)
