# SPDX-License-Identifier: Apache-2.0
"""What the API shows of the device of the tests."""

from oslo_utils.fixture import uuidsentinel as uuids


def links(device_uuid):
    """The links of a device, below http://localhost."""
    path = '/os-usb-devices/' + device_uuid
    return [{'rel': 'self', 'href': 'http://localhost/v2.1' + path},
            {'rel': 'bookmark', 'href': 'http://localhost' + path}]


PUBLIC = {
    'id': uuids.device,
    'vendor_id': '0529',
    'product_id': '0001',
    'serial': 'S1',
    'manufacturer': 'Aladdin',
    'product': 'HASP',
    'device_class': '00',
    'interface_classes': ['08', 'ff'],
    'speed': '12',
    'present': True,
    'status': 'available',
    'blocked_reason': None,
    'instance_uuid': None,
    'tag': None,
    'created_at': '2026-05-01T10:00:00Z',
    'updated_at': None,
    'links': links(uuids.device),
}

ALL = dict(
    PUBLIC,
    host='compute1',
    port_path='1-1.4',
    bus_number=1,
    device_number=5,
    controller='0000:00:14.0',
    project_id=None,
    disabled=False,
    description=None,
    resource_class='CUSTOM_USB_0529_0001')
