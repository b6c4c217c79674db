# SPDX-License-Identifier: Apache-2.0
"""The options of ./run.sh."""

import argparse
import pathlib

from cloud import ports

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent


def parser():
    """:returns: argparse.ArgumentParser"""
    made = argparse.ArgumentParser(
        prog='./run.sh',
        description='A whole small cloud on this machine: Keystone, '
                    'Placement, Glance, Neutron and Nova with USB '
                    'passthrough. Needs no root; listens on loopback only. '
                    'Ctrl-C ends it.')
    made.add_argument(
        '--check', action='store_true',
        help='start a cloud of its own, do the main job with it as a user '
             'would, say what came out, end; exit status 1 if anything is '
             'not as it should be')
    _add_hypervisor(made)
    made.add_argument(
        '--port', type=int, metavar='N',
        help='the first of %d ports in a row; default: the first free ones '
             'from %d on' % (len(ports.SERVICES), ports.DEFAULT))
    made.add_argument(
        '--state', type=pathlib.Path, default=CHECKOUT / '.cloud',
        metavar='DIR',
        help='where everything is kept; default: .cloud in the checkout')
    made.add_argument(
        '--folder', type=pathlib.Path, metavar='DIR',
        help='where what the cloud stores is kept, for a second cloud on '
             'the same virtual environment; default: state, below --state')
    made.add_argument(
        '--reset', action='store_true',
        help='delete all that the cloud has stored, and end; with --all '
             'the virtual environment as well')
    made.add_argument('--all', action='store_true', help=argparse.SUPPRESS)
    return made


def _add_hypervisor(made):
    """Add the options about compute hosts to an ArgumentParser."""
    hypervisor = made.add_mutually_exclusive_group()
    hypervisor.add_argument(
        '--libvirt', action='store_true',
        help="use this machine's libvirt and its real USB devices; without "
             "it the hypervisor (Nova's fake driver) and the devices are "
             'simulated')
    hypervisor.add_argument(
        '--hosts', type=int, metavar='N', default=1, choices=(1, 2),
        help='so many simulated compute hosts, 1 or 2; with 2 servers can '
             'be moved; default: 1')


def parse():
    """:returns: the options, as argparse gives them"""
    options = parser().parse_args()
    options.state = options.state.resolve()
    options.folder = (options.folder or options.state / 'state').resolve()
    return options
