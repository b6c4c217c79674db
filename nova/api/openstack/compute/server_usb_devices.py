# SPDX-License-Identifier: Apache-2.0
"""The USB devices of a server: ``/servers/{server_id}/os-usb-devices``."""

from webob import exc

from nova.api.openstack.compute.schemas import server_usb_devices as schema
from nova.api.openstack.compute import usb_devices
from nova.api.openstack.compute import usb_errors
from nova.api.openstack.compute.views import usb_devices as usb_view
from nova.api.openstack import wsgi
from nova.api import validation
from nova.compute.usb import api as usb_api
from nova.compute.usb import selection
from nova.i18n import _
from nova.policies import usb_devices as policies
from nova import usb_compat


def _attach_request(body):
    """What a validated body asks for.

    :returns: nova.compute.usb.selection.AttachRequest
    :raises: HTTPBadRequest when it names the device in no way or in two
    """
    asked = {name: value for name, value in body['usb_device'].items()
             if name in schema.create['properties']['usb_device'][
                 'properties']}
    by_id = 'id' in asked
    by_kind = [name for name in ('vendor_id', 'product_id', 'serial')
               if name in asked]
    complete = 'vendor_id' in asked and 'product_id' in asked
    if by_id == bool(by_kind) or (by_kind and not complete):
        raise exc.HTTPBadRequest(explanation=_(
            "It is not clear which USB device is meant; given: %s. Name it "
            "either by id, or by vendor_id and product_id, to which serial "
            "may be added.") % (', '.join(sorted(asked)) or _('nothing')))
    if by_id:
        return selection.AttachRequest(
            device_uuid=usb_devices.canonical_uuid(asked['id']),
            tag=asked.get('tag'))
    return selection.AttachRequest(
        vendor_id=asked['vendor_id'].lower(),
        product_id=asked['product_id'].lower(),
        serial=asked.get('serial'), tag=asked.get('tag'))


@usb_compat.validated
class ServerUsbDevicesController(wsgi.Controller):

    _view_builder_class = usb_view.ViewBuilder

    def __init__(self):
        super(ServerUsbDevicesController, self).__init__()
        self.usb_api = usb_api.API()

    def _authorize(self, req, server_id, action):
        """Let the request pass if policy allows it on that server.

        A server of another project is not found, as everywhere in Nova.

        :returns: the request's context
        :raises: InstanceNotFound, PolicyNotAuthorized
        """
        context = req.environ['nova.context']
        rule = policies.POLICY_ROOT % ('server:' + action)
        # First whether the caller may do that to any server, and be it one
        # of the own project: who may not learns nothing, and no cell is
        # asked.
        context.can(rule)
        instance = self.usb_api.get_instance(context, server_id)
        context.can(rule,
                    target={'project_id': instance.project_id,
                            'user_id': instance.user_id})
        return context

    @wsgi.response(200)
    @wsgi.expected_errors(usb_errors.EXPECTED)
    @validation.query_schema(schema.no_query)
    @usb_compat.response_body_schema(schema.index_response)
    @usb_errors.translated
    def index(self, req, server_id):
        """List the devices that the server holds."""
        context = self._authorize(req, server_id, 'index')
        devices = self.usb_api.list_for_server(context, server_id)
        return self._view_builder.index(
            req, devices, policies.sees_all(context))

    @wsgi.response(200)
    @wsgi.expected_errors(usb_errors.EXPECTED)
    @validation.query_schema(schema.no_query)
    @usb_compat.response_body_schema(schema.show_response)
    @usb_errors.translated
    def show(self, req, server_id, id):
        """Show one device that the server holds."""
        context = self._authorize(req, server_id, 'show')
        device = self.usb_api.get_for_server(
            context, server_id, usb_devices.canonical_uuid(id))
        return self._view_builder.show(
            req, device, policies.sees_all(context))

    @wsgi.response(200)
    @wsgi.expected_errors(usb_errors.EXPECTED)
    @validation.schema(schema.create)
    @validation.query_schema(schema.no_query)
    @usb_compat.response_body_schema(schema.show_response)
    @usb_errors.translated
    def create(self, req, server_id, body):
        """Attach a device; answers when the server has it."""
        context = self._authorize(req, server_id, 'attach')
        device = self.usb_api.attach(context, server_id, _attach_request(body))
        return self._view_builder.show(
            req, device, policies.sees_all(context))

    @wsgi.response(204)
    @wsgi.expected_errors(usb_errors.EXPECTED)
    @validation.query_schema(schema.no_query)
    @usb_compat.response_body_schema(schema.no_response)
    @usb_errors.translated
    def delete(self, req, server_id, id):
        """Detach a device; answers when the server's guest let go of it."""
        context = self._authorize(req, server_id, 'detach')
        self.usb_api.detach(
            context, server_id, usb_devices.canonical_uuid(id))
