# SPDX-License-Identifier: Apache-2.0
"""Glance: images, kept as files in the state folder."""

from cloud import files
from cloud import service

DATABASES = ('glance',)


def configure(settings):
    """Write Glance's configuration."""
    data = settings.data('glance')
    for name in ('images', 'staging', 'tasks', 'cache'):
        (data / name).mkdir(parents=True, exist_ok=True)
    paste = settings.venv / 'etc' / 'glance' / 'glance-api-paste.ini'
    files.write(settings.etc('glance') / 'glance-api.conf', {
        'DEFAULT': {
            'bind_host': '127.0.0.1',
            'enabled_backends': 'files:file',
            'image_cache_dir': data / 'cache',
            'transport_url': 'fake:/',
            'worker_self_reference_url': settings.url('glance'),
        },
        'database': {'connection': settings.database('glance')},
        'glance_store': {'default_backend': 'files'},
        'files': {'filesystem_store_datadir': data / 'images'},
        'os_glance_staging_store': {
            'filesystem_store_datadir': data / 'staging'},
        'os_glance_tasks_store': {
            'filesystem_store_datadir': data / 'tasks'},
        'keystone_authtoken': settings.authtoken('glance'),
        'oslo_concurrency': {'lock_path': data},
        'oslo_messaging_notifications': {'driver': 'noop'},
        'paste_deploy': {'flavor': 'keystone', 'config_file': paste},
    })


def prepare(settings, group):
    """Make Glance's database."""
    service.manage(settings, group, 'glance', 'glance-manage',
                   '--config-file',
                   settings.etc('glance') / 'glance-api.conf', 'db_sync')
    # Its catalogue of image properties, which dashboards ask for.
    service.manage(settings, group, 'glance', 'glance-manage',
                   '--config-file',
                   settings.etc('glance') / 'glance-api.conf',
                   'db_load_metadefs',
                   settings.venv / 'etc' / 'glance' / 'metadefs')
    service.use_wal(settings, 'glance')


def launch(settings, group):
    """Start Glance.

    :returns: process.Child
    """
    return service.launch(
        settings, group, 'glance', 'glance.wsgi.api',
        OS_GLANCE_CONFIG_DIR=str(settings.etc('glance')))
