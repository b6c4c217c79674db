# SPDX-License-Identifier: Apache-2.0
"""Policies of the USB devices API.

The check strings name only rules that every supported release has.  Members
and readers of a project reach what was granted to their project; all that
reaches further is the administrators'.
"""

import itertools

from oslo_policy import policy
import wrapt

POLICY_ROOT = 'os_compute_api:os-usb-devices:%s'

ADMIN = 'rule:context_is_admin'
PROJECT_MEMBER_OR_ADMIN = 'rule:project_member_api or rule:context_is_admin'
PROJECT_READER_OR_ADMIN = 'rule:project_reader_api or rule:context_is_admin'

_DEVICES = '/os-usb-devices'
_DEVICE = '/os-usb-devices/{id}'
_ACTION = '/os-usb-devices/{id}/action'
_SERVER_DEVICES = '/servers/{server_id}/os-usb-devices'
_SERVER_DEVICE = '/servers/{server_id}/os-usb-devices/{id}'


def _rule(action, check_str, description, *operations):
    return policy.DocumentedRuleDefault(
        name=POLICY_ROOT % action,
        check_str=check_str,
        description=description,
        operations=[{'method': method, 'path': path}
                    for method, path in operations],
        scope_types=['project'])


_inventory_policies = [
    _rule('index', PROJECT_READER_OR_ADMIN,
          'List the USB devices that were granted to the own project.',
          ('GET', _DEVICES)),
    _rule('index:all', ADMIN,
          'See the USB devices of every project and those that were granted '
          'to none, with all their fields: host, port, address, controller, '
          'grant. Filter by host and project, and sort by host and port.',
          ('GET', _DEVICES), ('GET', _DEVICE),
          ('GET', _SERVER_DEVICES), ('GET', _SERVER_DEVICE),
          ('POST', _SERVER_DEVICES)),
    _rule('show', PROJECT_READER_OR_ADMIN,
          'Show a USB device that was granted to the own project.',
          ('GET', _DEVICE)),
    _rule('update', ADMIN,
          'Grant a USB device to a project, disable, enable or describe '
          'it.',
          ('PUT', _DEVICE)),
    _rule('rescan', ADMIN,
          'Have the host of a USB device scan its devices (rescan).',
          ('POST', _ACTION)),
    _rule('force_release', ADMIN,
          'Free a USB device whose server cannot let go of it '
          '(force_release).',
          ('POST', _ACTION)),
    _rule('delete', ADMIN,
          'Forget a USB device that is not plugged in.',
          ('DELETE', _DEVICE)),
]

_server_policies = [
    _rule('server:index', PROJECT_READER_OR_ADMIN,
          'List the USB devices of a server.',
          ('GET', _SERVER_DEVICES)),
    _rule('server:show', PROJECT_READER_OR_ADMIN,
          'Show a USB device of a server.',
          ('GET', _SERVER_DEVICE)),
    _rule('server:attach', PROJECT_MEMBER_OR_ADMIN,
          'Attach a USB device to a server.',
          ('POST', _SERVER_DEVICES)),
    _rule('server:detach', PROJECT_MEMBER_OR_ADMIN,
          'Detach a USB device from a server.',
          ('DELETE', _SERVER_DEVICE)),
]


def sees_all(context):
    """Whether a caller sees every device, and all of it."""
    return bool(context.can(POLICY_ROOT % 'index:all', fatal=False))


def list_rules():
    return _inventory_policies + _server_policies


@wrapt.decorator
def chained(wrapped, instance, args, kwargs):
    """Decorates ``nova.policies.list_rules``: its rules and these."""
    return itertools.chain(wrapped(*args, **kwargs), list_rules())
