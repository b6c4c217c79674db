# SPDX-License-Identifier: Apache-2.0
"""Requests and answers as the documentation shows them.

Each sample is what a real request got.  ``USB_API_SAMPLES=write`` in the
environment writes them anew; without it every answer has to be equal to its
sample but for what differs from run to run: ids, times and the address of the
API. The API reference in ``doc/source/api`` includes these files; a style
check (``tools/pages.py``) finds one that it leaves out.
"""

import json
import os
import re

from nova.tests.functional.usb import base

FOLDER = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                      'api_samples')
UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-'
                  r'[0-9a-f]{12}')
TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ')
URL = re.compile(r'http://[^/"]+')

DONGLE = {
    'vendor_id': '0529', 'product_id': '0001', 'serial': 'HL-3A4F-90',
    'manufacturer': 'Aladdin Knowledge Systems', 'product': 'HASP HL',
    'port_path': '1-1.4', 'bus_number': 1, 'device_number': 5,
    'device_class': '00', 'interface_classes': ['ff'], 'speed': '12',
    'controller': '0000:00:14.0',
}
DISK = {
    'vendor_id': '0781', 'product_id': '5567', 'serial': '4C530001230711',
    'manufacturer': 'SanDisk', 'product': 'Cruzer Blade',
    'port_path': '2-3', 'bus_number': 2, 'device_number': 7,
    'device_class': '00', 'interface_classes': ['08'], 'speed': '480',
    'controller': '0000:00:14.0',
    'host_use': 'its partition sdb1 is mounted at /srv',
}


def _fixed(text):
    """A sample without what differs from run to run."""
    uuids = {}
    text = UUID.sub(lambda found: uuids.setdefault(
        found.group(), 'UUID-%d' % len(uuids)), text)
    return URL.sub('URL', TIME.sub('TIME', text))


class SamplesTest(base.UsbTestBase):

    DEVICES = [DONGLE, DISK]

    def setUp(self):
        super().setUp()
        self.write = os.environ.get('USB_API_SAMPLES') == 'write'
        self.dongle = self.device('1-1.4').uuid

    def _check(self, name, content):
        path = os.path.join(FOLDER, name + '.json')
        text = json.dumps(content, indent=4, sort_keys=True) + '\n'
        # The API's name in these tests is nothing to show to a reader.
        text = re.sub(URL, 'http://controller:8774', text)
        if self.write:
            with open(path, 'w') as sample:
                sample.write(text)
        with open(path) as sample:
            self.assertEqual(_fixed(sample.read()), _fixed(text), name)

    def _call(self, name, code, method, path, body=None, api=None):
        if body is not None:
            self._check(name + '-req', body)
        found, answer = self.request(method, path, body, api=api)
        self.assertEqual(code, found, answer)
        if answer is not None:
            self._check(name + '-resp', answer)
        return answer

    def test_every_call(self):
        self._inventory()
        server = self.boot()
        self._server('/servers/%s/os-usb-devices' % server['id'])

    def _inventory(self):
        path = '/os-usb-devices'
        device = path + '/' + self.dongle
        self._call('usb-devices-list', 200, 'GET',
                   path + '?limit=2&sort_key=port_path')
        self._call('usb-device-show', 200, 'GET', device)
        self._call('usb-device-not-granted', 404, 'GET', device,
                   api=self.api)
        self._call('usb-device-update', 200, 'PUT', device,
                   {'usb_device': {'project_id': self.api.project_id,
                                   'description': 'rack 7'}})
        self._call('usb-device-update-forbidden', 403, 'PUT', device,
                   {'usb_device': {'disabled': True}}, api=self.api)
        self._call('usb-devices-list-project', 200, 'GET', path,
                   api=self.api)
        action = device + '/action'
        self._call('usb-device-rescan', 204, 'POST', action,
                   {'rescan': None})
        self._call('usb-device-force-release', 409, 'POST', action,
                   {'force_release': None})
        self._call('usb-device-delete', 409, 'DELETE', device)

    def _server(self, path):
        self._call('server-usb-device-attach', 200, 'POST', path,
                   {'usb_device': {'id': self.dongle, 'tag': 'licence'}},
                   api=self.api)
        self._call('server-usb-devices-list', 200, 'GET', path,
                   api=self.api)
        device = path + '/' + self.dongle
        self._call('server-usb-device-show', 200, 'GET', device,
                   api=self.api)
        self._call('server-usb-device-attach-conflict', 409, 'POST', path,
                   {'usb_device': {'id': self.dongle}}, api=self.api)
        self._call('server-usb-device-detach', 204, 'DELETE', device,
                   api=self.api)
        self._call('server-usb-device-attach-match', 200, 'POST', path,
                   {'usb_device': {'vendor_id': '0529',
                                   'product_id': '0001'}}, api=self.api)
        self._call('server-usb-device-attach-unclear', 400, 'POST', path,
                   {'usb_device': {'vendor_id': '0529'}}, api=self.api)
