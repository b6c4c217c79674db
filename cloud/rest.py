# SPDX-License-Identifier: Apache-2.0
"""HTTP with JSON, and Keystone tokens, by the standard library alone."""

import dataclasses
import http.client
import json
import typing
import urllib.error
import urllib.request

from cloud import errors

# A server without network needs 2.37; and all calls use the same.
MICROVERSION = 'compute 2.96'


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a service answered, errors included."""

    request: str
    status: int
    headers: typing.Mapping[str, str]
    text: str

    @property
    def body(self):
        """The JSON document, None when there is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Client:
    """Sends requests; never through a proxy.

    :param token: a Keystone token, or None
    :param timeout: seconds to wait for an answer
    """

    def __init__(self, token=None, timeout=120):
        self._timeout = timeout
        self.headers = {'Accept': 'application/json',
                        'OpenStack-API-Version': MICROVERSION}
        if token:
            self.headers['X-Auth-Token'] = token
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}))

    def request(self, method, url, body=None, headers=None):
        """Send one request.

        :param method: HTTP method
        :param url: str
        :param body: bytes as they are; anything else but None as JSON
        :param headers: dict of further headers
        :returns: Answer
        :raises: CloudError when nothing answers
        """
        headers = dict(self.headers, **headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault('Content-Type', 'application/json')
        request = urllib.request.Request(url, body, headers, method=method)
        asked = '%s %s' % (method, url)
        try:
            with self._opener.open(request, timeout=self._timeout) as source:
                return Answer(asked, source.status, source.headers,
                              source.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(asked, error.code, error.headers,
                              error.read().decode(errors='replace'))
        except (OSError, http.client.HTTPException) as error:
            raise errors.CloudError('%s got no answer: %s.' % (
                asked, error)) from error


class Session:
    """One user's requests to all services, by the token's catalogue."""

    def __init__(self, token, project, endpoints):
        self._client = Client(token)
        self.project = project
        self.endpoints = endpoints

    def request(self, method, service, path, body=None, headers=None):
        """Send one request with the user's token.

        :param service: service type as the catalogue has it
        :param path: what follows the endpoint's URL
        :returns: Answer
        """
        return self._client.request(method, self.url(service, path), body,
                                    headers)

    def url(self, service, path):
        """Where a request goes; parameters as for `request`."""
        return self.endpoints[service].rstrip('/') + path

    @property
    def headers(self):
        """What all of this user's requests have."""
        return self._client.headers


def log_in(settings, person):
    """Get a token from Keystone.

    :param settings: Settings
    :param person: settings.Person
    :returns: Session
    :raises: CloudError when Keystone refuses
    """
    domain = {'id': 'default'}
    answer = Client().request('POST', settings.auth_url + '/auth/tokens', {
        'auth': {
            'identity': {'methods': ['password'], 'password': {'user': {
                'name': person.name, 'domain': domain,
                'password': settings.passwords[person.name]}}},
            'scope': {'project': {'name': person.project,
                                  'domain': domain}},
        }})
    if answer.status != 201:
        raise errors.CloudError('Keystone refuses %s a token: %d %s' % (
            person.name, answer.status, answer.text))
    endpoints = {
        service['type']: endpoint['url']
        for service in answer.body['token']['catalog']
        for endpoint in service['endpoints']
        if endpoint['interface'] == 'public'}
    return Session(answer.headers['X-Subject-Token'],
                   answer.body['token']['project']['id'], endpoints)
