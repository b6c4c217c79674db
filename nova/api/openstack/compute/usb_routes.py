# SPDX-License-Identifier: Apache-2.0
"""Which calls lead to which methods, in the form of Nova's ROUTE_LIST."""

from oslo_serialization import jsonutils
import webob.exc

from nova.api.openstack.compute import extension_info
from nova.api.openstack.compute import server_usb_devices
from nova.api.openstack.compute import usb_devices
from nova.api.openstack import wsgi
from nova.i18n import _


#: How ``GET /extensions`` says that the cloud has USB devices.
EXTENSION = {
    'alias': 'os-usb-devices',
    'description': 'USB passthrough support.',
    'links': [],
    'name': 'UsbDevices',
    'namespace': 'http://docs.openstack.org/compute/ext/fake_xml',
    'updated': '2026-11-25T00:00:00Z',
}


def _announce():
    for extensions in (extension_info.EXTENSION_LIST,
                       extension_info.EXTENSION_LIST_LEGACY_V2_COMPATIBLE):
        if EXTENSION not in extensions:
            extensions.append(EXTENSION)
            extensions.sort(key=lambda extension: extension['alias'])


_announce()


#: How deep the body of a request is nested at most; each of ours is three
#: levels deep.  Validation copies a body recursively, and falls over one that
#: is some 900 deep.
MAX_DEPTH = 20


def _is_deep(value):
    """Whether a decoded body is nested deeper than MAX_DEPTH."""
    level = [value]
    for _depth in range(MAX_DEPTH):
        below = []
        for each in level:
            if isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        level = below
    return bool(level)


class Resource(wsgi.Resource):
    """Refuses the bodies over which Nova's own Resource falls with a 500."""

    def _process_stack(self, request, *args, **kwargs):
        try:
            if _is_deep(jsonutils.loads(request.body.decode('utf-8'))):
                raise RecursionError()
        except (UnicodeDecodeError, RecursionError):
            return wsgi.Fault(webob.exc.HTTPBadRequest(explanation=_(
                "The request's body is not UTF-8, or nested too deep. Send "
                "JSON as the API's documentation shows it.")))
        except ValueError:
            # Not JSON, or nothing: whether that is right depends on the
            # call.
            pass
        return super(Resource, self)._process_stack(request, *args, **kwargs)


def _devices():
    return Resource(usb_devices.UsbDevicesController())


def _server_devices():
    return Resource(server_usb_devices.ServerUsbDevicesController())


ROUTES = (
    ('/os-usb-devices', {
        'GET': [_devices, 'index'],
    }),
    ('/os-usb-devices/{id}', {
        'GET': [_devices, 'show'],
        'PUT': [_devices, 'update'],
        'DELETE': [_devices, 'delete'],
    }),
    ('/os-usb-devices/{id}/action', {
        'POST': [_devices, 'act'],
    }),
    ('/servers/{server_id}/os-usb-devices', {
        'GET': [_server_devices, 'index'],
        'POST': [_server_devices, 'create'],
    }),
    ('/servers/{server_id}/os-usb-devices/{id}', {
        'GET': [_server_devices, 'show'],
        'DELETE': [_server_devices, 'delete'],
    }),
)
