# SPDX-License-Identifier: Apache-2.0
"""One step of an upgrade, in the environment of one release of Nova.

Usage: python upgrade_inside.py NOVA.CONF seed|read|schema

The last line of the output is a JSON object. Python 3.8: it runs on every
release.
"""

import json
import sys

import sqlalchemy as sa

from nova import config
from nova import context as nova_context
from nova.db.usb import models
from nova import objects
from nova.objects import usb_device as usb_obj
from nova import usb_compat

SERVER = '6d3c2b51-1a3c-4f7e-9a3e-0b6a1c1f0e01'
#: Free; granted to a project; attached to a server.
DEVICES = (
    {'uuid': '6d3c2b51-1a3c-4f7e-9a3e-0b6a1c1f0e11', 'serial': 'FREE',
     'status': 'available', 'port_path': '1-1', 'device_number': 2},
    {'uuid': '6d3c2b51-1a3c-4f7e-9a3e-0b6a1c1f0e12', 'serial': 'GRANTED',
     'status': 'available', 'port_path': '1-2', 'device_number': 3,
     'project_id': 'project'},
    {'uuid': '6d3c2b51-1a3c-4f7e-9a3e-0b6a1c1f0e13', 'serial': 'ATTACHED',
     'status': 'attached', 'port_path': '1-3', 'device_number': 4,
     'project_id': 'project', 'instance_uuid': SERVER, 'tag': 'key'},
)
SAME = {'host': 'compute', 'vendor_id': '0781', 'product_id': '5567',
        'device_class': '00', 'interface_classes': '08', 'bus_number': 1,
        'present': True, 'disabled': False}


def seed(context):
    """Put a server and three devices in.

    :returns: as read()
    """
    flavor = objects.Flavor(
        context, flavorid='small', name='small', memory_mb=64, vcpus=1,
        root_gb=0, ephemeral_gb=0, swap=0, rxtx_factor=1.0,
        is_public=True, disabled=False, vcpu_weight=0, description=None,
        extra_specs={}, projects=[])
    instance = objects.Instance(
        context, uuid=SERVER, project_id='project', user_id='user',
        host='compute', node='compute', vm_state='active', flavor=flavor,
        system_metadata={}, display_name='server')
    # The embedded cloud has no images either.
    instance.create()
    with engine(context).begin() as connection:
        for device in DEVICES:
            values = dict(SAME, **device)
            values.setdefault('identity', 'serial:' + device['serial'])
            connection.execute(
                models.UsbDevice.__table__.insert().values(**values))
    return read(context)


def read(context):
    """:returns: the server and the devices, as Nova reads them"""
    found = usb_obj.UsbDeviceList.get_by_filters(context, {})
    server = objects.Instance.get_by_uuid(context, SERVER)
    held = usb_obj.UsbDeviceList.get_by_instance_uuid(context, SERVER)
    return {
        'server': [server.uuid, server.host, server.vm_state,
                   server.display_name],
        'held': sorted(device.uuid for device in held),
        'devices': {device.uuid: [
            device.host, device.serial, device.status, device.port_path,
            device.project_id, device.instance_uuid, device.tag,
            device.present] for device in found},
    }


def schema(context):
    """:returns: columns and indexes by table, and the versions"""
    inspector = sa.inspect(engine(context))
    found = {}
    for table in sorted(inspector.get_table_names()):
        found[table] = [
            [column['name'] for column in inspector.get_columns(table)],
            sorted(str(index['name'])
                   for index in inspector.get_indexes(table))]
    with engine(context).connect() as connection:
        for table in ('usb_alembic_version', 'alembic_version',
                      'migrate_version'):
            if table in found:
                found['rows of ' + table] = [
                    [str(value) for value in row] for row in
                    connection.execute(sa.text('SELECT * FROM ' + table))]
    return found


def engine(context):
    return usb_compat.db_api.get_engine(context=context)


def main(path, action):
    config.parse_args(['nova', '--config-file', path])
    objects.register_all()
    context = nova_context.get_admin_context()
    outcome = {'seed': seed, 'read': read, 'schema': schema}[action](context)
    print(json.dumps(outcome))


if __name__ == '__main__':
    main(*sys.argv[1:])
