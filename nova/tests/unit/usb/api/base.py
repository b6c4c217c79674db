# SPDX-License-Identifier: Apache-2.0
"""Requests through Nova's real WSGI layers, with a fake compute layer."""

import datetime
from unittest import mock

import fixtures
from oslo_serialization import jsonutils
from oslo_utils.fixture import uuidsentinel as uuids

from nova.api import openstack as api_openstack
from nova.api.openstack.compute import usb_routes
from nova.api.openstack import wsgi as os_wsgi
from nova.api import wsgi as base_wsgi
from nova.compute.usb import api as usb_api
from nova.compute.usb import devices_api
from nova import context as nova_context
from nova import objects
from nova.objects import usb_device as usb_obj
from nova import policy
from nova import test
from nova.tests.usb_fixtures import compat
from nova.tests.usb_fixtures import usb_projects
from nova.usb import status

PROJECT = 'the-project'
OTHER_PROJECT = 'other-project'

ROLES = {
    'admin': ['admin', 'member', 'reader'],
    'member': ['member', 'reader'],
    'reader': ['reader'],
    'nobody': [],
}

DEVICE = {
    'id': 7,
    'host': 'compute1',
    'identity': '0529:0001/serial=S1',
    'vendor_id': '0529',
    'product_id': '0001',
    'serial': 'S1',
    'manufacturer': 'Aladdin',
    'product': 'HASP',
    'device_class': '00',
    'interface_classes': ['08', 'ff'],
    'speed': '12',
    'port_path': '1-1.4',
    'bus_number': 1,
    'device_number': 5,
    'controller': '0000:00:14.0',
    'present': True,
    'status': status.AVAILABLE,
    'blocked_reason': None,
    'instance_uuid': None,
    'tag': None,
    'claim_project_id': None,
    'project_id': None,
    'disabled': False,
    'description': None,
    'absent_since': None,
    'resource_class': 'CUSTOM_USB_0529_0001',
    'created_at': datetime.datetime(
        2026, 5, 1, 10, 0, 0, tzinfo=datetime.timezone.utc),
    'updated_at': None,
}


def fake_device(**changes):
    """A UsbDevice as the compute layer returns it."""
    values = dict(DEVICE, uuid=uuids.device)
    values.update(changes)
    return usb_obj.UsbDevice(**values)


class _Router(base_wsgi.Router):
    """Our routes alone: the whole API takes seconds to build."""

    def __init__(self):
        super().__init__(api_openstack.ProjectMapper())
        for path, methods in usb_routes.ROUTES:
            for method, (controller, action) in methods.items():
                self.map.create_route(path, method, controller(), action)


class ApiTestCase(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        # The edge: below it are the database and the compute hosts.
        self.usb_api = mock.create_autospec(usb_api.API, instance=True)
        self.useFixture(fixtures.MonkeyPatch(
            'nova.compute.usb.api.API', lambda: self.usb_api))
        self.devices_api = mock.create_autospec(
            devices_api.DevicesAPI, instance=True)
        self.useFixture(fixtures.MonkeyPatch(
            'nova.compute.usb.devices_api.DevicesAPI',
            lambda: self.devices_api))
        self.projects = self.useFixture(usb_projects.ProjectsFixture())
        self.mappings = {}
        self.useFixture(fixtures.MonkeyPatch(
            'nova.objects.InstanceMappingList.get_by_instance_uuids',
            staticmethod(self._get_mappings)))
        self.router = _Router()
        compat.check_responses(self)
        self.assertIn('os_compute_api:os-usb-devices:index',
                      policy.get_rules())

    def _get_mappings(self, context, wanted):
        return [objects.InstanceMapping(instance_uuid=uuid,
                                        project_id=self.mappings[uuid])
                for uuid in wanted if uuid in self.mappings]

    def request(self, method, path, body=None, role='admin', raw=None,
                project=PROJECT, legacy=False):
        """The webob response to a request.

        :param body: what is sent as JSON
        :param raw: bytes that are sent as they are, in its place
        :param legacy: as if it came by the legacy v2 endpoint
        """
        req = os_wsgi.Request.blank('/v2.1' + path)
        # As paste.deploy leaves it behind.
        req.script_name, req.path_info = '/v2.1', req.path_info[5:]
        req.method = method
        req.headers['Content-Type'] = 'application/json'
        if legacy:
            req.set_legacy_v2()
        if body is not None:
            req.body = jsonutils.dump_as_bytes(body)
        if raw is not None:
            req.body = raw
        req.environ['nova.context'] = nova_context.RequestContext(
            'user', project, is_admin=(role == 'admin'), roles=ROLES[role])
        return req.get_response(self.router)

    def assertStatus(self, status, *args, **kwargs):
        """Send a request and check the answer's status.

        :returns: the decoded body; None when there is none
        """
        response = self.request(*args, **kwargs)
        self.assertEqual(status, response.status_int, response.body)
        return jsonutils.loads(response.body) if response.body else None

    def assertFault(self, status, text, *args, **kwargs):
        """Send a request that is refused, with that text in the message."""
        body = self.assertStatus(status, *args, **kwargs)
        (fault,) = body.values()
        self.assertEqual(status, fault['code'])
        self.assertIn(text, fault['message'])
