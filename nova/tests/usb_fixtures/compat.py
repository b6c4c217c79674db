# SPDX-License-Identifier: Apache-2.0
"""What upstream's test harness of older releases lacks.

Each name says which releases need it, so that it can go when they do.  What
differs in Nova itself is in nova.usb_compat.
"""

import contextlib
import inspect
from unittest import mock

import fixtures

from nova.cmd import manage
import nova.conf
from nova import context as nova_context
from nova.db import migration as nova_migration
from nova.tests import fixtures as nova_fixtures
from nova.tests.functional.api import client
from nova.tests.functional import integrated_helpers

try:
    # 23.0.0 and later: events of devices that left a domain
    from nova.virt.libvirt import event as libvirtevent  # noqa: H306
except ImportError:
    libvirtevent = None

try:
    # 24.0.0 and later
    from nova.tests.fixtures import libvirt as fakelibvirt  # noqa: H306
except ImportError:
    from nova.tests.unit.virt.libvirt import fakelibvirt  # noqa: H306

try:
    # 24.0.0 and later
    from nova.tests.fixtures import LibvirtFixture  # noqa: H306
except ImportError:
    from nova.tests.unit.virt.libvirt.fakelibvirt import (  # noqa: H306
        FakeLibvirtFixture as LibvirtFixture)

try:
    # 24.0.0 and later
    from nova.tests.fixtures import RealPolicyFixture  # noqa: H306
except ImportError:
    from nova.tests.unit.policy_fixture import (  # noqa: H306
        RealPolicyFixture)

__all__ = ['ARCHIVE_TASK_LOG', 'FAKE_LIBVIRT', 'HAS_ALEMBIC',
           'HAS_RESPONSE_SCHEMAS', 'Harness', 'LibvirtFixture',
           'NOVA_BEFORE_LAST', 'RealPolicyFixture', 'api_client',
           'check_responses', 'fakelibvirt', 'libvirtevent', 'nova_database',
           'without_cast_as_call']

#: The name of upstream's module with a libvirt for tests.
FAKE_LIBVIRT = fakelibvirt.__name__
#: Whether Nova knows schemas of what it answers (31.x and later).
HAS_RESPONSE_SCHEMAS = hasattr(nova.conf.CONF.api, 'response_validation')
_UPSTREAM = integrated_helpers.InstanceHelperMixin
#: Whether the harness's users have roles (24.x and later).
_HAS_ROLES = 'roles' in inspect.signature(
    client.TestOpenStackClient).parameters


#: Whether Nova's own history is Alembic's (24.x and later), as ours is.
HAS_ALEMBIC = hasattr(nova_migration, '_upgrade_alembic')
#: A version of it that is not the newest one.
NOVA_BEFORE_LAST = '8f2f1571d55b' if HAS_ALEMBIC else '402'
#: For db archive_deleted_rows, where it knows that (24.x and later).
ARCHIVE_TASK_LOG = (
    {'task_log': True} if 'task_log' in inspect.signature(
        manage.DbCommands.archive_deleted_rows).parameters else {})


def nova_database(engine):
    """:returns: context manager: Nova's migrations are done there"""
    if HAS_ALEMBIC:
        return mock.patch.object(nova_migration, '_get_engine',
                                 return_value=engine)
    stack = contextlib.ExitStack()
    for name in ('nova.db.sqlalchemy.migration.get_engine',
                 'nova.db.sqlalchemy.api.get_engine'):
        stack.enter_context(mock.patch(name, return_value=engine))
    return stack


def check_responses(test):
    """Let an answer that is not as its schema says fail a test."""
    if HAS_RESPONSE_SCHEMAS:
        test.flags(response_validation='error', group='api')


class _ClientWithRoles(client.TestOpenStackClient):
    """For 22.x and 23.x, whose users have none."""

    def __init__(self, user, base_url, project, roles):
        super().__init__(user, base_url, project)
        self.roles = roles

    def api_request(self, relative_uri, *args, **kwargs):
        headers = kwargs.setdefault('headers', {})
        headers.setdefault('X-Roles', ','.join(self.roles))
        return super().api_request(relative_uri, *args, **kwargs)


