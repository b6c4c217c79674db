# SPDX-License-Identifier: Apache-2.0
"""Schemas of ``/servers/{server_id}/os-usb-devices``."""

from nova.api.openstack.compute.schemas import usb_devices

# That a device is named either by id or by vendor and product is checked in
# the controller: a schema's answer to "neither of the two" says neither what
# is wrong nor what to send instead.
create = {
    'type': 'object',
    'properties': {
        'usb_device': {
            'type': 'object',
            'properties': {
                'id': usb_devices.uuid,
                'vendor_id': usb_devices.hex_id,
                'product_id': usb_devices.hex_id,
                'serial': usb_devices.shown,
                'tag': usb_devices.tag,
            },
            'minProperties': 1,
            'additionalProperties': False,
        },
    },
    'required': ['usb_device'],
    'additionalProperties': False,
}

no_query = usb_devices.no_query

index_response = usb_devices.list_response

show_response = usb_devices.show_response

no_response = usb_devices.no_response
