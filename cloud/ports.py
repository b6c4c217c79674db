# SPDX-License-Identifier: Apache-2.0
"""TCP ports on loopback: which block of them the services get."""

import socket

from cloud import errors

HOST = '127.0.0.1'
# In this order, from the first port on; with the default Nova and its
# metadata service are where they are everywhere, at 8774 and 8775.
SERVICES = ('keystone', 'placement', 'glance', 'neutron', 'nova',
            'metadata')
DEFAULT = 8770
STEP = 10
BLOCKS = 30


def is_free(port):
    """Whether nothing listens at a port of loopback.

    :param port: a TCP port number
    :returns: bool
    """
    with socket.socket() as probe:
        # Connections of a cloud that has just ended linger in TIME_WAIT;
        # they do not keep a server from listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def block(first):
    """The services' ports when the first of them is given.

    :param first: a TCP port number
    :returns: dict of service name to port
    """
    return {name: first + n for n, name in enumerate(SERVICES)}


def taken(first, free=is_free):
    """Which services would find their port in use.

    :param first: a TCP port number
    :param free: says whether a port is free
    :returns: list of "service (port)", empty when all are free
    """
    return ['%s (%d)' % (name, port)
            for name, port in block(first).items() if not free(port)]


def choose(wanted=None, last=None, free=is_free):
    """The ports to use.

    :param wanted: the first port as the user asked for it, or None
    :param last: the first port of the previous start, or None
    :param free: says whether a port is free
    :returns: dict of service name to port
    :raises: CloudError when the wanted ones are in use or none is free
    """
    if wanted is not None:
        if not 1024 <= wanted <= 65535 - len(SERVICES):
            raise errors.CloudError(
                'Port %d cannot be used: the first of the %d ports must be '
                'between 1024 and %d.' % (wanted, len(SERVICES),
                                          65535 - len(SERVICES)))
        busy = taken(wanted, free)
        if busy:
            raise errors.CloudError(
                'Something listens already at the port of: %s. Stop it, or '
                'choose another first port: --port N uses N to N+%d.'
                % (', '.join(busy), len(SERVICES) - 1))
        return block(wanted)
    tried = [DEFAULT + STEP * n for n in range(BLOCKS)]
    for first in ([last] if last else []) + tried:
        if not taken(first, free):
            return block(first)
    raise errors.CloudError(
        'Found no %d free ports in a row between %d and %d. Choose the '
        'first: --port N.' % (len(SERVICES), tried[0], tried[-1] + STEP))
