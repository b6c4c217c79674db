# SPDX-License-Identifier: Apache-2.0
"""Commands ``server … usb device``: the devices of a server."""

from __future__ import annotations

from openstack import exceptions as sdk_exceptions
from openstack import resource
from osc_lib.command import command
from osc_lib import exceptions

from novausb.osc import common
from novausb.sdk import proxy

#: Seconds that ``--wait`` waits, and between two looks.
WAIT = 600
INTERVAL = 1


def _add_server(parser):
    parser.add_argument('server', metavar='<server>',
                        help='Server (name or ID)')


def _add_device(parser, **how):
    parser.add_argument(
        'device', metavar='<device>',
        help='USB device (id, or serial number or tag where only one device '
             'has it)', **how)


class ListServerUsbDevice(command.Lister):
    """List the USB devices that a server holds."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_server(parser)
        parser.add_argument(
            '--long', action='store_true', help='List more columns')
        return parser

    def take_action(self, parsed_args):
        with common.users_words():
            client = common.compute_client(self)
            server = common.find_server_id(client, parsed_args.server)
            devices = list(client.server_usb_devices(server))
        return common.rows(devices, parsed_args.long)


class ShowServerUsbDevice(command.ShowOne):
    """Show a USB device that a server holds."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_server(parser)
        _add_device(parser)
        return parser

    def take_action(self, parsed_args):
        with common.users_words():
            client = common.compute_client(self)
            server = common.find_server_id(client, parsed_args.server)
            return common.details(client.find_server_usb_device(
                server, parsed_args.device, ignore_missing=False))


class AddServerUsbDevice(command.ShowOne):
    """Attach a USB device to a server."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_server(parser)
        _add_device(parser, nargs='?')
        parser.add_argument(
            '--kind', metavar='<vid:pid[:serial]>', type=common.kind,
            help="In place of a device: any free one of this vendor and "
                 "product on the server's host, for example 0529:0001; with "
                 "a serial number, that one")
        parser.add_argument(
            '--tag', metavar='<tag>',
            help='What to call it while the server has it')
        parser.add_argument(
            '--wait', action='store_true',
            help='Wait until the server has it')
        return parser

    def take_action(self, parsed_args):
        if bool(parsed_args.device) == bool(parsed_args.kind):
            raise exceptions.CommandError(
                'Give either a device or --kind.')
        with common.users_words():
            client = common.compute_client(self)
            server = common.find_server_id(client, parsed_args.server)
            wanted = dict(parsed_args.kind or {})
            if parsed_args.device:
                wanted['device'] = self._id(client, parsed_args.device)
            if parsed_args.tag is not None:
                wanted['tag'] = parsed_args.tag
            device = client.attach_usb_device(server, **wanted)
            if parsed_args.wait:
                # Gone from the server is failed: it then answers 404.
                device = resource.wait_for_status(
                    client, device, 'attached', ['available', 'blocked'],
                    INTERVAL, WAIT)
        return common.details(device)

    @staticmethod
    def _id(client, name):
        # The server says of an id what is the matter with it.
        if proxy.is_uuid(name):
            return name
        return client.find_usb_device(name, ignore_missing=False).id


class RemoveServerUsbDevice(command.Command):
    """Detach a USB device from a server."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_server(parser)
        _add_device(parser)
        parser.add_argument(
            '--wait', action='store_true',
            help='Wait until the server has let go of it')
        return parser

    def take_action(self, parsed_args):
        with common.users_words():
            client = common.compute_client(self)
            server = common.find_server_id(client, parsed_args.server)
            device = client.find_server_usb_device(
                server, parsed_args.device, ignore_missing=False)
            client.detach_usb_device(server, device, ignore_missing=False)
            if parsed_args.wait:
                self._wait(client, device)

    @staticmethod
    def _wait(client, device):
        try:
            resource.wait_for_delete(client, device, INTERVAL, WAIT)
        except sdk_exceptions.ResourceTimeout as error:
            raise exceptions.CommandError(
                'The server has not let go of USB device %s after %d '
                'seconds.' % (device.id, WAIT)) from error
