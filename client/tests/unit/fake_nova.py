# SPDX-License-Identifier: Apache-2.0
"""A compute API in memory, behind HTTP, and a connection to it.

It answers as doc/source/api/usb-devices.rst of the fork says; the
functional tests hold the same commands against the real one.
"""

import json
import re
from urllib import parse
import uuid

import fixtures
import openstack
import requests_mock
from requests_mock.contrib import fixture as requests_mock_fixture

COMPUTE = 'http://nova.test/v2.1'
IDENTITY = 'http://keystone.test/v3'
SERVER = 'bec72948-f8d1-4534-9100-bd98c0a06dfd'
PROJECT = '6f70656e737461636b20342065766572'

_FREE = {
    'serial': None, 'manufacturer': 'Simulated', 'device_class': '00',
    'interface_classes': ['08'], 'speed': '480', 'present': True,
    'status': 'available', 'blocked_reason': None, 'instance_uuid': None,
    'tag': None, 'created_at': '2026-11-21T06:06:27Z', 'updated_at': None,
    'host': 'compute', 'port_path': '1-1', 'bus_number': 1,
    'device_number': 2, 'controller': '0000:00:14.0', 'project_id': None,
    'disabled': False, 'resource_class': 'CUSTOM_USB_0781_5581',
    'vendor_id': '0781', 'product_id': '5581', 'product': 'USB stick'}


def device(number, **fields):
    """A device as the API shows it to administrators."""
    return dict(_FREE, id=str(uuid.UUID(int=number)), **fields)


class Refusal(Exception):
    """What the API answers in place of what was asked for."""

    NAMES = {400: 'badRequest', 403: 'forbidden', 404: 'itemNotFound',
             409: 'conflictingRequest'}

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status

    @property
    def body(self):
        return {self.NAMES[self.status]: {'code': self.status,
                                          'message': str(self)}}


class FakeNova(fixtures.Fixture):
    """Compute and Keystone.

    :ivar devices: what is listed; tests change it
    :ivar requests: what was asked, as (method, path and query, body)
    :ivar page: the size of a page, at most
    :ivar refuse: a Refusal for each request about devices, or None
    """

    def __init__(self, *devices):
        super().__init__()
        self.devices = list(devices)
        self.services = [{'host': 'compute', 'binary': 'nova-compute',
                          'state': 'up', 'status': 'enabled', 'id': '1',
                          'updated_at': '2026-11-21T06:10:00.000000'}]
        self.requests = []
        self.page = 1000
        self.refuse = None
        self.action_status = 202

    def _setUp(self):
        mock = self.useFixture(requests_mock_fixture.Fixture())
        for url, version in ((COMPUTE, 'v2.1'), (IDENTITY, 'v3.14')):
            mock.get(re.compile('^%s/?$' % url), json={'version': {
                'id': version, 'status': 'CURRENT', 'version': '2.90',
                'min_version': '2.1',
                'links': [{'rel': 'self', 'href': url + '/'}]}})
        mock.register_uri(
            requests_mock.ANY,
            re.compile('^%s/.*os-usb-devices' % COMPUTE), text=self._answer)
        shown = {'id': SERVER, 'name': 'my-server'}
        mock.get(COMPUTE + '/servers/' + SERVER, json={'server': shown})
        mock.get(COMPUTE + '/servers/my-server', status_code=404)
        mock.get(COMPUTE + '/servers/no-server', status_code=404)
        for name, found in (('my-server', [shown]), ('no-server', [])):
            for path in ('/servers', '/servers/detail'):
                mock.get('%s%s?name=%s' % (COMPUTE, path, name),
                         json={'servers': found})
        mock.get(COMPUTE + '/os-services',
                 json=lambda *_unused: {'services': self.services})
        mock.get(IDENTITY + '/projects/alpha', status_code=404)
        mock.get(IDENTITY + '/projects?name=alpha', json={
            'projects': [{'id': PROJECT, 'name': 'alpha'}]})
        self.mock = mock

    def connection(self):
        """A new openstacksdk connection."""
        return openstack.connect(
            load_yaml_config=False, load_envvars=False, auth_type='none',
            auth={'endpoint': COMPUTE}, region_name='',
            compute_endpoint_override=COMPUTE, compute_api_version='2',
            identity_endpoint_override=IDENTITY, identity_api_version='3')

    def asked(self, method):
        """The bodies or URLs that were sent with a method."""
        return [(path, body) for verb, path, body in self.requests
                if verb == method]

    def _answer(self, request, context):
        body = json.loads(request.text) if request.text else None
        path = parse.unquote(request.url[len(COMPUTE):])
        self.requests.append((request.method, path, body))
        context.headers['Content-Type'] = 'application/json'
        try:
            if self.refuse:
                raise self.refuse
            status, answer = self._route(
                request.method, parse.urlsplit(request.url), body)
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body
        context.status_code = status
        return '' if answer is None else json.dumps(answer)

    def _route(self, method, url, body):
        parts = url.path[len('/v2.1/'):].split('/')
        server = parts[1] if parts[0] == 'servers' else None
        rest = parts[2:] if server else parts
        if server:
            return self._of_server(method, server, rest[1:], body)
        if len(rest) == 1:
            return 200, self._index(parse.parse_qs(url.query))
        found = self._get(rest[1])
        if rest[2:] == ['action']:
            return self.action_status, None
        if method == 'DELETE':
            if found['present']:
                raise Refusal(409, 'USB device %s is plugged in. Unplug it '
                                   'first.' % found['id'])
            self.devices.remove(found)
            return 204, None
        if method == 'PUT':
            changes = dict(body['usb_device'])
            changes.pop('detach', None)
            found.update(changes)
        return 200, {'usb_device': found}

    def _of_server(self, method, server, rest, body):
        if method == 'POST':
            wanted = dict(body['usb_device'])
            tag = wanted.pop('tag', None)
            free = [found for found in self.devices
                    if wanted.items() <= found.items()]
            if not free or free[0]['status'] != 'available':
                raise Refusal(409, 'USB device is attached and belongs to a '
                                   'server. Choose another device.')
            free[0].update(status='attached', instance_uuid=server, tag=tag)
            return 200, {'usb_device': free[0]}
        held = [found for found in self.devices
                if found['instance_uuid'] == server]
        if not rest:
            return 200, {'usb_devices': held}
        found = self._get(rest[0], held)
        if method == 'DELETE':
            found.update(status='available', instance_uuid=None, tag=None)
            return 204, None
        return 200, {'usb_device': found}

    def _get(self, device_id, among=None):
        for found in self.devices if among is None else among:
            if found['id'] == device_id:
                return found
        raise Refusal(404, 'USB device %s could not be found.' % device_id)

    def _index(self, query):
        wanted = {name: values[0] for name, values in query.items()}
        marker = wanted.pop('marker', None)
        limit = min(int(wanted.pop('limit', self.page)), self.page)
        wanted.pop('sort_key', None)
        wanted.pop('sort_dir', None)
        if 'present' in wanted:
            wanted['present'] = wanted['present'] == 'true'
        found = [shown for shown in self.devices
                 if wanted.items() <= shown.items()]
        first = 0
        if marker:
            first = [shown['id'] for shown in found].index(marker) + 1
        page = found[first:first + limit]
        answer = {'usb_devices': page}
        if len(page) == limit:
            query = dict(query, marker=[page[-1]['id']])
            answer['usb_devices_links'] = [{
                'rel': 'next', 'href': '%s/os-usb-devices?%s' % (
                    COMPUTE, parse.urlencode(query, doseq=True))}]
        return answer