def api_client(user, base_url, project, roles):
    """:returns: upstream's client for a user with roles of a project"""
    if _HAS_ROLES:
        return client.TestOpenStackClient(user, base_url, project, roles)
    return _ClientWithRoles(user, base_url, project, roles)


def _context_with_roles(env, **kwargs):
    """What keystonemiddleware makes of a token that names roles."""
    user = env['HTTP_X_AUTH_USER']
    roles = ['reader', 'member'] + ['admin'] * (user == 'admin')
    if 'HTTP_X_ROLES' in env:
        roles = [role for role in env['HTTP_X_ROLES'].split(',') if role]
    return nova_context.RequestContext(
        user, env['HTTP_X_AUTH_PROJECT_ID'], is_admin='admin' in roles,
        roles=roles, **kwargs)


def without_cast_as_call(test):
    """Let the API not wait for what it casts (22.x to 28.x).

    Later ones have the class attribute CAST_AS_CALL; on those this does
    nothing.
    """
    if hasattr(integrated_helpers._IntegratedTestBase, 'CAST_AS_CALL'):
        return
    # 22.x and 23.x have it in a module of its own.
    name = ('nova.tests.fixtures.CastAsCallFixture'
            if hasattr(nova_fixtures, 'CastAsCallFixture')
            else 'nova.tests.unit.cast_as_call.CastAsCall')
    test.useFixture(fixtures.MonkeyPatch(
        name, lambda _test: fixtures.Fixture()))


class _Helpers:
    """For 22.x, whose harness has no such helpers.

    They ask the API and wait, like those of later releases.
    """

    def _start_server(self, server):
        return self._act(server, 'os-start', 'ACTIVE')

    def _stop_server(self, server, wait_for_stop=True):
        return self._act(server, 'os-stop',
                         'SHUTOFF' if wait_for_stop else None)

    def _snapshot_server(self, server, snapshot_name):
        answer = self.admin_api.api_post(
            '/servers/%s/action' % server['id'],
            {'createImage': {'name': snapshot_name}})
        return answer.body

    def _act(self, server, action, status):
        self.api.post_server_action(server['id'], {action: None})
        if status:
            return self._wait_for_state_change(server, status)


class _Roles:
    """For 22.x and 23.x, whose users have no roles."""

    def _setup_services(self):
        super(Harness, self)._setup_services()
        self.useFixture(fixtures.MonkeyPatch(
            'nova.api.auth.NovaKeystoneContext._create_context',
            staticmethod(_context_with_roles)))


class _Evacuation:
    """For 22.x, where a helper takes no `expected_host`."""

    def _evacuate_server(self, server, extra_post_args=None,
                         expected_host=None, expected_state='SHUTOFF',
                         expected_migration_status='done'):
        body = {'evacuate': dict(extra_post_args or {})}
        self.admin_api.post_server_action(server['id'], body)
        self._wait_for_migration_status(server, [expected_migration_status])
        expected = {'status': expected_state}
        if expected_host:
            expected['OS-EXT-SRV-ATTR:host'] = expected_host
        return self._wait_for_server_parameter(server, expected)


def _missing(*classes):
    """:returns: a class with what upstream's harness does not have"""
    members = {name: value for cls in classes
               for name, value in vars(cls).items()
               if inspect.isfunction(value) and not hasattr(_UPSTREAM, name)}
    if 'expected_host' not in inspect.signature(
            _UPSTREAM._evacuate_server).parameters:
        members.update(_evacuate_server=_Evacuation._evacuate_server)
    if not _HAS_ROLES:
        members.update(_setup_services=_Roles._setup_services)
    return type('Harness', (), members)


#: To be put before upstream's base classes.
Harness = _missing(_Helpers)
