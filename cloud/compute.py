# SPDX-License-Identifier: Apache-2.0
"""What a server needs: a flavor, an image, and compute that is up."""

import time

from cloud import errors
from cloud import rest
from cloud import settings as settings_module

FLAVOR = 'tiny'
IMAGE = 'empty'
# The services that must report themselves up.
BINARIES = {'nova-conductor', 'nova-scheduler', 'nova-compute'}
TIMEOUT = 120


def _send(session, method, kind, path, body=None, headers=None):
    answer = session.request(method, kind, path, body, headers)
    if answer.status >= 300:
        raise errors.CloudError('%s %s of %s answers %d: %s' % (
            method, path, kind, answer.status, answer.text))
    return answer.body


def seed(settings):
    """Make a flavor, and an image of zeros that nothing can boot from.

    :param settings: Settings
    :raises: CloudError when a service refuses
    """
    session = rest.log_in(settings, settings_module.ADMIN)
    flavors = _send(session, 'GET', 'compute', '/flavors')['flavors']
    if FLAVOR not in [flavor['name'] for flavor in flavors]:
        _send(session, 'POST', 'compute', '/flavors', {'flavor': {
            'name': FLAVOR, 'ram': 64, 'vcpus': 1, 'disk': 1}})
    found = _send(session, 'GET', 'image', '/v2/images?name=' + IMAGE)
    active = [image for image in found['images']
              if image['status'] == 'active']
    if not active:
        image = _send(session, 'POST', 'image', '/v2/images', {
            'name': IMAGE, 'container_format': 'bare',
            'disk_format': 'raw', 'visibility': 'public'})
        _send(session, 'PUT', 'image', '/v2/images/%s/file' % image['id'],
              bytes(65536), {'Content-Type': 'application/octet-stream'})


def wait(settings):
    """Wait until Nova's services are up and a host can take servers.

    :param settings: Settings
    :raises: CloudError when they are not in time
    """
    session = rest.log_in(settings, settings_module.ADMIN)
    deadline = time.monotonic() + TIMEOUT
    while True:
        services = _send(session, 'GET', 'compute', '/os-services')
        up = {entry['binary'] for entry in services['services']
              if entry['state'] == 'up'}
        hosts = _send(session, 'GET', 'compute', '/os-hypervisors')
        if BINARIES <= up and hosts['hypervisors']:
            return
        if time.monotonic() > deadline:
            raise errors.CloudError(
                'Not up after %d seconds: %s; hypervisors: %d. See %s.' % (
                    TIMEOUT, ', '.join(sorted(BINARIES - up)) or 'none',
                    len(hosts['hypervisors']), settings.log('nova')))
        time.sleep(0.2)
