# SPDX-License-Identifier: Apache-2.0
"""How USB devices look to those who may see them.

Which fields there are stands in the schema of the answer alone.
"""

import urllib.parse

from nova.api.openstack import common
from nova.api.openstack.compute.schemas import usb_devices as schema
from nova.i18n import _
from nova import utils

#: Shows every server.
ANY_SERVER = None


def _time(value):
    return utils.isotime(value) if value else None


class ViewBuilder(common.ViewBuilder):

    _collection_name = 'os-usb-devices'

    def show(self, request, device, everything, servers=ANY_SERVER):
        """The answer about one device.

        :param device: UsbDevice
        :param everything: whether the administrators' fields are shown
        :param servers: the uuids of the servers that may be named, or
            ``ANY_SERVER``
        """
        return {'usb_device': self._device(request, device, everything,
                                           servers)}

    def index(self, request, devices, everything, servers=ANY_SERVER):
        """The answer about several devices; parameters as of show()."""
        return {'usb_devices': [
            self._device(request, device, everything, servers)
            for device in devices]}

    def page(self, request, devices, everything, servers=ANY_SERVER):
        """One page of a list, with the link to the next if this is full."""
        view = self.index(request, devices, everything, servers)
        links = self._get_collection_links(
            request, view['usb_devices'], self._collection_name, 'id')
        if links:
            view['usb_devices_links'] = links
        return view

    def _get_next_link(self, request, identifier, collection_name):
        # Upstream's keeps one value of a parameter that was given more than
        # once, as a sort key may be.
        link = super(ViewBuilder, self)._get_next_link(
            request, identifier, collection_name)
        params = sorted(((name, value)
                         for name, value in request.params.items()
                         if name != 'marker'), key=lambda item: item[0])
        params.append(('marker', identifier))
        return '%s?%s' % (link.partition('?')[0],
                          urllib.parse.urlencode(params))

    def _device(self, request, device, everything, servers):
        named = (servers is ANY_SERVER or device.instance_uuid in servers)
        special = {
            'id': device.uuid,
            'interface_classes': list(device.interface_classes),
            'instance_uuid': device.instance_uuid if named else None,
            # The tag is what the project of the device's server calls it.
            'tag': device.tag if named else None,
            'created_at': _time(device.created_at),
            'updated_at': _time(device.updated_at),
            'links': self._get_links(request, device.uuid,
                                     self._collection_name),
        }
        if not everything:
            # Why is a fact about the host.
            special['blocked_reason'] = device.blocked_reason and _(
                "It is not offered at present.")
        names = schema.FIELDS + (schema.ADMIN_FIELDS if everything else ())
        return {name: special[name] if name in special
                else getattr(device, name) for name in names}
