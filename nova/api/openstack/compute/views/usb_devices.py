# SPDX-License-Identifier: Apache-2.0
"""How USB devices look to those who may see them."""

from nova.api.openstack import common
from nova import utils

_FIELDS = ('vendor_id', 'product_id', 'serial', 'manufacturer', 'product',
           'device_class', 'speed', 'present', 'status', 'blocked_reason')

#: What tells where a device is and whom it was granted to.
_ADMIN_FIELDS = ('host', 'port_path', 'bus_number', 'device_number',
                 'controller', 'project_id', 'disabled', 'resource_class')

#: Shows every server.
ANY_SERVER = None


class ViewBuilder(common.ViewBuilder):

    _collection_name = 'os-usb-devices'

    def show(self, device, everything, servers=ANY_SERVER):
        """The answer about one device.

        :param device: UsbDevice
        :param everything: whether the administrators' fields are shown
        :param servers: the uuids of the servers that may be named, or
            ``ANY_SERVER``
        """
        return {'usb_device': self._device(device, everything, servers)}

    def index(self, devices, everything, servers=ANY_SERVER):
        """The answer about several devices; parameters as of show()."""
        return {'usb_devices': [self._device(device, everything, servers)
                                for device in devices]}

    def page(self, request, devices, everything, servers=ANY_SERVER):
        """One page of a list, with the link to the next if this is full."""
        view = self.index(devices, everything, servers)
        links = self._get_collection_links(
            request, view['usb_devices'], self._collection_name, 'id')
        if links:
            view['usb_devices_links'] = links
        return view

    @staticmethod
    def _device(device, everything, servers):
        view = {name: getattr(device, name) for name in _FIELDS}
        named = (servers is ANY_SERVER or device.instance_uuid in servers)
        # The tag of a claimed device is what its server's project calls it.
        tag_shown = named or device.instance_uuid is None
        view.update({
            'id': device.uuid,
            'interface_classes': list(device.interface_classes),
            'instance_uuid': device.instance_uuid if named else None,
            'tag': device.tag if tag_shown else None,
            'created_at': utils.isotime(device.created_at),
            'updated_at': (utils.isotime(device.updated_at)
                           if device.updated_at else None),
        })
        if everything:
            view.update((name, getattr(device, name))
                        for name in _ADMIN_FIELDS)
        return view
