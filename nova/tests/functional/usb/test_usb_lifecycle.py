# SPDX-License-Identifier: Apache-2.0
"""What happens to a server's devices when something happens to the server.

The promises are the table in doc/source/admin/usb-passthrough.rst.
"""

import fixtures

from nova import objects
from nova.tests.functional.usb import base
from nova.usb import exception as usb_exception


class OneHostLifecycleTest(base.UsbTestBase):

    def setUp(self):
        super(OneHostLifecycleTest, self).setUp()
        self.server = self.boot()
        self.uuid = self.device('1-1').uuid
        code, body = self.attach(self.server, id=self.uuid)
        self.assertEqual(200, code, body)

    # Each of these waits: upstream changes a server's state, which is what
    # a test sees, before it comes back to our hook.

    def _assert_has_it(self, address=(1, 2)):
        self._wait_for_assert(lambda: self._check_has_it(address))

    def _check_has_it(self, address):
        self.assertEqual({self.uuid: address}, self.in_domain(self.server))
        device = self.device('1-1')
        self.assertEqual(
            (self.uuid, 'attached', self.server['id']),
            (device.uuid, device.status, device.instance_uuid))

    def _assert_free(self):
        self._wait_for_assert(self._check_free)

    def _check_free(self):
        device = self.device('1-1')
        self.assertEqual((self.uuid, 'available', None), (
            device.uuid, device.status, device.instance_uuid))

    def _act(self, action, state):
        self.admin_api.post_server_action(self.server['id'], action)
        self._wait_for_state_change(self.server, state)

    def test_soft_reboot(self):
        self._reboot_server(self.server)
        self._assert_has_it()

    def test_hard_reboot(self):
        self._reboot_server(self.server, hard=True)
        self._assert_has_it()

    # The first look is before any scan: it is the hook that is tested.

    def test_hard_reboot_at_another_address(self):
        self.replug('1-1')
        self._reboot_server(self.server, hard=True)
        self._assert_has_it(address=(1, 22))
        self.scan()
        self._assert_has_it(address=(1, 22))

    def test_stop_start(self):
        self._stop_server(self.server)
        self.assertIsNone(self.in_domain(self.server))
        self.replug('1-1')
        self._start_server(self.server)
        self._assert_has_it(address=(1, 22))
        self.scan()
        self._assert_has_it(address=(1, 22))

    def test_start_without_the_device(self):
        self._stop_server(self.server)
        self.unplug('1-1')
        self.scan()
        self._start_server(self.server)
        self.assertEqual({}, self.in_domain(self.server))
        device = self.device('1-1')
        self.assertEqual(('attached', False), (device.status, device.present))
        self.plug(base.STICK)
        self.scan()
        self._assert_has_it()

    def test_pause_unpause(self):
        self._act({'pause': None}, 'PAUSED')
        self._act({'unpause': None}, 'ACTIVE')
        self._assert_has_it()

    def test_lock_and_metadata(self):
        self.admin_api.post_server_action(self.server['id'], {'lock': None})
        self.admin_api.post_server_metadata(self.server['id'], {'a': 'b'})
        self.admin_api.post_server_action(self.server['id'], {'unlock': None})
        self._assert_has_it()

    def test_rescue_unrescue(self):
        self._act({'rescue': {}}, 'RESCUE')
        self.assertEqual('attached', self.device('1-1').status)
        self.scan()
        self._act({'unrescue': None}, 'ACTIVE')
        self._assert_has_it()

    def test_rebuild(self):
        self._rebuild_server(
            self.server, '155d900f-4e14-4e4c-a73d-069cbf4541e6')
        self._assert_has_it()

    def test_suspend_resume(self):
        self._suspend_server(self.server)
        self.assertFalse(self.in_domain(self.server))
        self.assertEqual('attached', self.device('1-1').status)
        self.replug('1-1')
        self.scan()
        self.assertFalse(self.in_domain(self.server))
        self._resume_server(self.server)
        self._assert_has_it(address=(1, 22))

    def test_snapshot(self):
        self._snapshot_server(self.server, 'snapshot')
        self.event(self.server, 'createImage', 'compute_snapshot_instance')
        self._assert_has_it()

    def test_password(self):
        self.admin_api.post_server_action(
            self.server['id'], {'changePassword': {'adminPass': 'secret'}})
        self.event(self.server, 'changePassword',
                   'compute_set_admin_password')
        self._assert_has_it()

    def test_shelve_without_offload_and_unshelve(self):
        self.flags(shelved_offload_time=-1)
        self._shelve_server(self.server, expected_state='SHELVED')
        self.assertEqual('attached', self.device('1-1').status)
        self._unshelve_server(self.server)
        self._assert_has_it()

    def test_shelve_offload_unshelve(self):
        self._shelve_server(self.server)
        self._assert_free()
        self._unshelve_server(self.server)
        self._assert_has_it()

    def test_unshelve_when_it_was_given_away(self):
        self._shelve_server(self.server)
        other = self.boot()
        code, body = self.attach(other, id=self.uuid)
        self.assertEqual(200, code, body)
        self._unshelve_server(self.server)
        self.assertEqual({}, self.in_domain(self.server))
        self.assertEqual({self.uuid: (1, 2)}, self.in_domain(other))
        lost = self.event(self.server, 'unshelve', 'compute_usb_devices_lost')
        self.assertEqual('Error', lost['result'])
        self.assertIn(self.uuid, lost['details'])

    def test_delete(self):
        self._delete_server(self.server)
        self._assert_free()

    def test_force_delete(self):
        self.admin_api.post_server_action(
            self.server['id'], {'forceDelete': None})
        self._wait_until_deleted(self.server)
        self._assert_free()

    def test_soft_delete_restore_and_reclaim(self):
        self.flags(reclaim_instance_interval=30)
        self.admin_api.delete_server(self.server['id'])
        self._wait_for_state_change(self.server, 'SOFT_DELETED')
        self.assertEqual('attached', self.device('1-1').status)
        self._act({'restore': None}, 'ACTIVE')
        self._assert_has_it()
        self.admin_api.delete_server(self.server['id'])
        self._wait_for_state_change(self.server, 'SOFT_DELETED')
        self.flags(reclaim_instance_interval=1)
        self._wait_for_assert(self._reclaim)

    def test_force_delete_of_a_soft_deleted_one(self):
        self.flags(reclaim_instance_interval=30)
        self.admin_api.delete_server(self.server['id'])
        self._wait_for_state_change(self.server, 'SOFT_DELETED')
        code, body = self.attach(self.boot(), id=self.uuid)
        self.assertEqual(409, code, body)
        self.test_force_delete()

    def _reclaim(self):
        self.compute.manager._reclaim_queued_deletes(self.context)
        self._check_free()

    def test_resize_to_the_same_host(self):
        self.flags(allow_resize_to_same_host=True)
        flavor = self._create_flavor(vcpu=3)
        self._resize_server(self.server, flavor)
        self.scan()
        self._confirm_resize(self.server)
        self._assert_has_it()

    def test_deleted_with_a_device_that_is_gone(self):
        self.unplug('1-1')
        self.scan()
        self._delete_server(self.server)
        self.assertNotIn('1-1', self.present())


