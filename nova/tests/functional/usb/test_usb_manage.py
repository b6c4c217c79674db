# SPDX-License-Identifier: Apache-2.0
"""nova-manage with USB devices recorded, attached and allocated."""

from unittest import mock


from nova.cmd import manage
from nova import context as nova_context
from nova.tests.functional.usb import base
from nova.tests.functional.usb import manage_base
from nova.tests.usb_fixtures import compat

STICK_CLASS = base.STICK_CLASS
TWIN_CLASS = base.TWIN_CLASS
CLIENT = 'nova.scheduler.client.report.SchedulerReportClient.'


class PlacementCommandsTest(manage_base.ManageMixin, base.UsbTestBase):
    """One server that was scheduled for the stick and has it attached, and
    one that has a twin which its flavor does not name.
    """

    def setUp(self):
        super(PlacementCommandsTest, self).setUp()
        self._run_periodics()
        self.provider = self._get_provider_uuid_by_name('fake-mini_usb')
        self.cli = manage.PlacementCommands()
        self.scheduled = self.attached(flavor_id=self._create_flavor(
            extra_spec={'resources:' + STICK_CLASS: '1'}))
        self.plain = self.attached('1-2.1')
        # So that nothing of it is new to a later one.
        self.rescan()
        self.assert_counted()

    def allocated(self, server):
        """What a server holds of the host's devices, and what beside."""
        allocations = self._get_allocations_by_server_uuid(server['id'])
        ours = allocations.pop(self.provider, {}).get('resources', {})
        return ours, allocations

    def assert_counted(self):
        self.assertEqual({STICK_CLASS: 1}, self.allocated(self.scheduled)[0])
        self.assertEqual({TWIN_CLASS: 1}, self.allocated(self.plain)[0])
        self.assertEqual({STICK_CLASS: 1, TWIN_CLASS: 1},
                         self._get_provider_usages(self.provider))

    def heal(self, expected, **kwargs):
        self.assert_manage(expected, self.cli.heal_allocations,
                           verbose=True, **kwargs)

    def rescan(self):
        code, body = self.request(
            'POST', '/os-usb-devices/%s/action' % self.device('1-1').uuid,
            {'rescan': None})
        self.assertEqual(204, code, body)
        # Placement is told by the periodic task alone.
        self.scan()

    def test_nothing_to_heal(self):
        before = [self.allocated(server)
                  for server in (self.scheduled, self.plain)]
        self.heal(4)
        self.assertEqual(before, [
            self.allocated(server)
            for server in (self.scheduled, self.plain)])

    def test_heal_the_owner_of_an_allocation(self):
        path = '/allocations/' + self.plain['id']
        body = self.placement.get(path, version='1.28').body
        right = dict(body)
        body['project_id'] = 'somebody-else'
        self.assertEqual(204, self.placement.put(
            path, body, version='1.28').status)
        self.heal(0)
        healed = self.placement.get(path, version='1.28').body
        self.assertEqual(right['project_id'], healed['project_id'])
        self.assert_counted()

    def test_heal_a_lost_allocation(self):
        _ours, before = self.allocated(self.plain)
        self._delete_server_allocations(self.plain['id'])
        self.heal(0)
        # What it makes up is of the flavor, on the node itself ...
        ours, healed = self.allocated(self.plain)
        self.assertEqual({}, ours)
        for provider in before:
            self.assertEqual(before[provider]['resources'],
                             healed[provider]['resources'])
        # ... and what is attached is counted when it is looked at again.
        self.rescan()
        self.assert_counted()

    def test_heal_by_force(self):
        self.heal(0, instance_uuid=self.plain['id'], force=True)
        self.rescan()
        self.assert_counted()

    def test_heal_after_a_restart(self):
        self._delete_server_allocations(self.plain['id'])
        self.heal(0)
        self.compute = self.restart_compute_service(self.compute)
        self._run_periodics()
        self.scan()
        self.assertEqual({TWIN_CLASS: 1}, self.allocated(self.plain)[0])

    def test_lost_allocation_of_a_flavor_with_devices(self):
        # nova-manage knows no nested providers: it says so, and writes none.
        self._delete_server_allocations(self.scheduled['id'])
        self.heal(3)
        self.assertEqual(({}, {}), self.allocated(self.scheduled))
        self.assertEqual({TWIN_CLASS: 1}, self.allocated(self.plain)[0])
        self.assert_attached(self.scheduled)

    def test_audit(self):
        self.assert_manage(0, self.cli.audit, verbose=True, delete=True)
        self.assert_manage(0, self.cli.audit, verbose=True, delete=True,
                           provider_uuid=self.provider)
        self.assert_counted()
        self.assert_attached(self.scheduled)
        self.assert_attached(self.plain, '1-2.1')

    def test_audit_of_a_deleted_server(self):
        with mock.patch(CLIENT + 'delete_allocation_for_instance'):
            self._delete_server(self.plain)
        self._wait_for_assert(lambda: self.assertEqual(
            'available', self.device('1-2.1').status))
        self.assert_counted()
        self.assert_manage(4, self.cli.audit, verbose=True, delete=True)
        self.assertIn(self.plain['id'], self.printed)
        self.assertNotIn(self.scheduled['id'], self.printed)
        self.assertEqual({}, self.allocated(self.plain)[1])
        # The audit knows no classes of devices; nova-compute does.
        self.rescan()
        self.assertEqual(({}, {}), self.allocated(self.plain))
        self.assertEqual({STICK_CLASS: 1}, self.allocated(self.scheduled)[0])


