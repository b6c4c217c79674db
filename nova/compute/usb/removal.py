# SPDX-License-Identifier: Apache-2.0
"""Takes USB passthrough out of a cloud: servers, Placement, databases.

What stays are the instance actions of the past, which any Nova shows.
"""

import oslo_messaging as messaging
import sqlalchemy as sa

from nova.compute.usb import api as usb_api
from nova.compute.usb import provider as usb_provider
from nova.compute.usb import rpcapi
from nova.compute.usb import shelf
from nova import context as nova_context
from nova.db.usb import migration
from nova import exception
from nova.i18n import _
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.scheduler.client import report
from nova import servicegroup
from nova.usb import exception as usb_exception
from nova.usb import status
from nova import usb_compat


class Removal(object):
    """One removal, in steps that can be repeated.

    :param context: an administrator's
    :param say: callable that takes a line for the operator
    :ivar failed: whether something has to be done again
    :ivar left: whether something is left that the operator was told of
    """

    def __init__(self, context, say):
        self.context = context
        self.say = say
        self.failed = False
        self.left = False
        self._rpcapi = rpcapi.ComputeUsbAPI()
        self._servicegroup = servicegroup.API()

    def _cells(self):
        """:returns: a context for each cell, cell0 too"""
        for cell in objects.CellMappingList.get_all(self.context):
            with nova_context.target_cell(self.context, cell) as targeted:
                yield targeted

    def held(self):
        """:returns: list of the UsbDevices that servers hold"""
        found = []
        for context in self._cells():
            try:
                found += [device for device in
                          usb_obj.UsbDeviceList.get_by_filters(context)
                          if device.status in status.CLAIMED]
            except usb_exception.UsbDatabaseNotSynced:
                # Removed before, or never there.
                continue
            except Exception as e:
                self._fail(context, e)
        return found

    def detach(self, held):
        """Take devices from their servers, or at least from the records.

        :param held: what :meth:`held` returned
        """
        api = usb_api.API()
        for device in held:
            try:
                api.detach(self.context, device.instance_uuid, device.uuid)
            except exception.InstanceNotFound:
                # Nobody's any more.
                continue
            except Exception as e:
                self.left = True
                self.say(_('USB device %(device)s could not be taken out of '
                           'server %(server)s: %(error)s. If the server has '
                           'it still, a hard reboot takes it out.') % {
                               'device': device.uuid,
                               'server': device.instance_uuid, 'error': e})

    def withdraw(self):
        """Have all hosts give nothing any more, to servers or Placement."""
        for context in self._cells():
            try:
                nodes = objects.ComputeNodeList.get_all(context)
            except exception.NotFound:
                continue
            except Exception as e:
                self._fail(context, e)
                continue
            for node in nodes:
                try:
                    self._withdraw(context, node)
                except usb_provider.PlacementUnavailable as e:
                    self.failed = True
                    self.say(_('Host %(host)s: %(error)s') % {
                        'host': node.host, 'error': e})

    def _withdraw(self, context, node):
        is_up = self._is_up(context, node.host)
        if is_up and self._tell(context, node.host):
            return
        provider = usb_provider.Provider(
            report.report_client_singleton(), node.uuid,
            node.hypervisor_hostname)
        if provider.delete(context) and is_up:
            self.left = True
            self.say(_('Restart nova-compute of host %s now: it remembers '
                       'a resource provider that is deleted.') % node.host)

    def _is_up(self, context, host):
        try:
            return self._servicegroup.service_is_up(
                objects.Service.get_by_compute_host(context, host))
        except exception.NotFound:
            return False

    def _tell(self, context, host):
        """:returns: whether the host did it itself"""
        try:
            self._rpcapi.withdraw(context, host)
            return True
        except (messaging.MessagingException, usb_exception.UsbNotSupported):
            # Too old, or without USB, or it does not answer.
            return False

    def drop_tables(self):
        """Drop our tables in all cells, and what a shelved server had."""
        for context in self._cells():
            if self.failed:
                self.say(_('The tables of cell %s stay until the rest is '
                           'done.') % context.cell_uuid)
                continue
            try:
                self._drop_tables(context)
            except Exception as e:
                self._fail(context, e)

    def _fail(self, context, error):
        self.failed = True
        self.say(_('Cell %(cell)s: %(error)s') % {
            'cell': context.cell_uuid, 'error': error})

    @staticmethod
    def _drop_tables(context):
        notes = usb_compat.models.InstanceSystemMetadata.__table__
        engine = usb_compat.db_api.get_engine(context=context)
        with engine.begin() as connection:
            connection.execute(notes.delete().where(sa.or_(
                notes.c.key == shelf.OLD_KEY,
                notes.c.key.startswith(shelf.PREFIX, autoescape=True))))
            migration.drop(connection)