class TwoHostsLifecycleTest(base.TwoHostsTest):

    def setUp(self):
        super(TwoHostsLifecycleTest, self).setUp()
        self.server = self.boot(host='host1')
        self.uuid = self.device('1-1').uuid
        code, body = self.attach(self.server, id=self.uuid)
        self.assertEqual(200, code, body)

    def _assert_record(self, status, server):
        self._wait_for_assert(lambda: self._check_record(status, server))

    def _check_record(self, status, server):
        device = self.device('1-1')
        self.assertEqual((self.uuid, status, server and server['id']), (
            device.uuid, device.status, device.instance_uuid))

    def _left_behind(self, action):
        event = self.event(
            self.server, action, 'compute_usb_devices_left_behind')
        self.assertEqual('Success', event['result'])
        self.assertNotIn(self.computes['host1'].host, str(event['details']))
        # The server moved as it should.
        self.assertIsNone(self.actions(self.server)[action]['message'])

    def test_migrate_confirm(self):
        self.admin_api.post_server_action(self.server['id'],
                                          {'migrate': None})
        self._wait_for_state_change(self.server, 'VERIFY_RESIZE')
        self._assert_record('attached', self.server)
        self.scan(self.computes['host1'])
        self._assert_record('attached', self.server)
        self.assertEqual({}, self.in_domain(
            self.server, self.computes['host2']))
        self._confirm_resize(self.server)
        self._assert_record('available', None)
        self._left_behind('confirmResize')

    def test_resize_revert(self):
        flavor = self._create_flavor(vcpu=3)
        self._resize_server(self.server, flavor)
        self.scan(self.computes['host1'])
        self._revert_resize(self.server)
        self._assert_record('attached', self.server)
        self._wait_for_assert(lambda: self.assertEqual(
            {self.uuid: (1, 2)}, self.in_domain(self.server)))

    def test_evacuate(self):
        self.computes['host1'].stop()
        self.force_down('host1')
        self._evacuate_server(self.server, expected_host='host2')
        self._assert_record('available', None)
        self._left_behind('evacuate')

    def test_evacuate_seen_by_the_source_only(self):
        # A nova-compute that evacuated it did not get to free them.
        self.useFixture(fixtures.MockPatch(
            'nova.compute.usb.lifecycle.Lifecycle.after_move'))
        source = self.computes['host1']
        source.stop()
        self.force_down('host1')
        self._evacuate_server(self.server, expected_host='host2')
        self._assert_record('attached', self.server)
        self.restart_compute_service(source)
        self._assert_record('available', None)

    def test_shelve_unshelve_to_another_host(self):
        self._shelve_server(self.server)
        self._assert_record('available', None)
        self.admin_api.put_service(self._service_id('host1'),
                                   {'status': 'disabled'})
        self._unshelve_server(self.server)
        self.assertEqual('host2', self.admin_api.get_server(
            self.server['id'])['OS-EXT-SRV-ATTR:host'])
        self._assert_record('available', None)

    def _service_id(self, host):
        return self.admin_api.get_services(
            binary='nova-compute', host=host)[0]['id']

    def _live_migrate_request(self):
        return self.request(
            'POST', '/servers/%s/action' % self.server['id'],
            {'os-migrateLive': {'host': 'host2', 'block_migration': 'auto'}})

    def test_live_migration_is_refused(self):
        code, body = self._live_migrate_request()
        self.assertEqual(409, code, body)
        self.assertIn(self.uuid, body['conflictingRequest']['message'])
        self._assert_record('attached', self.server)
        self.assertEqual({self.uuid: (1, 2)}, self.in_domain(self.server))

    def test_live_migration_that_plain_nova_api_lets_through(self):
        with fixtures.MockPatch(
                'nova.compute.usb.api.API.before_live_migration'):
            code, body = self._live_migrate_request()
        if code == 202:
            self._wait_for_migration_status(self.server, ['error'])
        else:
            # A conductor that is asked while the request waits.
            self.assertEqual(400, code, body)
        self._wait_for_server_parameter(
            self.server, {'OS-EXT-SRV-ATTR:host': 'host1',
                          'OS-EXT-STS:task_state': None,
                          'status': 'ACTIVE'})
        self._assert_record('attached', self.server)
        self.assertEqual({self.uuid: (1, 2)}, self.in_domain(self.server))

    def test_attach_while_it_is_live_migrated(self):
        # nova-api has let it in before the task was set.
        free = self.device('1-2.1')
        free.claim(self.server['id'])
        instance = objects.Instance.get_by_uuid(
            self.context, self.server['id'])
        instance.task_state = 'migrating'
        instance.save()
        self.assertRaises(
            usb_exception.UsbServerNotReady,
            self.compute.manager.usb.attachments.attach,
            self.context, instance, free.uuid)
        self.assertEqual('available', self.device('1-2.1').status)
        self.assertEqual({self.uuid: (1, 2)}, self.in_domain(self.server))

    def test_attach_and_shelve_offload(self):
        """An attach that waits for the lock while the server is offloaded.
        """
        free = self.device('1-2.1')
        instance = objects.Instance.get_by_uuid(
            self.context, self.server['id'])
        self._shelve_server(self.server)
        # The offload is over: what it had is released.
        self._assert_record('available', None)
        free.claim(self.server['id'])
        self.assertRaises(
            usb_exception.UsbServerNotReady,
            self.compute.manager.usb.attachments.attach,
            self.context, instance, free.uuid)
        self.assertEqual('available', self.device('1-2.1').status)

    def test_live_migration_detaches(self):
        self.flags(live_migration='detach', group='usb')
        code, body = self._live_migrate_request()
        self.assertEqual(202, code, body)
        self._wait_for_server_parameter(
            self.server, {'OS-EXT-SRV-ATTR:host': 'host2',
                          'status': 'ACTIVE'})
        self._assert_record('available', None)
        self.assertIn('detach_usb_device', self.actions(self.server))

    def test_live_migration_that_cannot_detach(self):
        self.flags(live_migration='detach', group='usb')
        self.faults.refuse('detach', usb_exception.UsbDetachTimeout(
            device=self.uuid, server=self.server['id'], seconds=20))
        code, body = self._live_migrate_request()
        self.assertEqual(409, code, body)
        self.assertIn('did not let go', body['conflictingRequest']['message'])
        self._assert_record('attached', self.server)

    def test_delete_the_compute_service(self):
        code, body = self.request(
            'DELETE', '/os-services/' + self._service_id('host1'))
        # Upstream keeps a service whose host has servers.
        self.assertEqual(409, code, body)
        self._assert_record('attached', self.server)

        self.computes['host2'].stop()
        self.assertIn('2-1', self.present())
        code, body = self.request(
            'DELETE', '/os-services/' + self._service_id('host2'))
        self.assertEqual(204, code, body)
        self.assertNotIn('2-1', self.present())

    def test_orphans_of_a_deleted_service(self):
        # Held, but the server has left: what a crash in a move leaves.
        orphan = self.device('2-1')
        orphan.claim(self.server['id'])
        orphan.finish_attach()
        self.computes['host2'].stop()
        code, body = self.request(
            'DELETE', '/os-services/' + self._service_id('host2'))
        self.assertEqual(204, code, body)
        orphan = self.device('2-1')
        self.assertEqual(('attached', False), (orphan.status, orphan.present))
        code, body = self.request(
            'POST', '/os-usb-devices/%s/action' % orphan.uuid,
            {'force_release': None})
        self.assertEqual(204, code, body)
        self.assertNotIn('2-1', self.present())
