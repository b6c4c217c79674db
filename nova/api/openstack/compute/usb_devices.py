# SPDX-License-Identifier: Apache-2.0
"""The USB devices of the cloud: ``/os-usb-devices``."""

import uuid

from oslo_utils import uuidutils
from webob import exc

from nova.api.openstack import common
from nova.api.openstack.compute.schemas import usb_devices as schema
from nova.api.openstack.compute import usb_errors
from nova.api.openstack.compute.views import usb_devices as usb_view
from nova.api.openstack import identity
from nova.api.openstack import wsgi
from nova.api import validation
from nova.compute.usb import devices_api
from nova import exception
from nova.i18n import _
from nova import objects
from nova.policies import usb_devices as policies
from nova.usb import exception as usb_exception
from nova import usb_compat

#: What only those may filter and sort by who see it.
_ADMIN_FILTERS = ('host', 'project_id')
_ADMIN_SORT_KEYS = ('host', 'port_path')

#: What an administrator may change.
_CHANGEABLE = ('project_id', 'disabled', 'description')


def canonical_uuid(value):
    """A device's id from a path, in the one form that records have.

    :raises: UsbDeviceNotFound where it cannot be one
    """
    if not uuidutils.is_uuid_like(value):
        raise usb_exception.UsbDeviceNotFound(device=value)
    return str(uuid.UUID(value))


def own_servers(context, uuids):
    """Those of some servers that are of the caller's project.

    :returns: set of uuids
    """
    uuids = sorted({uuid for uuid in uuids if uuid is not None})
    if not uuids:
        return set()
    mappings = objects.InstanceMappingList.get_by_instance_uuids(
        context, uuids)
    return {mapping.instance_uuid for mapping in mappings
            if mapping.project_id == context.project_id}


def _filters(params):
    """The filters of a validated query, as the compute layer wants them."""
    filters = {name: params[name] for name in schema.FILTERS
               if name in params}
    for name in ('vendor_id', 'product_id'):
        if name in filters:
            filters[name] = filters[name].lower()
    if 'present' in filters:
        filters['present'] = filters['present'] in schema.TRUE
    if 'instance_uuid' in filters:
        filters['instance_uuid'] = str(uuid.UUID(filters['instance_uuid']))
    return filters


def _check_admin_params(context, filters, sort_keys):
    """Only who sees hosts and grants may ask by them.

    :raises: PolicyNotAuthorized
    """
    if (set(sort_keys).intersection(_ADMIN_SORT_KEYS) or
            any(name in filters for name in _ADMIN_FILTERS)):
        context.can(policies.POLICY_ROOT % 'index:all')


