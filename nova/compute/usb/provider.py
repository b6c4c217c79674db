# SPDX-License-Identifier: Apache-2.0
"""The resource provider of a host's USB devices: requests to Placement.

It is a child of the compute node's provider, so that a flavor with
``resources:CUSTOM_USB_0529_0001=1`` lands on a host that has such a device.
Upstream's resource tracker has it in its cache with the rest of the tree and
sends whatever differs from that cache inside of every claim and deletion.
Therefore nothing here goes through that cache, and no driver's
``update_provider_tree`` touches the provider: the tracker finds no
difference and sends nothing, and a conflict about this provider never fails
a server's build.
"""

import functools
import time

from keystoneauth1 import exceptions as ks_exc
from oslo_utils import uuidutils

from nova.compute.usb import inventory as usb_inventory
from nova import exception
from nova.i18n import _

#: How often a request is made that another one came in between.
_TRIES = 5
#: Seconds between two of them, times the number of tries so far.
_PAUSE = 0.1

#: Placement API versions: allocations with consumer_generation; inventories
#: with reserved equal to total; providers by tree; idempotent creation of
#: resource classes; traits.
_ALLOCATIONS = '1.28'
_INVENTORIES = '1.26'
_PROVIDERS = '1.20'
_CLASSES = '1.7'
_TRAITS = '1.6'


class PlacementUnavailable(exception.NovaException):
    """Placement does not answer, or answers what nobody expects."""
    msg_fmt = _("Placement does not do its part: %(reason)s")


class PlacementRefused(exception.NovaException):
    """There is no more of a class than others hold."""
    msg_fmt = _("Placement refused: %(reason)s")


class _Again(Exception):
    """Somebody else wrote in between; read again and repeat."""


def provider_name(nodename):
    return nodename + '_usb'


def _retried(method):
    """Repeat what failed because somebody else wrote at the same time."""
    @functools.wraps(method)
    def wrapper(self, context, *args):
        for attempt in range(1, _TRIES + 1):
            try:
                return method(self, context, *args)
            except _Again as e:
                # It may have been deleted and made anew.
                self._uuid = None
                reason = e
                time.sleep(_PAUSE * attempt)
        raise PlacementUnavailable(reason=reason)
    return wrapper


class _Requests(object):
    """Requests to Placement, and one kind of error for all that fails."""

    def __init__(self, client):
        self._client = client

    def _ask(self, context, verb, url, version, *data, ok=()):
        """One request.

        :param ok: the statuses above 399 that the caller deals with
        :returns: status and decoded body, None when it is empty
        """
        try:
            response = getattr(self._client, verb)(
                url, *data, version=version,
                global_request_id=context.global_id)
        except ks_exc.ClientException as e:
            raise PlacementUnavailable(reason=e)
        if response.status_code >= 400 and response.status_code not in ok:
            raise PlacementUnavailable(
                reason='%s %s: %d %s' % (verb.upper(), url,
                                         response.status_code,
                                         response.text))
        return (response.status_code,
                response.json() if response.content else None)