class CellCommandsTest(manage_base.ManageMixin, base.TwoHostsTest):

    def setUp(self):
        super(CellCommandsTest, self).setUp()
        self.cli = manage.CellV2Commands()
        self.cell = self.cell_mappings['cell1'].uuid

    def test_verify_instance(self):
        server = self.attached(host='host1')
        self.assert_manage(0, self.cli.verify_instance, server['id'])
        self._delete_server(server)
        self.assert_manage(3, self.cli.verify_instance, server['id'])
        self.assert_manage(1, manage.DbCommands().archive_deleted_rows,
                           until_complete=True, all_cells=True)
        self.assert_manage(1, self.cli.verify_instance, server['id'])
        self.assertEqual('available', self.device('1-1').status)

    def test_delete_and_discover_a_host(self):
        server = self.attached(host='host1')
        self.assert_manage(4, self.cli.delete_host, self.cell, 'host1')
        self.assert_attached(server)

        before = set(self.devices())
        self.assert_manage(0, self.cli.delete_host, self.cell, 'host2')
        # It is in the cell all the same, until its service is deleted.
        self.scan(self.computes['host1'])
        code, body = self.request('GET', '/os-usb-devices?host=host2')
        self.assertEqual((200, ['2-1']), (code, [
            device['port_path'] for device in body['usb_devices']]))
        self.assertEqual(before, set(self.devices()))

        self.assert_manage(0, self.cli.discover_hosts, strict=True,
                           by_service=False)
        self.assertEqual(before, set(self.devices()))
        self.assert_manage(0, self.cli.list_hosts)
        self.assertIn('host2', self.printed)
        self.attached('2-1', host='host2')


class DeleteCellTest(manage_base.ManageMixin, base.TwoHostsTest):

    NUMBER_OF_CELLS = 2

    def _setup_compute_service(self):
        self.plug(base.STICK, host='host1')
        self.plug(self.OTHER, host='host2')
        self._start_compute('host1', cell_name='cell1')
        self._start_compute('host2', cell_name='cell2')

    def test_delete_cell(self):
        server = self.attached(host='host1')
        cli = manage.CellV2Commands()
        cell = self.cell_mappings['cell2'].uuid
        code, body = self.request('GET', '/os-usb-devices?host=host2')
        device = body['usb_devices'][0]['id']
        self.assert_manage(2, cli.delete_cell, cell)
        self.computes['host2'].stop()
        self.assert_manage(0, cli.delete_cell, cell, force=True)
        # As when nova-api is started again.
        nova_context.CELLS = []
        code, body = self.request('GET', '/os-usb-devices')
        self.assertEqual((200, ['1-1']), (code, [
            device['port_path'] for device in body['usb_devices']]))
        code, body = self.request('GET', '/os-usb-devices/' + device)
        self.assertEqual(404, code, body)
        self.assert_attached(server)
        self.assertEqual(3, self.run_manage(
            cli.delete_cell, self.cell_mappings['cell1'].uuid, force=True))
        self.assert_attached(server)


class DbCommandsTest(manage_base.ManageMixin, base.UsbTestBase):

    def setUp(self):
        super(DbCommandsTest, self).setUp()
        self.enforce_fk_constraints()
        self.cli = manage.DbCommands()
        self.server = self.attached()
        deleted = self.attached('1-2.1')
        self._delete_server(deleted)

    def _assert_right(self):
        self.assert_attached(self.server)
        self.assertEqual({'1-1': 'attached', '1-2.1': 'available',
                          '1-2.2': 'available'}, {
            port: device.status for port, device in self.devices().items()})
        other = self.attached('1-2.1')
        self._delete_server(other)

    def test_archive_and_purge(self):
        self.assert_manage(1, self.cli.archive_deleted_rows, verbose=True,
                           until_complete=True, all_cells=True)
        self.assertIn('instances', self.printed)
        self.assertNotIn('devices', self.printed.split())
        self._assert_right()
        self.assert_manage(0, self.cli.purge, purge_all=True, verbose=True,
                           all_cells=True)
        self._assert_right()
        # The server that was made and deleted in between.
        self.assert_manage(1, self.cli.archive_deleted_rows, purge=True,
                           until_complete=True,
                           **compat.ARCHIVE_TASK_LOG)
        self.assert_attached(self.server)
