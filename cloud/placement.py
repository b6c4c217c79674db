# SPDX-License-Identifier: Apache-2.0
"""Placement: what hosts have and what servers hold of it."""

from cloud import files
from cloud import service

DATABASES = ('placement',)


def configure(settings):
    """Write Placement's configuration."""
    files.write(settings.etc('placement') / 'placement.conf', {
        'DEFAULT': {'state_path': settings.data('placement')},
        'api': {'auth_strategy': 'keystone'},
        'keystone_authtoken': settings.authtoken('placement'),
        'placement_database': {
            'connection': settings.database('placement')},
    })


def prepare(settings, group):
    """Make Placement's database."""
    service.manage(settings, group, 'placement', 'placement-manage',
                   '--config-file',
                   settings.etc('placement') / 'placement.conf',
                   'db', 'sync')
    service.use_wal(settings, 'placement')


def launch(settings, group):
    """Start Placement.

    :returns: process.Child
    """
    return service.launch(
        settings, group, 'placement', 'placement.wsgi.api',
        OS_PLACEMENT_CONFIG_DIR=str(settings.etc('placement')))
