# SPDX-License-Identifier: Apache-2.0
"""Keystone: users, projects, roles, the catalogue, Fernet tokens."""

import os

from cloud import files
from cloud import service
from cloud import settings as settings_module

DATABASES = ('keystone',)


def configure(settings):
    """Write Keystone's configuration."""
    keys = settings.data('keystone')
    for name in ('fernet', 'credential'):
        (keys / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write(settings.etc('keystone') / 'keystone.conf', {
        'DEFAULT': {'public_endpoint': settings.url('keystone')},
        'database': {'connection': settings.database('keystone')},
        'token': {'provider': 'fernet', 'expiration': 86400},
        'fernet_tokens': {'key_repository': keys / 'fernet'},
        # The default of the receipts is in /etc, whatever the tokens' is.
        'fernet_receipts': {'key_repository': keys / 'fernet'},
        'credential': {'key_repository': keys / 'credential'},
        # In memory, which is right as long as there is one process.
        'cache': {'enabled': 'true', 'backend': 'oslo_cache.dict'},
        'oslo_messaging_notifications': {'driver': 'noop'},
    })


def prepare(settings, group):
    """Make the database, the keys, the admin and the catalogue's root."""
    def manage(*words, env=None):
        service.manage(settings, group, 'keystone', 'keystone-manage',
                       '--config-file',
                       settings.etc('keystone') / 'keystone.conf', *words,
                       env=env)

    manage('db_sync')
    service.use_wal(settings, 'keystone')
    owner = ('--keystone-user', os.getuid(), '--keystone-group', os.getgid())
    manage('fernet_setup', *owner)
    manage('credential_setup', *owner)
    person = settings_module.ADMIN
    # By environment, since command lines are there for all to read.
    manage('bootstrap', env={
        'OS_BOOTSTRAP_USERNAME': person.name,
        'OS_BOOTSTRAP_PASSWORD': settings.passwords[person.name],
        'OS_BOOTSTRAP_PROJECT_NAME': person.project,
        'OS_BOOTSTRAP_REGION_ID': settings_module.REGION,
        'OS_BOOTSTRAP_SERVICE_NAME': 'keystone',
        'OS_BOOTSTRAP_PUBLIC_URL': settings.auth_url,
        'OS_BOOTSTRAP_INTERNAL_URL': settings.auth_url,
        'OS_BOOTSTRAP_ADMIN_URL': settings.auth_url,
    })


def launch(settings, group):
    """Start Keystone.

    :returns: process.Child
    """
    return service.launch(
        settings, group, 'keystone', 'keystone.wsgi.api',
        OS_KEYSTONE_CONFIG_DIR=str(settings.etc('keystone')))
