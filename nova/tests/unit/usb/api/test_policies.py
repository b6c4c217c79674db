# SPDX-License-Identifier: Apache-2.0
"""Who may do what, by the rules alone."""

from oslo_policy import policy as oslo_policy

from nova.api.openstack.compute import usb_routes
import nova.conf
from nova import context as nova_context
from nova import policies as nova_policies
from nova.policies import usb_devices as policies
from nova import policy
from nova import test
from nova.tests.unit.usb.api import base

CONF = nova.conf.CONF

ADMIN_ONLY = ('index:all', 'update', 'rescan', 'force_release', 'delete')
READERS = ('index', 'show', 'server:index', 'server:show')
MEMBERS = ('server:attach', 'server:detach')


class RulesTestCase(test.NoDBTestCase):

    def _allowed(self, action, role, project):
        context = nova_context.RequestContext(
            'user', project, is_admin=(role == 'admin'),
            roles=base.ROLES[role])
        target = {'project_id': base.PROJECT, 'user_id': 'owner'}
        return bool(context.can(policies.POLICY_ROOT % action, target,
                                fatal=False))

    def test_by_role(self):
        own, other = base.PROJECT, base.OTHER_PROJECT
        may = [(each, 'admin', project) for project in (own, other)
               for each in ADMIN_ONLY + READERS + MEMBERS]
        may += [(each, 'member', own) for each in READERS + MEMBERS]
        may += [(each, 'reader', own) for each in READERS]
        for action in ADMIN_ONLY + READERS + MEMBERS:
            for role in base.ROLES:
                for project in (own, other):
                    case = (action, role, project)
                    self.assertEqual(case in may, self._allowed(*case), case)

    def test_none_forgotten(self):
        self.assertEqual(
            sorted(policies.POLICY_ROOT % action
                   for action in ADMIN_ONLY + READERS + MEMBERS),
            sorted(rule.name for rule in policies.list_rules()))

    def test_documented(self):
        calls = {(method, path) for path, methods in usb_routes.ROUTES
                 for method in methods}
        documented = set()
        for rule in policies.list_rules():
            self.assertEqual(['project'], rule.scope_types)
            self.assertTrue(rule.description.endswith('.'), rule.name)
            for operation in rule.operations:
                documented.add((operation['method'], operation['path']))
        self.assertEqual(calls, documented)

    def test_only_rules_of_every_release(self):
        known = {'context_is_admin', 'project_member_api',
                 'project_reader_api'}
        for rule in policies.list_rules():
            used = {part[len('rule:'):]
                    for part in rule.check_str.split(' or ')}
            self.assertLessEqual(used, known)

    def test_system_scope_is_refused(self):
        # Newer releases of oslo.policy enforce them and have no option.
        if not getattr(CONF.oslo_policy, 'enforce_scope', True):
            self.skipTest('this Nova does not enforce scopes by default')
        context = nova_context.RequestContext(
            'user', is_admin=False, roles=['admin'], system_scope='all')
        self.assertFalse(context.can(
            policies.POLICY_ROOT % 'index', fatal=False))


class ChainedTestCase(test.NoDBTestCase):

    def test_adds_to_what_is_there(self):
        theirs = [oslo_policy.RuleDefault('theirs', '@')]
        chained = policies.chained(lambda: iter(theirs))
        self.assertEqual(
            theirs + policies.list_rules(), list(chained()))

    def test_in_nova(self):
        names = [rule.name for rule in nova_policies.list_rules()]
        for rule in policies.list_rules():
            self.assertEqual(1, names.count(rule.name))
            self.assertIn(rule.name, policy.get_rules())
