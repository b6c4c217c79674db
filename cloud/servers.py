# SPDX-License-Identifier: Apache-2.0
"""Servers, as a user makes and deletes them over HTTP."""

import time

from cloud import compute
from cloud import errors

TIMEOUT = 120


def _find(session, kind, path, key, name):
    answer = session.request('GET', kind, path)
    found = [item['id'] for item in (answer.body or {}).get(key, [])
             if item['name'] == name]
    if not found:
        raise errors.CloudError('%s has no "%s": %d %s' % (
            path, name, answer.status, answer.text))
    return found[0]


def boot(session, name):
    """Boot a server and wait until it is active.

    :param session: rest.Session of its owner
    :param name: its name
    :returns: its uuid
    :raises: CloudError when it does not become active
    """
    answer = session.request('POST', 'compute', '/servers', {'server': {
        'name': name,
        'flavorRef': _find(session, 'compute', '/flavors', 'flavors',
                           compute.FLAVOR),
        'imageRef': _find(session, 'image', '/v2/images', 'images',
                          compute.IMAGE),
        'networks': 'none',
    }})
    if answer.status != 202:
        raise errors.CloudError('%s: answered %d, should be 202: %s' % (
            answer.request, answer.status, answer.text))
    server = answer.body['server']['id']
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        answer = session.request('GET', 'compute', '/servers/' + server)
        shown = (answer.body or {}).get('server', {})
        if shown.get('status') == 'ACTIVE':
            return server
        if shown.get('status') == 'ERROR':
            raise errors.CloudError('The server has failed: %s' % (
                shown.get('fault')))
        time.sleep(0.2)
    raise errors.CloudError('The server is not active after %d seconds: %s'
                            % (TIMEOUT, answer.text))


def delete(session, server):
    """Delete a server and wait until it is gone.

    :param session: rest.Session of its owner
    :param server: its uuid
    :raises: CloudError when it stays
    """
    path = '/servers/' + server
    answer = session.request('DELETE', 'compute', path)
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        answer = session.request('GET', 'compute', path)
        if answer.status == 404:
            return
        time.sleep(0.2)
    raise errors.CloudError('The server is not gone after %d seconds: %s' % (
        TIMEOUT, answer.text))
