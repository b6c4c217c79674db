# SPDX-License-Identifier: Apache-2.0
"""Servers, as a user makes and deletes them."""

from cloud import seed
from toolbox import waiting

TIMEOUT = 120
INTERVAL = 0.5


def boot(connection, name, network=None):
    """Boot a server and wait until it is active.

    :param connection: openstack.connection.Connection of its owner
    :param name: its name
    :param network: name of a network, None for a server without
    :returns: openstack.compute.v2.server.Server
    :raises: openstack.exceptions.SDKException when it does not become active
    """
    networks = 'none'
    if network:
        found = connection.network.find_network(network,
                                                ignore_missing=False)
        networks = [{'uuid': found.id}]
    compute = connection.compute
    flavor = compute.find_flavor(seed.FLAVOR, ignore_missing=False)
    image = connection.image.find_image(seed.IMAGE, ignore_missing=False)
    server = compute.create_server(
        name=name, flavor_id=flavor.id, image_id=image.id,
        networks=networks)
    return wait(connection, server, 'ACTIVE')


def wait(connection, server, status):
    """Wait for a status; parameters as above.

    :returns: openstack.compute.v2.server.Server
    :raises: openstack.exceptions.SDKException, with ERROR or in time
    """
    return connection.compute.wait_for_server(
        server, status=status, interval=INTERVAL, wait=TIMEOUT)


def delete(connection, server):
    """Delete a server and wait until it is gone.

    :param connection: openstack.connection.Connection of its owner
    :param server: openstack.compute.v2.server.Server
    :raises: openstack.exceptions.SDKException when that is refused, TimedOut
    """
    connection.compute.delete_server(server, ignore_missing=False)
    # openstacksdk's own wait ends as soon as the server is shown as DELETED,
    # which is before Nova lets go of what the server had.
    waiting.wait_for(
        'server %s to be gone' % server.id,
        lambda: connection.compute.get(
            '/servers/' + server.id).status_code == 404, TIMEOUT, INTERVAL)
