# SPDX-License-Identifier: Apache-2.0
"""Tests of lists and pages of USB devices, on a real (SQLite) database."""

import contextlib

from oslo_utils.fixture import uuidsentinel as uuids

from nova.db.usb import api as usb_db
from nova.db.usb import claims as usb_claims
from nova import exception
from nova.tests.unit.usb import usb_db_base
from nova.usb import status

stick = usb_db_base.stick
db_api = usb_db_base.db_api


class ListTest(usb_db_base.UsbDbTestCase):

    def setUp(self):
        super(ListTest, self).setUp()
        for host in ('compute2', 'compute1'):
            self.host = host
            self.report(stick('1-1', serial='A'), stick('1-2', serial='a'),
                        stick('1-3'), stick('1-4', product_id='0001'))

    def list(self, limit=None, marker=None, keys=None, dirs=None, **filters):
        return usb_db.device_get_by_filters(
            self.context, filters, limit=limit, marker=marker,
            sort_keys=keys, sort_dirs=dirs)

    def test_filters(self):
        row = self.list()[0]
        self.claim(row)
        usb_claims.device_update(self.context, row.uuid, {'project_id': 'p'})
        for filters, count in [
                ({}, 8), ({'host': 'compute1'}, 4), ({'host': 'none'}, 0),
                ({'host': ['compute1', 'compute2']}, 8),
                ({'status': status.AVAILABLE}, 7),
                ({'status': status.CLAIMED}, 1),
                ({'present': True}, 8), ({'present': False}, 0),
                ({'product_id': '0001'}, 2), ({'vendor_id': '0781'}, 8),
                ({'serial': 'a'}, 2), ({'serial': 'A'}, 2),
                ({'serial': ['A', 'a', None]}, 8), ({'serial': []}, 0),
                ({'serial': '%'}, 0), ({'serial': None}, 4),
                ({'instance_uuid': uuids.server}, 1),
                ({'instance_uuid': None}, 7),
                ({'project_id': 'p'}, 1), ({'project_id': None}, 7),
                ({'uuid': [row.uuid]}, 1), ({'disabled': True}, 0),
                ({'host': 'compute1', 'product_id': '0001'}, 1)]:
            with self.subTest(filters=filters):
                self.assertEqual(count, len(self.list(**filters)))
        self.assertRaises(exception.InvalidInput, self.list, identity='x')

    def test_instance(self):
        rows = self.list(host='compute1')
        for row in rows[:2]:
            self.claim(row)
        self.assertEqual(
            sorted(row.uuid for row in rows[:2]),
            sorted(row.uuid for row in
                   usb_db.device_get_all_by_instance_uuid(
                       self.context, uuids.server)))

    def _pages(self, size, marker_of, **kwargs):
        found = []
        marker = None
        for _page in range(20):
            page = self.list(limit=size, marker=marker, **kwargs)
            if not page:
                return found
            found += page
            marker = marker_of(page[-1])
        self.fail('no end')

    def test_pages_in_every_order(self):
        everything = self.list()
        for keys in [None, ['host'], ['serial'], ['updated_at'], ['present'],
                     ['product_id', 'serial'], ['uuid'], ['id'],
                     ['instance_uuid', 'host']]:
            for dirs in [None, ['asc'], ['desc'], ['asc', 'desc']]:
                for size in (1, 3, 8):
                    for marker_of in (lambda row: row.uuid, lambda row: row):
                        rows = self._pages(size, marker_of, keys=keys,
                                           dirs=dirs)
                        self.assertEqual(
                            [row.uuid for row in
                             self.list(keys=keys, dirs=dirs)],
                            [row.uuid for row in rows], (keys, dirs, size))
                        self.assertEqual(len(everything), len(rows))

    def test_order(self):
        rows = self.list(keys=['created_at'], dirs=['desc'])
        self.assertEqual(
            sorted(((row.created_at, row.uuid) for row in rows),
                   reverse=True),
            [(row.created_at, row.uuid) for row in rows])
        serials = [row.serial for row in self.list(keys=['serial'])]
        self.assertEqual([None] * 4 + ['A', 'A', 'a', 'a'], serials)

    def test_wrong_order(self):
        self.assertRaises(exception.InvalidSortKey, self.list, keys=['x'])
        self.assertRaises(exception.InvalidInput, self.list, dirs=['up'])

    def test_marker(self):
        self.assertRaises(exception.MarkerNotFound, self.list,
                          marker=uuids.unknown)
        self.assertEqual([], self.list(limit=0))

    def test_marker_of_another_cell(self):
        for dirs in (['asc', 'asc'], ['desc', 'desc'], ['desc', 'asc']):
            keys = ['created_at', 'uuid']
            rows = self.list(keys=keys, dirs=dirs)

            def at(values):
                return usb_db.device_get_marker_by_values(
                    self.context, keys, dirs, values)

            self.assertEqual(rows[3].uuid,
                             at([rows[3].created_at, rows[3].uuid]))
            first, last = ('0' * 36, 'g' * 36)
            if dirs[1] == 'desc':
                first, last = last, first
            self.assertEqual(rows[0].uuid, at([rows[0].created_at, first]))
            self.assertIsNone(at([rows[-1].created_at, last]))

    def test_a_page_is_read_from_the_index(self):
        for keys, dirs in [(None, None), (['created_at'], ['desc']),
                           (['host'], ['asc'])]:
            rows = self.list(keys=keys, dirs=dirs)
            with self.statements() as seen:
                self.list(limit=2, marker=rows[3], keys=keys, dirs=dirs)
            plan = self._explain(seen[-1], rows[3], keys)
            self.assertNotIn('TEMP B-TREE', plan)
            self.assertIn('SEARCH', plan)

    def _explain(self, statement, marker, keys):
        engine = db_api.get_engine(context=self.context)
        value = getattr(marker, (keys or ['created_at'])[0])
        with contextlib.closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            count = statement.count('?')
            values = ([str(value)] * 3 + [marker.uuid])[:count - 2]
            cursor.execute('EXPLAIN QUERY PLAN ' + statement,
                           values + [2] * (count - len(values)))
            return '\n'.join(str(row) for row in cursor.fetchall())