@usb_compat.validated
class UsbDevicesController(wsgi.Controller):

    _view_builder_class = usb_view.ViewBuilder

    def __init__(self):
        super(UsbDevicesController, self).__init__()
        self.usb_api = devices_api.DevicesAPI()

    @wsgi.response(200)
    @wsgi.expected_errors(usb_errors.EXPECTED)
    @validation.query_schema(schema.index_query)
    @usb_compat.response_body_schema(schema.index_response)
    @usb_errors.translated
    def index(self, req):
        """List the devices that the caller may see, one page of them."""
        context = req.environ['nova.context']
        context.can(policies.POLICY_ROOT % 'index')
        params = req.GET
        filters = _filters(params)
        sort_keys, sort_dirs = common.get_sort_params(
            params, 'created_at', 'asc')
        _check_admin_params(context, filters, sort_keys)
        everything = policies.sees_all(context)
        if not everything:
            if not self._confine(context, filters):
                return self._view_builder.page(req, [], everything)
        devices = self._page_of_devices(
            context, req, filters, sort_keys, sort_dirs, everything)
        return self._view_builder.page(
            req, devices, everything,
            self._servers_shown(context, devices, everything))

    @wsgi.response(200)
    @wsgi.expected_errors(usb_errors.EXPECTED)
    @validation.query_schema(schema.no_query)
    @usb_compat.response_body_schema(schema.show_response)
    @usb_errors.translated
    def show(self, req, id):
        """Show one device."""
        context = req.environ['nova.context']
        context.can(policies.POLICY_ROOT % 'show')
        id = canonical_uuid(id)
        everything = policies.sees_all(context)
        device = self.usb_api.get_device(context, id)
        if not everything and not self._granted(context, device):
            raise usb_exception.UsbDeviceNotFound(device=id)
        return self._view_builder.show(
            req, device, everything,
            self._servers_shown(context, [device], everything))

    @wsgi.response(200)
    @wsgi.expected_errors(usb_errors.EXPECTED)
    @validation.schema(schema.update)
    @validation.query_schema(schema.no_query)
    @usb_compat.response_body_schema(schema.show_response)
    @usb_errors.translated
    def update(self, req, id, body):
        """Grant a device to a project; disable, enable or describe it."""
        context = req.environ['nova.context']
        context.can(policies.POLICY_ROOT % 'update')
        id = canonical_uuid(id)
        asked = body['usb_device']
        # The legacy v2 endpoint lets unknown names through.
        changes = {name: asked[name] for name in _CHANGEABLE if name in asked}
        detach = asked.get('detach', False)
        if not changes:
            raise exc.HTTPBadRequest(explanation=_(
                "Nothing to change. Give at least one of %s.")
                % ', '.join(_CHANGEABLE))
        if detach and 'project_id' not in changes:
            raise exc.HTTPBadRequest(explanation=_(
                "detach says what becomes of the device's server when the "
                "grant changes. Give project_id with it."))
        if changes.get('project_id') is not None:
            identity.verify_project_id(context, changes['project_id'])
        device = self.usb_api.update_device(context, id, changes, detach)
        return self._view_builder.show(
            req, device, policies.sees_all(context))

    @wsgi.response(204)
    @wsgi.expected_errors(usb_errors.EXPECTED)
    @validation.schema(schema.action)
    @validation.query_schema(schema.no_query)
    @usb_compat.response_body_schema(schema.no_response)
    @usb_errors.translated
    def act(self, req, id, body):
        """Do what the one key of the body says."""
        context = req.environ['nova.context']
        actions = {'rescan': self.usb_api.rescan,
                   'force_release': self.usb_api.force_release}
        for name in body:
            if name in actions:
                context.can(policies.POLICY_ROOT % name)
                actions[name](context, canonical_uuid(id))
                return
        raise exc.HTTPBadRequest(explanation=_(
            "There is no such action. Give one of: %s.")
            % ', '.join(sorted(actions)))

    @wsgi.response(204)
    @wsgi.expected_errors(usb_errors.EXPECTED)
    @validation.query_schema(schema.no_query)
    @usb_compat.response_body_schema(schema.no_response)
    @usb_errors.translated
    def delete(self, req, id):
        """Forget a device that is not plugged in and nobody's."""
        context = req.environ['nova.context']
        context.can(policies.POLICY_ROOT % 'delete')
        self.usb_api.delete_device(context, canonical_uuid(id))

    @staticmethod
    def _granted(context, device):
        return (device.project_id is not None and
                device.project_id == context.project_id)

    @staticmethod
    def _confine(context, filters):
        """Narrow a query to the caller's project.

        :returns: whether anything can be left
        """
        if not context.project_id:
            return False
        filters['project_id'] = context.project_id
        # A granted device can be another project's server's for the time
        # being; asking by that server must not tell.
        server = filters.get('instance_uuid')
        return server is None or bool(own_servers(context, [server]))

    def _page_of_devices(self, context, req, filters, sort_keys, sort_dirs,
                         everything):
        limit, marker = common.get_limit_and_marker(req)
        if marker is not None:
            marker = str(uuid.UUID(marker))
            if not everything:
                self._check_marker(context, marker)
        return self.usb_api.list_devices(
            context, filters=filters, limit=limit, marker=marker,
            sort_keys=[schema.SORT_KEYS[key] for key in sort_keys],
            sort_dirs=sort_dirs)

    def _check_marker(self, context, marker):
        """A device that is not shown is no marker, as if it were unknown.

        :raises: MarkerNotFound
        """
        try:
            device = self.usb_api.get_device(context, marker)
        except usb_exception.UsbDeviceNotFound:
            device = None
        if device is None or not self._granted(context, device):
            raise exception.MarkerNotFound(marker=marker)

    @staticmethod
    def _servers_shown(context, devices, everything):
        if everything:
            return usb_view.ANY_SERVER
        return own_servers(
            context, [device.instance_uuid for device in devices])
