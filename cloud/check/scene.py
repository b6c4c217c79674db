# SPDX-License-Identifier: Apache-2.0
"""What the steps of the check have in common, and how they judge answers."""

import dataclasses
import typing

from cloud import errors
from cloud import settings as settings_module

DEVICES = '/os-usb-devices'


@dataclasses.dataclass
class Scene:
    """The cloud, its people's connections, and what the steps have made.

    The people are openstack.connection.Connection, server is an
    openstack.compute.v2.server.Server.
    """

    settings: settings_module.Settings
    admin: typing.Any = None
    member: typing.Any = None
    reader: typing.Any = None
    other: typing.Any = None
    device: typing.Optional[dict] = None
    server: typing.Any = None

    @property
    def device_path(self):
        """The device in the inventory."""
        return '%s/%s' % (DEVICES, self.device['id'])

    @property
    def server_devices(self):
        """The list of the server's devices."""
        return '/servers/%s%s' % (self.server.id, DEVICES)


def send(connection, method, path, body=None):
    """Send a request to Nova and take whatever it answers.

    :param connection: openstack.connection.Connection
    :param method: HTTP method
    :param path: what follows the endpoint's URL
    :param body: what to send as JSON
    :returns: requests.Response
    """
    return connection.compute.request(path, method, json=body)


def request_of(answer):
    """:returns: which request a requests.Response answers, as str"""
    return '%s %s' % (answer.request.method, answer.url)


def document(answer):
    """:returns: the JSON document of a requests.Response, {} without one"""
    try:
        return answer.json()
    except ValueError:
        return {}


def expect(answer, code, /, **fields):
    """Hold an answer against what it should be.

    :param answer: requests.Response
    :param code: the right status
    :param fields: values that the usb_device of the answer must have
    :returns: the answer's JSON document
    :raises: CloudError
    """
    if answer.status_code != code:
        raise errors.CloudError('%s: answered %d, should be %d: %s' % (
            request_of(answer), answer.status_code, code,
            answer.text.strip()))
    if fields:
        shown = document(answer)['usb_device']
        wrong = {name: shown.get(name) for name, value in fields.items()
                 if shown.get(name) != value}
        if wrong:
            raise errors.CloudError('%s: answered %s, should be %s' % (
                request_of(answer), wrong, {name: fields[name]
                                            for name in wrong}))
    return document(answer)


def same(what, seen, right):
    """Hold a value against what it should be.

    :raises: CloudError
    """
    if seen != right:
        raise errors.CloudError('%s: %r, should be %r' % (what, seen, right))


def message(answer, *words):
    """What an error says; it must name some words.

    :param answer: requests.Response
    :returns: str
    :raises: CloudError
    """
    text = next((fault['message'] for fault in document(answer).values()
                 if isinstance(fault, dict) and 'message' in fault), '')
    missing = [word for word in words if word not in text]
    if missing or not text:
        raise errors.CloudError('%s: the error does not say %s: %s' % (
            request_of(answer), ', '.join(missing) or 'anything',
            answer.text))
    return text
