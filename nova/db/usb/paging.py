# SPDX-License-Identifier: Apache-2.0
"""The order of a list of devices, and what is behind a marker in it.

oslo.db's ``paginate_query`` does nearly the same.  It lacks what a page among
a million rows needs: a plain lower bound on the first column, from which every
database starts to read the index.  It also leaves out rows with NULL.
"""

import sqlalchemy as sa

from nova.db.usb import models
from nova import exception

Device = models.UsbDevice

#: Columns whose values are unique among the devices of a cell.
UNIQUE = ('uuid', 'id')


class Order(object):
    """A total order of devices.

    :param keys: names of columns, None for the default
    :param dirs: 'asc' or 'desc' for each of them; the last one applies to
        all further keys
    :raises: InvalidSortKey, InvalidInput
    """

    def __init__(self, keys=None, dirs=None):
        self.keys = list(keys or ['created_at'])
        dirs = list(dirs or ['asc'])
        if not set(self.keys).intersection(UNIQUE):
            self.keys.append('uuid')
        dirs += dirs[-1:] * (len(self.keys) - len(dirs))
        if set(dirs) - {'asc', 'desc'}:
            raise exception.InvalidInput(
                reason="a sort direction is 'asc' or 'desc', not %s" % dirs)
        columns = Device.__table__.columns
        for key in self.keys:
            if key not in columns:
                raise exception.InvalidSortKey()
        self.columns = [columns[key] for key in self.keys]
        self.ascending = [direction == 'asc' for direction in dirs]

    def clauses(self):
        """:returns: clauses for ORDER BY, with NULL before every value"""
        clauses = []
        for column, ascending in zip(self.columns, self.ascending):
            if column.nullable:
                has_value = column.isnot(None)
                clauses.append(has_value if ascending else has_value.desc())
            clauses.append(column if ascending else column.desc())
        return clauses

    def values_of(self, device):
        """:returns: the values that a marker, a row or an object, has"""
        values = []
        for key in self.keys:
            value = getattr(device, key)
            if getattr(value, 'tzinfo', None) is not None:
                # The times of objects have a time zone, which is always
                # UTC; those of columns have none.
                value = value.replace(tzinfo=None)
            values.append(value)
        return values

    def behind(self, values, inclusive=False):
        """The condition for rows that come after a marker.

        :param values: the marker's, one for each key
        :param inclusive: whether the marker's own place counts too
        """
        ways = []
        equal = []
        places = zip(self.columns, values, self.ascending)
        for column, value, ascending in places:
            ways.append(sa.and_(*(equal + [_beyond(column, value,
                                                   ascending)])))
            equal.append(column.is_(None) if value is None
                         else column == value)
        if inclusive:
            ways.append(sa.and_(*equal))
        first = self.columns[0]
        if first.nullable or isinstance(first.type, sa.Boolean):
            return sa.or_(*ways)
        bound = (first >= values[0] if self.ascending[0]
                 else first <= values[0])
        return sa.and_(bound, sa.or_(*ways))


def _beyond(column, value, ascending):
    if isinstance(column.type, sa.Boolean):
        column = sa.cast(column, sa.Integer)
        value = None if value is None else int(value)
    if value is None:
        return column.isnot(None) if ascending else sa.false()
    if ascending:
        return column > value
    if getattr(column, 'nullable', False):
        return sa.or_(column < value, column.is_(None))
    return column < value
