# SPDX-License-Identifier: Apache-2.0
"""Commands ``usb device …``: the devices of the cloud."""

from __future__ import annotations

import argparse
import itertools
import logging
import typing

from openstack import exceptions as sdk_exceptions
from openstackclient.identity import common as identity_common
from osc_lib.command import command
from osc_lib import exceptions

from novausb.osc import common
from novausb import sdk

LOG = logging.getLogger(__name__)

STATUSES = ('attached', 'attaching', 'available', 'blocked', 'detaching')
# (option, what it filters by, help)
_FILTERS = (
    ('--host', 'host',
     'Only devices of this compute host (administrators only)'),
    ('--vendor-id', 'vendor_id',
     'Only devices of this vendor: four hexadecimal digits'),
    ('--product-id', 'product_id',
     'Only devices of this product: four hexadecimal digits'),
    ('--serial', 'serial', 'Only devices with this serial number'),
)


def _add_device(parser: argparse.ArgumentParser, **how: typing.Any) -> None:
    parser.add_argument(
        'device', metavar='<device>',
        help='USB device (id, or serial number or tag where only one device '
             'has it; also a description)', **how)


def sort_keys(text: str) -> dict[str, list[str]]:
    """Read ``key[:direction],…``.

    :returns: the parameters of the API
    :raises: ArgumentTypeError
    """
    keys, directions = [], []
    for part in text.split(','):
        key, _colon, direction = part.partition(':')
        if not key or direction not in ('', 'asc', 'desc'):
            raise argparse.ArgumentTypeError(
                "'%s' is no sort order: give <key>[:asc|:desc], several of "
                "them with commas between." % text)
        keys.append(key)
        directions.append(direction or 'asc')
    return {'sort_key': keys, 'sort_dir': directions}


def _find_id(client: sdk.Proxy, name: str) -> str:
    device = client.find_usb_device(name, ignore_missing=False)
    # It would have been raised: for type checkers.
    assert device is not None
    return device.id


class ListUsbDevice(command.Lister):
    """List USB devices: the project's, or for administrators all."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        for option, _field, text in _FILTERS:
            parser.add_argument(option, metavar='<%s>' % option[2:],
                                help=text)
        parser.add_argument(
            '--status', choices=STATUSES, help='Only devices in this status')
        present = parser.add_mutually_exclusive_group()
        present.add_argument(
            '--present', action='store_true', default=None,
            help='Only devices that are plugged in')
        present.add_argument(
            '--absent', action='store_false', dest='present',
            help='Only devices that are not plugged in')
        parser.add_argument(
            '--server', metavar='<server>',
            help='Only devices that this server holds (name or ID)')
        parser.add_argument(
            '--project', metavar='<project>',
            help='Only devices that were granted to this project (name or '
                 'ID; administrators only)')
        identity_common.add_project_domain_option_to_parser(parser)
        parser.add_argument(
            '--long', action='store_true', help='List more columns')
        parser.add_argument(
            '--limit', metavar='<limit>', type=common.at_least_one,
            help='List this many devices at most')
        parser.add_argument(
            '--marker', metavar='<device>',
            help='Begin after this device: the last one of the list before '
                 '(id)')
        parser.add_argument(
            '--sort', metavar='<key>[:<direction>]', type=sort_keys,
            help='Sort by this, in direction asc (the default) or desc: '
                 'created_at, id, product_id, status or vendor_id; for '
                 'administrators also host or port_path; several with '
                 'commas between')
        return parser

    def take_action(self, parsed_args):
        with common.users_words():
            client = common.compute_client(self)
            query = self._query(client, parsed_args)
            try:
                devices = list(itertools.islice(
                    client.usb_devices(**query), parsed_args.limit))
            except sdk_exceptions.NotFoundException as error:
                raise exceptions.CommandError(
                    'The compute service of this cloud does not know USB '
                    'devices: %s (HTTP 404)' % error.details) from error
        return common.rows(devices, parsed_args.long)

    def _query(self, client, parsed_args):
        query = {field: getattr(parsed_args, field)
                 for _option, field, _text in _FILTERS}
        query.update(status=parsed_args.status, present=parsed_args.present,
                     limit=parsed_args.limit, marker=parsed_args.marker)
        query.update(parsed_args.sort or {})
        if parsed_args.server:
            query['instance_uuid'] = common.find_server_id(
                client, parsed_args.server)
        if parsed_args.project:
            query['project_id'] = common.find_project_id(
                self, parsed_args.project, parsed_args.project_domain)
        return {name: value for name, value in query.items()
                if value is not None}


class ShowUsbDevice(command.ShowOne):
    """Show a USB device."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_device(parser)
        return parser

    def take_action(self, parsed_args):
        with common.users_words():
            client = common.compute_client(self)
            return common.details(client.find_usb_device(
                parsed_args.device, ignore_missing=False))


