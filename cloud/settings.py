# SPDX-License-Identifier: Apache-2.0
"""Where everything of one cloud is and how its parts reach each other."""

import dataclasses
import json
import pathlib
import secrets
import typing

from cloud import files
from cloud import ports

REGION = 'RegionOne'
SERVICE_PROJECT = 'service'
# The services' own users, then the people.
SERVICE_USERS = ('placement', 'glance', 'neutron', 'nova')
# The name of the secret with which Neutron vouches to Nova's metadata service
# for a server's address.
METADATA = 'metadata-proxy'


@dataclasses.dataclass(frozen=True)
class Person:
    """A user of the cloud, with one role in one project."""

    name: str
    project: str
    role: str


ADMIN = Person('admin', 'admin', 'admin')
MEMBER = Person('alice', 'alpha', 'member')
READER = Person('bob', 'beta', 'reader')
OTHER = Person('carol', 'beta', 'member')
# By the names that clouds.yaml gives them.
PEOPLE = {'admin': ADMIN, 'member': MEMBER, 'reader': READER, 'other': OTHER}


@dataclasses.dataclass(frozen=True)
class Settings:
    """One cloud.

    ``state`` is the folder that holds all it writes; ``venv`` may be shared
    by several.
    """

    checkout: pathlib.Path
    state: pathlib.Path
    venv: pathlib.Path
    ports: typing.Dict[str, int]
    passwords: typing.Dict[str, str]
    libvirt: bool = False
    virt_type: str = 'qemu'
    # Simulated compute hosts.
    hosts: int = 1

    def etc(self, service):
        """A service's configuration folder."""
        return self.state / 'etc' / service

    def log(self, name):
        """A log file."""
        return self.state / 'log' / (name + '.log')

    def data(self, name):
        """A folder for what a service stores."""
        return self.state / 'data' / name

    def tool(self, name):
        """A program of the virtual environment."""
        return self.venv / 'bin' / name

    def inside(self, name):
        """A script of ours that runs in the virtual environment."""
        return self.checkout / 'cloud' / 'inside' / name

    def database(self, name):
        """The URL of a SQLite database."""
        return 'sqlite:///%s' % (self.state / 'db' / (name + '.sqlite'))

    @property
    def transport_url(self):
        """Over what Nova's services talk: here, within one process."""
        return 'fake:/'

    def url(self, service, path=''):
        """A service's URL on loopback."""
        return 'http://%s:%d%s' % (ports.HOST, self.ports[service], path)

    @property
    def auth_url(self):
        """Where tokens are had."""
        return self.url('keystone', '/v3')

    @property
    def clouds_yaml(self):
        """The file that OS_CLIENT_CONFIG_FILE is to name."""
        return self.state / 'clouds.yaml'

    @property
    def own_nova_conf(self):
        """The user's options for Nova, which no start writes over."""
        return self.state / 'nova-own.conf'

    @property
    def simulated_devices(self):
        """The file that stands for the USB ports of the simulated host."""
        return self.state / 'simulated-usb-devices.json'

    def credentials(self, user):
        """The options with which a service logs in to Keystone.

        :param user: name of a service's user
        :returns: dict of option to value
        """
        return {
            'auth_type': 'password',
            'auth_url': self.auth_url,
            'username': user,
            'password': self.passwords[user],
            'user_domain_name': 'Default',
            'project_domain_name': 'Default',
            'project_name': SERVICE_PROJECT,
            'region_name': REGION,
        }

    def authtoken(self, user):
        """Section keystone_authtoken: how a service checks tokens."""
        return dict(self.credentials(user),
                    www_authenticate_uri=self.auth_url,
                    # The role that a service must have to vouch for a
                    # user's expired token.
                    service_token_roles='service',
                    service_token_roles_required='true')


def passwords(path):
    """The passwords of a cloud, made at its first start.

    :param path: the file that keeps them, a pathlib.Path
    :returns: dict of user name to password
    """
    known = json.loads(path.read_text()) if path.exists() else {}
    names = (*SERVICE_USERS, METADATA,
             *(person.name for person in PEOPLE.values()))
    missing = [name for name in names if name not in known]
    known.update((name, secrets.token_hex(12)) for name in missing)
    if missing:
        files.write_private(path, json.dumps(known, indent=1))
    return known


def write_clouds(settings):
    """Write clouds.yaml for python-openstackclient and openstacksdk.

    :param settings: Settings
    """
    clouds = {}
    for cloud, person in PEOPLE.items():
        clouds[cloud] = {
            'region_name': REGION,
            'identity_api_version': 3,
            'auth': {
                'auth_url': settings.auth_url,
                'username': person.name,
                'password': settings.passwords[person.name],
                'project_name': person.project,
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
            },
        }
    # JSON is YAML, and needs no library to write.
    files.write_private(settings.clouds_yaml,
                        json.dumps({'clouds': clouds}, indent=2) + '\n')
