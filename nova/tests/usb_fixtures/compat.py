# SPDX-License-Identifier: Apache-2.0
"""What upstream's test harness of older releases lacks.

Each name says which releases need it, so that it can go when they do.  What
differs in Nova itself is in nova.usb_compat.
"""

import inspect

import fixtures

from nova.tests.functional import integrated_helpers

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

__all__ = ['FAKE_LIBVIRT', 'Harness', 'LibvirtFixture',
           'RealPolicyFixture', 'fakelibvirt', 'without_cast_as_call']

#: The name of upstream's module with a libvirt for tests.
FAKE_LIBVIRT = fakelibvirt.__name__
_UPSTREAM = integrated_helpers.InstanceHelperMixin


def without_cast_as_call(test):
    """Let the API not wait for what it casts (22.x and 23.x).

    Later ones have the class attribute CAST_AS_CALL; on those this does
    nothing.
    """
    if not hasattr(integrated_helpers._IntegratedTestBase, 'CAST_AS_CALL'):
        test.useFixture(fixtures.MonkeyPatch(
            'nova.tests.unit.cast_as_call.CastAsCall',
            lambda _test: fixtures.Fixture()))


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
    return type('Harness', (), members)


#: To be put before upstream's base classes.
Harness = _missing(_Helpers)
