# SPDX-License-Identifier: Apache-2.0
"""Every line that the fork adds to upstream's files.

Two kinds, no others, and one line each wherever possible; what the line
calls lives in our own modules:

``append(PATH, LINE, ...)``
    at the end of the module
``decorator(PATH, 'function' | 'Class.method', '@LINE', 'IMPORT LINE')``
    on top of the decorators that are there; with ``inner=True`` under them.
    The import is added once per file, after the module's imports

Options: ``since=24``/``until=23`` for the major releases that a seam is meant
for, ``test=True`` for an enumeration in upstream's own tests, ``optional=
True`` for a file that an installed Nova does not have. The engine writes a
mark at the end of each line (:mod:`graft.edit`): keep a line to 72 columns.
The budget, held by a test: 60 lines in 18 files, tests apart.
"""

from graft import requirements
from graft.seam import append
from graft.seam import decorator

MANAGER = 'nova/compute/manager.py'
MANAGER_HOOKS = 'from nova.compute.usb import hooks as usb_hooks'
LIBVIRT = 'nova/virt/libvirt/driver.py'
LIBVIRT_HOOKS = 'from nova.virt.libvirt.usb import hooks as usb_hooks'
DB_HOOKS = 'from nova.db.usb import hooks as usb_hooks'
ENUMERATIONS = 'from nova.tests.unit.usb import enumerations'
#: Not in the budget; and packages of Nova may come without its tests.
UPSTREAM_TEST = {'test': True, 'optional': True}

#: Hook to the methods of ComputeManager that it is put on; innermost, so
#: that a failure of ours is upstream's to report.
MANAGER_EVENTS = {
    'after_start': ('start_instance', 'reboot_instance', 'resume_instance',
                    'unrescue_instance', '_finish_revert_resize'),
    'after_move': ('_confirm_resize', 'rebuild_instance'),
    'after_offload': ('_shelve_offload_instance',),
    'after_unshelve': ('_unshelve_instance',),
    'suspend': ('suspend_instance', 'rescue_instance'),
}

SEAMS = (
    # REST API, policies, configuration
    append('nova/api/openstack/compute/routes.py',
           'from nova.api.openstack.compute import usb_routes',
           'ROUTE_LIST += usb_routes.ROUTES'),
    decorator('nova/policies/__init__.py', 'list_rules',
              '@usb_devices.chained',
              'from nova.policies import usb_devices'),
    append('nova/conf/__init__.py',
           'from nova.conf import usb',
           'usb.register_opts(CONF)'),

    # Objects and database
    decorator('nova/objects/__init__.py', 'register_all',
              '@usb_hooks.registered',
              'from nova.objects import usb_hooks'),
    decorator('nova/db/migration.py', '_upgrade_alembic',
              '@usb_hooks.upgrade', DB_HOOKS, since=24),
    decorator('nova/db/sqlalchemy/migration.py', 'db_sync',
              '@usb_hooks.upgrade_with_migrate', DB_HOOKS, until=23),
    # Innermost: in the transaction that deletes the instance.
    decorator('nova/db/main/api.py', 'instance_destroy',
              '@usb_hooks.release', DB_HOOKS, inner=True, since=24),
    decorator('nova/db/sqlalchemy/api.py', 'instance_destroy',
              '@usb_hooks.release', DB_HOOKS, inner=True, until=23),
    decorator('nova/db/main/api.py', 'service_destroy',
              '@usb_hooks.forget_host', DB_HOOKS, inner=True, since=24),
    decorator('nova/db/sqlalchemy/api.py', 'service_destroy',
              '@usb_hooks.forget_host', DB_HOOKS, inner=True, until=23),

    # nova-compute
    decorator(MANAGER, 'ComputeManager.__init__',
              '@usb_hooks.manager_init', MANAGER_HOOKS),
    decorator(MANAGER, 'ComputeManager.init_host',
              '@usb_hooks.manager_init_host', MANAGER_HOOKS),
    decorator(MANAGER, 'ComputeManager.pre_start_hook',
              '@usb_hooks.manager_pre_start_hook', MANAGER_HOOKS),
    decorator(MANAGER, 'ComputeManager.cleanup_host',
              '@usb_hooks.manager_cleanup_host', MANAGER_HOOKS),
    *(decorator(MANAGER, 'ComputeManager.' + method, '@usb_hooks.' + hook,
                MANAGER_HOOKS, inner=True)
      for hook, methods in MANAGER_EVENTS.items() for method in methods),
    # On the source of a live migration, whatever nova-api is in front.
    decorator(MANAGER, 'ComputeManager.check_can_live_migrate_source',
              '@usb_hooks.check_live_migration', MANAGER_HOOKS, inner=True),

    # nova-api
    decorator('nova/compute/api.py', 'API.live_migrate',
              '@usb_hooks.live_migrate', MANAGER_HOOKS, inner=True),

    # Between services: an error arrives as what it was raised as.
    append('nova/rpc.py', "ALLOWED_EXMODS.append('nova.usb.exception')"),

    # The hypervisor's driver
    decorator(LIBVIRT, 'LibvirtDriver._get_guest_config',
              '@usb_hooks.guest_config', LIBVIRT_HOOKS),
    decorator(LIBVIRT, 'LibvirtDriver._create_guest',
              '@usb_hooks.create_guest', LIBVIRT_HOOKS),
    decorator(LIBVIRT, 'LibvirtDriver.live_migration',
              '@usb_hooks.live_migration', LIBVIRT_HOOKS),
    decorator(LIBVIRT, 'LibvirtDriver._suspend_guest_for_snapshot',
              '@usb_hooks.suspend_for_snapshot', LIBVIRT_HOOKS),
    decorator(LIBVIRT, 'LibvirtDriver._resume_guest_after_snapshot',
              '@usb_hooks.resume_after_snapshot', LIBVIRT_HOOKS),

    # `nova-manage --version` cuts the fork's part off what pbr knows.
    append('nova/version.py',
           'from nova.usb.version import version_string'),

    # nova-manage usb
    append('nova/cmd/manage.py',
           'from nova.cmd import usb_manage',
           "CATEGORIES['usb'] = usb_manage.UsbCommands"),

    # A wheel carries these in its metadata.
    append('requirements.txt', *requirements.ours(), optional=True),

    # What upstream's tests enumerate
    append('nova/tests/unit/objects/test_objects.py',
           ENUMERATIONS, 'enumerations.add_objects(object_data)',
           **UPSTREAM_TEST),
    decorator('nova/tests/unit/test_policy.py',
              'RealRolePolicyTestCase.setUp',
              '@enumerations.with_policies', ENUMERATIONS, **UPSTREAM_TEST),
    decorator('nova/tests/unit/compute/test_api.py',
              '_ComputeAPIUnitTestMixIn.setUp',
              '@enumerations.without_devices', ENUMERATIONS,
              **UPSTREAM_TEST),
    decorator('nova/tests/unit/db/main/test_api.py',
              'ArchiveTestCase.test_shadow_tables',
              '@enumerations.without_tables', ENUMERATIONS, since=24,
              **UPSTREAM_TEST),
)
