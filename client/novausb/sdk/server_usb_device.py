# SPDX-License-Identifier: Apache-2.0
"""A USB device of a server: ``/servers/{server_id}/os-usb-devices``."""

from openstack import resource

from novausb.sdk import usb_device


class ServerUsbDevice(usb_device.UsbDeviceBase):
    """A device that a server holds."""

    base_path = '/servers/%(server_id)s/os-usb-devices'

    create_method = 'POST'
    create_requires_id = False
    allow_create = True
    allow_fetch = True
    allow_delete = True
    allow_list = True

    # The API refuses parameters that it does not know.
    _query_mapping = resource.QueryParameters(
        include_pagination_defaults=False)

    #: The server that holds it.
    server_id = resource.URI('server_id')
