# SPDX-License-Identifier: Apache-2.0
"""``nova-manage usb remove``: a cloud that plain Nova runs, and back."""

import sqlalchemy as sa

from nova.cmd import manage
from nova.compute.usb import shelf
from nova.db.usb import migration
from nova.db.usb import models
from nova import objects
from nova.tests.functional.usb import base
from nova.tests.functional.usb import manage_base
from nova.tests.usb_fixtures import usb_placement
from nova import usb_compat

STICK_CLASS = 'CUSTOM_USB_0781_5567'


class RemoveMixin(manage_base.ManageMixin):

    def setUp(self):
        super(RemoveMixin, self).setUp()
        self.cli = manage.CATEGORIES['usb']()

    def remove(self, expected, **kwargs):
        self.assert_manage(expected, self.cli.remove, **kwargs)

    def tables(self, cell='cell1'):
        """Our tables that the cell's database has."""
        engine = usb_compat.db_api.get_engine(
            context=self._cell_context(cell))
        return models.TABLES.intersection(
            sa.inspect(engine).get_table_names())

    def providers(self):
        body = self.placement.get('/resource_providers').body
        return {found['name'] for found in body['resource_providers']}

    def be_plain(self):
        """Nova's database code knows nothing of our tables any more."""
        metadata = usb_compat.models.BASE.metadata
        for name in models.TABLES:
            table = metadata.tables[name]
            metadata.remove(table)
            self.addCleanup(self.be_fork)

    @staticmethod
    def be_fork():
        """It knows them again."""
        metadata = usb_compat.models.BASE.metadata
        for table in (models.UsbDevice.__table__, models.UsbReport.__table__,
                      models.version_table):
            metadata._add_table(table.name, table.schema, table)

    def archive(self, expected):
        self.assert_manage(
            expected, manage.DbCommands().archive_deleted_rows,
            until_complete=True, all_cells=True)


class RemoveTest(RemoveMixin, base.UsbTestBase):

    def test_attached_devices_are_named(self):
        server = self.attached()
        before = self.providers()
        self.remove(2)
        self.assertIn(server['id'], self.printed)
        self.assertIn(self.device('1-1').uuid, self.printed)
        self.assert_attached(server)
        self.assertEqual(models.TABLES, self.tables())
        self.assertEqual(before, self.providers())

    def test_by_force(self):
        server = self.attached()
        scheduled = self.boot(flavor_id=self._create_flavor(
            extra_spec={'resources:CUSTOM_USB_0403_6001': '1'}))
        # Upstream has the provider in its cache.
        self.compute.manager.reportclient.clear_provider_cache()
        self._run_periodics()
        self.remove(0, force=True)
        self.assertEqual({}, self.in_domain(server))
        self.assertEqual(set(), self.tables())
        self.assertEqual({'fake-mini'}, self.providers())
        classes = self.placement.get('/resource_classes', version='1.7').body
        self.assertNotIn('CUSTOM_USB', str(classes))
        for found in (server, scheduled):
            self.assertEqual(1, len(self._get_allocations_by_server_uuid(
                found['id'])))
        # The host goes on, and says nothing of devices any more.
        requests = self.useFixture(usb_placement.PlacementRequests())
        self.scan()
        self.assertEqual([], requests.seen)
        self._run_periodics()
        other = self.boot()
        for found in (server, scheduled, other):
            self._delete_server(found)
        self.assertEqual({'fake-mini'}, self.providers())
        # Once more does no harm.
        self.remove(0)

    def test_plain_nova_archives_afterwards(self):
        self._delete_server(self.boot())
        self.be_plain()
        # What it is for: plain Nova fails with our tables.
        self.assertRaises(KeyError, manage.DbCommands().archive_deleted_rows,
                          until_complete=True, all_cells=True)
        self.be_fork()
        self.remove(0)
        self.be_plain()
        self.archive(1)

    def test_shelved_server(self):
        server = self.attached()
        self._shelve_server(server)
        self._wait_for_assert(lambda: self.assertEqual(
            'available', self.device('1-1').status))
        instance = objects.Instance.get_by_uuid(
            self.context, server['id'], expected_attrs=['system_metadata'])
        self.assertEqual(1, len(shelf.read(instance)))
        self.remove(0)
        instance = objects.Instance.get_by_uuid(
            self.context, server['id'], expected_attrs=['system_metadata'])
        self.assertEqual({}, shelf.read(instance))
        self._unshelve_server(server)

    def test_forward_again(self):
        self.remove(0)
        engine = usb_compat.db_api.get_engine(context=self.context)
        with engine.begin() as connection:
            migration.upgrade(connection)
        self.compute = self.restart_compute_service(self.compute)
        self.scan()
        self.assertEqual(models.TABLES, self.tables())
        self.attached()
        self.assertIn('fake-mini_usb', self.providers())

    def test_placement_is_away(self):
        requests = self.useFixture(usb_placement.PlacementRequests())
        requests.away = True
        self.remove(1)
        self.assertEqual(models.TABLES, self.tables())
        requests.away = False
        self.remove(0)


class HostsTest(RemoveMixin, base.TwoHostsTest):

    def test_host_that_is_down(self):
        server = self.attached(host='host1')
        self.computes['host1'].stop()
        self.force_down('host1')
        self.remove(3, force=True)
        self.assertIn(server['id'], self.printed)
        self.assertEqual({'host1', 'host2'}, self.providers())
        self.assertEqual(set(), self.tables())
