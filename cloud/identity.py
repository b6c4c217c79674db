# SPDX-License-Identifier: Apache-2.0
"""What Keystone is told about this cloud: services, people, projects.

All of it can be done again: what is there already stays.
"""

from cloud import sdk
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

    def __init__(self, identity):
        self._identity = identity

    def ensure(self, kind, name, **fields):
        """Find or make a user, project, role or service."""
        found = getattr(self._identity, 'find_' + kind)(name)
        return found or getattr(self._identity, 'create_' + kind)(
            name=name, **fields)

    def grant(self, user, project, role):
        self._identity.assign_project_role_to_user(project, user, role)

    def endpoint(self, service, url):
        """Have one public endpoint of a service at a URL."""
        found = list(self._identity.endpoints(service_id=service.id))
        for endpoint in found:
            self._identity.update_endpoint(endpoint, url=url)
        if not found:
            self._identity.create_endpoint(
                service_id=service.id, interface='public', url=url,
                region_id=settings_module.REGION)


def seed(settings):
    """Tell Keystone about the services and people of a cloud.

    :param settings: Settings
    :raises: CloudError when Keystone refuses something
    """
    with sdk.explained('Keystone is told about the cloud'), \
            sdk.connect(settings) as connection:
        keystone = _Keystone(connection.identity)
        for name, (kind, path) in CATALOGUE.items():
            service = keystone.ensure('service', name, type=kind)
            keystone.endpoint(service, settings.url(name, path))
        _people(keystone, settings)


def _people(keystone, settings):
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
