# SPDX-License-Identifier: Apache-2.0
"""Make Neutron's tables: neutron_schema.py DATABASE_URL.

Neutron's migrations alter constraints, which SQLite cannot; its models
describe the same tables.
"""

import sys

from neutron.db.migration.models import head
import sqlalchemy


def main(url):
    engine = sqlalchemy.create_engine(url)
    head.get_metadata().create_all(engine)
    print('%d tables' % len(head.get_metadata().tables))


if __name__ == '__main__':
    main(*sys.argv[1:])