class Provider(_Requests):
    """The provider of the USB devices of one compute node.

    Each method may raise PlacementUnavailable.

    :param client: upstream's SchedulerReportClient, of which nothing but
        the plain HTTP verbs is used
    :param root: uuid of the compute node, which is its provider's
    :param nodename: its name
    """

    def __init__(self, client, root, nodename):
        super(Provider, self).__init__(client)
        self.root = root
        self.name = provider_name(nodename)
        self._uuid = None
        #: Whether it was looked for and there was none.
        self.absent = False

    def find(self, context):
        """:returns: its uuid, or None when there is no such provider"""
        if self._uuid is None:
            _status, body = self._ask(
                context, 'get', '/resource_providers?in_tree=' + self.root,
                _PROVIDERS)
            for found in body['resource_providers']:
                if found['name'] == self.name:
                    self._uuid = found['uuid']
            self.absent = self._uuid is None
        return self._uuid

    def _create(self, context):
        uuid = uuidutils.generate_uuid()
        code, _body = self._ask(
            context, 'post', '/resource_providers', _PROVIDERS,
            {'name': self.name, 'uuid': uuid,
             'parent_provider_uuid': self.root}, ok=(409,))
        if code == 409:
            raise _Again('provider %s was made by another one' % self.name)
        self._uuid, self.absent = uuid, False
        return uuid

    @_retried
    def send(self, context, inventory):
        """Make it say what the host has to give; make it, if need be.

        Nothing is made for a host that has nothing.

        :param inventory: nova.compute.usb.inventory.Inventory
        :returns: whether something stays that the host does not have any
            more, because it is allocated
        """
        uuid = self.find(context)
        if uuid is None:
            if not inventory.totals:
                return False
            uuid = self._create(context)
        wanted = self._send_inventories(context, uuid, inventory)
        self._send_traits(context, uuid, inventory.provider_traits())
        return bool(set(wanted) - set(inventory.totals))

    def _send_inventories(self, context, uuid, inventory):
        url = '/resource_providers/%s/inventories' % uuid
        code, now = self._ask(context, 'get', url, _INVENTORIES, ok=(404,))
        if code == 404:
            raise _Again('provider %s was deleted' % uuid)
        current = now['inventories']
        wanted = inventory.for_provider(
            current, self.usages(context) if current else {})
        if wanted == current:
            return wanted
        for name in sorted(set(wanted) - set(current)):
            self._ask(context, 'put', '/resource_classes/' + name, _CLASSES,
                      None)
        # 400: a class that another host has just deleted.
        code, body = self._ask(
            context, 'put', url, _INVENTORIES,
            {'resource_provider_generation':
                now['resource_provider_generation'],
             'inventories': wanted}, ok=(400, 404, 409))
        if code >= 400:
            raise _Again('inventories of %s: %s' % (uuid, body))
        for name in sorted(set(current) - set(wanted)):
            self._delete_class(context, name)
        return wanted

    def _delete_class(self, context, name):
        """Delete a class that we made, unless another host has it still."""
        if usb_inventory.is_default_class(name):
            self._ask(context, 'delete', '/resource_classes/' + name,
                      _CLASSES, ok=(404, 409))

    def _send_traits(self, context, uuid, traits):
        url = '/resource_providers/%s/traits' % uuid
        code, now = self._ask(context, 'get', url, _TRAITS, ok=(404,))
        if code == 404:
            raise _Again('provider %s was deleted' % uuid)
        if set(now['traits']) == traits:
            return
        for name in sorted(traits - set(now['traits'])):
            if name.startswith('CUSTOM_'):
                self._ask(context, 'put', '/traits/' + name, _TRAITS, None)
        code, body = self._ask(
            context, 'put', url, _TRAITS,
            {'resource_provider_generation':
                now['resource_provider_generation'],
             'traits': sorted(traits)}, ok=(404, 409))
        if code >= 400:
            raise _Again('traits of %s: %s' % (uuid, body))

    def usages(self, context):
        """:returns: dict of resource class to amount that is allocated"""
        _code, body = self._ask(
            context, 'get', '/resource_providers/%s/usages' % self._uuid,
            _INVENTORIES)
        return body['usages']

    def totals(self, context):
        """:returns: dict of resource class to amount that there is"""
        _code, body = self._ask(
            context, 'get', '/resource_providers/%s/inventories' %
            self._uuid, _INVENTORIES)
        return {name: record['total'] - record['reserved']
                for name, record in body['inventories'].items()}

    def consumers(self, context):
        """Who holds something of it.

        :returns: dict of consumer's uuid to dict of resource class to
            amount
        """
        code, body = self._ask(
            context, 'get', '/resource_providers/%s/allocations' %
            self._uuid, _ALLOCATIONS, ok=(404,))
        if code == 404:
            self._uuid = None
            return {}
        return {consumer: held['resources']
                for consumer, held in body['allocations'].items()}

    @_retried
    def allocate(self, context, consumer, wanted_of):
        """Make a consumer's allocation hold what it needs of this provider.

        All else that it holds stays.  One that holds nothing on this host
        (it is deleted, or on its way to another host) gets nothing.

        :param consumer: uuid of a server or a migration
        :param wanted_of: callable that takes what it holds (dict of
            resource class to amount) and returns what it needs
        :returns: whether it has an allocation on this host
        :raises: PlacementRefused when there is not as much as it needs
        """
        url = '/allocations/' + consumer
        _code, body = self._ask(context, 'get', url, _ALLOCATIONS)
        allocations = body['allocations']
        uuid = self.find(context)
        if uuid is None or not {uuid, self.root} & set(allocations):
            return False
        holds = allocations.pop(uuid, {}).get('resources', {})
        needs = {name: amount for name, amount in wanted_of(holds).items()
                 if amount}
        if needs == holds:
            return True
        if needs:
            allocations[uuid] = {'resources': needs}
        # Generations of providers are Placement's business.
        body['allocations'] = {
            provider: {'resources': held['resources']}
            for provider, held in allocations.items()}
        code, answer = self._ask(
            context, 'put', url, _ALLOCATIONS, body, ok=(409,))
        if code == 409:
            error = answer['errors'][0]
            if error.get('code') == 'placement.concurrent_update':
                raise _Again(error['detail'])
            raise PlacementRefused(reason=error['detail'])
        return True

    def delete(self, context):
        """Delete it, with all that is allocated of it.

        :returns: whether there was one
        """
        uuid = self.find(context)
        if uuid is None:
            return False
        for consumer in self.consumers(context):
            self.allocate(context, consumer, lambda holds: {})
        self.send(context, usb_inventory.Inventory.nothing())
        self._ask(context, 'delete', '/resource_providers/' + uuid,
                  _PROVIDERS, ok=(404,))
        self._uuid = None
        return True
