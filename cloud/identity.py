# SPDX-License-Identifier: Apache-2.0
"""What Keystone is told about this cloud: services, people, projects.

All of it can be done again: what is there already stays.
"""

from cloud import errors
from cloud import rest
from cloud import settings as settings_module

# Service type and the path below the service's URL.
CATALOGUE = {
    'placement': ('placement', ''),
    'glance': ('image', ''),
    'neutron': ('network', ''),
    'nova': ('compute', '/v2.1'),
}


class _Keystone:
    """Finds what has a name, or makes it."""

    def __init__(self, session):
        self._session = session

    def send(self, method, path, body=None):
        answer = self._session.request(method, 'identity', path, body)
        if answer.status >= 300:
            raise errors.CloudError('Keystone answers %s %s with %d: %s' % (
                method, path, answer.status, answer.text))
        return answer.body

    def ensure(self, kind, name, **fields):
        """Find or make a user, project, role or service; gives its id."""
        path = '/%ss' % kind
        found = self.send('GET', '%s?name=%s' % (path, name))[kind + 's']
        if found:
            return found[0]['id']
        made = self.send('POST', path, {kind: dict(fields, name=name)})
        return made[kind]['id']

    def grant(self, user, project, role):
        self.send('PUT', '/projects/%s/users/%s/roles/%s' % (
            project, user, role))

    def endpoint(self, service, url):
        """Have one public endpoint of a service at a URL."""
        path = '/endpoints'
        fields = {'service_id': service, 'interface': 'public', 'url': url,
                  'region_id': settings_module.REGION}
        found = self.send('GET', '%s?service_id=%s' % (path, service))
        for endpoint in found['endpoints']:
            self.send('PATCH', '%s/%s' % (path, endpoint['id']),
                      {'endpoint': {'url': url}})
        if not found['endpoints']:
            self.send('POST', path, {'endpoint': fields})


def seed(settings):
    """Tell Keystone about the services and people of a cloud.

    :param settings: Settings
    :raises: CloudError when Keystone refuses something
    """
    keystone = _Keystone(rest.log_in(settings, settings_module.ADMIN))
    for name, (kind, path) in CATALOGUE.items():
        service = keystone.ensure('service', name, type=kind)
        keystone.endpoint(service, settings.url(name, path))
    project = keystone.ensure('project', settings_module.SERVICE_PROJECT)
    for name in settings_module.SERVICE_USERS:
        user = keystone.ensure('user', name,
                               password=settings.passwords[name])
        for role in ('admin', 'service'):
            keystone.grant(user, project, keystone.ensure('role', role))
    for person in settings_module.PEOPLE.values():
        user = keystone.ensure('user', person.name,
                               password=settings.passwords[person.name])
        keystone.grant(user, keystone.ensure('project', person.project),
                       keystone.ensure('role', person.role))
