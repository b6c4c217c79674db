# SPDX-License-Identifier: Apache-2.0
"""USB devices for openstacksdk.

After ``register(connection)`` the connection's ``compute`` has the methods
of :class:`novausb.sdk.proxy.UsbProxyMixin`, beside its own::

    import openstack
    import novausb.sdk

    connection = openstack.connect(cloud='admin')
    novausb.sdk.register(connection)
    for device in connection.compute.usb_devices(status='available'):
        print(device.id, device.product)

The same by configuration alone, for programs that one cannot change: a
cloud in clouds.yaml may have ``vendor_hook: novausb.sdk:register``.
"""

from __future__ import annotations

from openstack.compute.v2 import _proxy as compute_proxy
from openstack import connection as connections
from openstack import service_description

from novausb.sdk.proxy import UsbProxyMixin
from novausb.sdk.server_usb_device import ServerUsbDevice
from novausb.sdk.usb_device import UsbDevice

__all__ = ('Proxy', 'ServerUsbDevice', 'UsbDevice', 'UsbProxyMixin',
           'register')


class Proxy(UsbProxyMixin, compute_proxy.Proxy):
    """What ``compute`` is after register(): openstacksdk's, and ours."""


def register(connection: connections.Connection) -> None:
    """Give a connection's ``compute`` the methods for USB devices.

    No request is sent.  openstacksdk keeps its services on the class of
    connections, so other connections of the process get the methods as
    well, when they first use ``compute``.  Doing it again changes nothing.

    :param connection: an ``openstack.connection.Connection``
    """
    if isinstance(connection._proxies.get('compute'), UsbProxyMixin):
        return
    connection.add_service(service_description.ServiceDescription(
        'compute', supported_versions={'2': Proxy}))
    # One without these methods may have been made already.
    connection._proxies.pop('compute', None)
