# SPDX-License-Identifier: Apache-2.0
"""A page of 1,000 devices among more and more of them."""

import datetime
import random
import uuid

from bench import database
from bench import measure
from nova.db.usb import api as usb_db
from nova.db.usb import models

PAGE = 1000
#: The first is large enough for a page on either side of the marker.
SIZES = (4000, 100000, 1000000)
#: Which orders and filters; the marker is in the middle.
QUERIES = {
    'by time': {},
    'by time, backwards': {'sort_keys': ['created_at'],
                           'sort_dirs': ['desc']},
    'by host': {'sort_keys': ['host']},
    'of one project': {'filters': {'project_id': 'p1'}},
}


def _row(rng, number):
    return {
        'uuid': str(uuid.UUID(int=rng.getrandbits(128))),
        'host': 'compute%06d' % (number // 100),
        'identity': '0781:5567/serial=S%d' % number,
        'vendor_id': '0781', 'product_id': '5567', 'serial': 'S%d' % number,
        'device_class': '00', 'interface_classes': '08',
        'port_path': '1-%d' % (number % 100), 'bus_number': 1,
        'device_number': number % 127, 'present': True,
        'status': 'available', 'disabled': False,
        'project_id': 'p%d' % (number % 2),
        'created_at': (datetime.datetime(2026, 1, 1) +
                       datetime.timedelta(seconds=number // 100))}


def _fill(engine, rng, have, wanted):
    table = models.UsbDevice.__table__
    for start in range(have, wanted, 10000):
        with engine.begin() as connection:
            connection.execute(table.insert(), [
                _row(rng, number)
                for number in range(start, min(start + 10000, wanted))])


def _page(context, marker, filters=None, **kwargs):
    return usb_db.device_get_by_filters(
        context, filters or {}, limit=PAGE, marker=marker, **kwargs)


def run(arguments):
    rng = random.Random(1)
    have = 0
    first = {}
    with database.made(arguments.url) as (context, engine):
        for size in [size for size in SIZES if size <= arguments.rows]:
            _fill(engine, rng, have, size)
            have = size
            middle = usb_db.device_get_by_filters(
                context, {'host': 'compute%06d' % (size // 400)})[0].uuid
            for name, query in QUERIES.items():
                rows = _page(context, middle, **query)
                page = min(measure.seconds(
                    lambda: _page(context, middle, **query))
                    for _round in range(7))
                first.setdefault(name, (page, len(rows)))
                per_row = page / len(rows)
                print('%-20s of %8d: %4d rows, %7.2f ms, per row %.2f times '
                      'that of %d' % (
                          name, size, len(rows), 1000 * page,
                          per_row / (first[name][0] / first[name][1]),
                          SIZES[0]), flush=True)
