# SPDX-License-Identifier: Apache-2.0
"""The check itself must see what is wrong."""

import json
import pathlib
import unittest

import requests

from cloud.check import scene
from cloud import errors
from cloud import hypervisor


def answer(status, body):
    made = requests.Response()
    made.status_code = status
    made.url = 'http://here/x'
    made.request = requests.Request('GET', made.url)
    made._content = json.dumps(body).encode()
    return made


class ExpectTest(unittest.TestCase):

    def test_gives_the_body_of_a_right_answer(self):
        body = {'usb_device': {'id': 'a', 'status': 'attached'}}
        self.assertEqual(body, scene.expect(answer(200, body), 200,
                                            status='attached'))

    def test_names_request_status_and_answer(self):
        with self.assertRaises(errors.CloudError) as caught:
            scene.expect(answer(500, {'fault': 'boom'}), 200)
        for part in ('GET http://here/x', '500', '200', 'boom'):
            self.assertIn(part, str(caught.exception))

    def test_sees_a_wrong_or_missing_field(self):
        for device in ({'status': 'available'}, {}):
            with self.assertRaises(errors.CloudError):
                scene.expect(answer(200, {'usb_device': device}), 200,
                             status='attached')

    def test_an_error_must_say_something(self):
        good = answer(409, {'conflictingRequest': {
            'code': 409, 'message': 'Device d is taken.'}})
        self.assertEqual('Device d is taken.', scene.message(good, 'd'))
        for bad in (answer(409, {}), answer(409, {'conflictingRequest': {
                'message': 'Something else.'}})):
            with self.assertRaises(errors.CloudError):
                scene.message(bad, 'Device d')


class HypervisorTest(unittest.TestCase):

    def test_says_how_to_get_each_thing_that_is_missing(self):
        nowhere = pathlib.Path('/nonexistent/x')
        lacks = hypervisor.missing(
            nowhere, nowhere, lambda name: None, lambda: False)
        self.assertEqual(4, len(lacks))
        for sentence in lacks:
            self.assertIn('install' if 'QEMU' in sentence or
                          'libvirt' in sentence else 'load', sentence)

    def test_is_content_when_all_is_there(self):
        here = pathlib.Path(__file__)
        self.assertEqual([], hypervisor.missing(
            here, here.parent, lambda name: '/bin/' + name,
            lambda: True))