class SetUsbDevice(command.Command):
    """Grant a USB device to a project, hold it back, or describe it."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_device(parser)
        project = parser.add_mutually_exclusive_group()
        project.add_argument(
            '--project', metavar='<project>',
            help='Grant it to this project (name or ID)')
        project.add_argument(
            '--no-project', action='store_true',
            help='Take the grant back; a server that holds the device keeps '
                 'it for now')
        identity_common.add_project_domain_option_to_parser(parser)
        parser.add_argument(
            '--detach', action='store_true',
            help='With --project or --no-project: take it at once from a '
                 'server of a project that it is not granted to any more')
        disabled = parser.add_mutually_exclusive_group()
        disabled.add_argument(
            '--disable', action='store_true', dest='disabled', default=None,
            help='Hold it back: no server gets it')
        disabled.add_argument(
            '--enable', action='store_false', dest='disabled',
            help='Offer it again')
        description = parser.add_mutually_exclusive_group()
        description.add_argument(
            '--description', metavar='<description>',
            help='Describe it: where it is, whose it is, what it is for')
        description.add_argument(
            '--no-description', action='store_true',
            help='Remove the description')
        return parser

    def take_action(self, parsed_args):
        with common.users_words():
            client = common.compute_client(self)
            changes = self._changes(parsed_args)
            client.update_usb_device(
                _find_id(client, parsed_args.device), **changes)

    def _changes(self, parsed_args):
        changes = {}
        if parsed_args.project:
            changes['project_id'] = common.find_project_id(
                self, parsed_args.project, parsed_args.project_domain)
        elif parsed_args.no_project:
            changes['project_id'] = None
        if parsed_args.detach:
            if not changes:
                raise exceptions.CommandError(
                    '--detach goes with --project or --no-project. To '
                    'detach a device without changing the grant: openstack '
                    'server remove usb device.')
            changes['detach'] = True
        if parsed_args.disabled is not None:
            changes['disabled'] = parsed_args.disabled
        if parsed_args.description is not None:
            changes['description'] = parsed_args.description
        elif parsed_args.no_description:
            changes['description'] = None
        if not changes:
            raise exceptions.CommandError(
                'Nothing to change: give at least one of --project, '
                '--no-project, --disable, --enable, --description and '
                '--no-description.')
        return changes


class RescanUsbDevice(command.Command):
    """Have the compute host of a USB device scan its devices now."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_device(parser)
        return parser

    def take_action(self, parsed_args):
        with common.users_words():
            client = common.compute_client(self)
            client.rescan_usb_device(_find_id(client, parsed_args.device))


class ReleaseUsbDevice(command.Command):
    """Free a USB device from a server that cannot let go of it.

    For a device whose server is gone or on another host, whose host is
    down, or which is not plugged in. Where the server has the device in
    good order, use "server remove usb device".
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_device(parser)
        return parser

    def take_action(self, parsed_args):
        with common.users_words():
            client = common.compute_client(self)
            client.release_usb_device(_find_id(client, parsed_args.device))


class DeleteUsbDevice(command.Command):
    """Delete the records of USB devices that are not plugged in."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_device(parser, nargs='+')
        return parser

    def take_action(self, parsed_args):
        client = common.compute_client(self)
        failed = 0
        for name in parsed_args.device:
            try:
                with common.users_words():
                    client.delete_usb_device(
                        _find_id(client, name), ignore_missing=False)
            except exceptions.CommandError as error:
                failed += 1
                LOG.error("Failed to delete the USB device '%s': %s",
                          name, error)
        if failed:
            raise exceptions.CommandError(
                '%d of %d USB devices failed to delete.'
                % (failed, len(parsed_args.device)))
