# SPDX-License-Identifier: Apache-2.0
"""The users of a cloud, and what they ask its API."""

from nova.tests.functional.usb import base
from nova.tests.usb_fixtures import compat

ADMIN_FIELDS = {'host', 'port_path', 'bus_number', 'device_number',
                'controller', 'project_id', 'disabled', 'description',
                'resource_class'}
OTHER_PROJECT = '0123456789abcdef0123456789abcdef'
LIST = '/os-usb-devices'


class UsbApiTestBase(base.UsbTestBase):

    def setUp(self):
        super().setUp()
        # Placement's fixture switches this off for the whole process.
        self.flags(enforce_new_defaults=True, group='oslo_policy')
        self.policy = self.useFixture(compat.RealPolicyFixture())
        self.project = self.api.project_id
        self.member = self._client('somebody', self.project,
                                   ['member', 'reader'])
        self.reader = self._client('someone', self.project, ['reader'])
        self.stranger = self._client('stranger', OTHER_PROJECT,
                                     ['member', 'reader'])
        self.strange_reader = self._client('other', OTHER_PROJECT,
                                           ['reader'])
        self.stick = self.device('1-1').uuid
        self.twin = self.device('1-2.1').uuid

    def _client(self, user, project, roles):
        return compat.api_client(
            user, self.api.base_url, project, roles)

    def ask(self, code, method, path, body=None, api=None):
        """A request that must be answered with that code.

        :returns: the decoded body
        """
        found, answer = self.request(method, path, body, api=api)
        self.assertEqual(code, found, (method, path, body, answer))
        return answer

    def put(self, uuid, code=200, api=None, **changes):
        return self.ask(code, 'PUT', LIST + '/' + uuid,
                        {'usb_device': changes}, api=api)

    def grant(self, uuid, project=None):
        return self.put(uuid, project_id=project or self.project)

    def listed(self, query='', api=None):
        body = self.ask(200, 'GET', LIST + query, api=api)
        return [device['id'] for device in body['usb_devices']]
