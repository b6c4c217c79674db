# SPDX-License-Identifier: Apache-2.0
"""Neutron's WSGI application, with all of its models known to each other.

The application alone loads the models of the plugins that it uses; those
refer to others.
"""

# The import is what loads them.
from neutron.db.migration.models import head  # noqa: F401
from sqlalchemy import orm

orm.configure_mappers()

# Only now: importing this starts the application.
from neutron.wsgi.api import application  # noqa: E402,F401
