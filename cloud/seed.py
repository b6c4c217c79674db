# SPDX-License-Identifier: Apache-2.0
"""What a user needs for a server: flavors, an image, a network, a host."""

from cloud import errors
from cloud import sdk
from toolbox import waiting

FLAVOR = 'tiny'
# To resize to.
LARGER = 'small'
FLAVORS = {FLAVOR: {'ram': 64, 'vcpus': 1, 'disk': 1},
           LARGER: {'ram': 128, 'vcpus': 1, 'disk': 1}}
IMAGE = 'empty'
NETWORK = 'shared'
SUBNET = '10.99.0.0/24'
# The services that must report themselves up.
BINARIES = {'nova-conductor', 'nova-scheduler', 'nova-compute'}
TIMEOUT = 120


def seed(settings):
    """Make flavors, an image of zeros that nothing can boot from, a network.

    What is there already stays.

    :param settings: Settings
    :raises: CloudError when a service refuses
    """
    with sdk.explained('Flavors, image and network are made'), \
            sdk.connect(settings) as connection:
        for name, size in FLAVORS.items():
            if not connection.compute.find_flavor(name):
                connection.compute.create_flavor(name=name, **size)
        _image(connection.image)
        _network(connection.network)


def _image(glance):
    found = glance.find_image(IMAGE)
    # An interrupted start may have left one without data.
    if found and found.status == 'active':
        return
    if found:
        glance.delete_image(found)
    glance.create_image(
        IMAGE, data=bytes(65536), container_format='bare',
        disk_format='raw', visibility='public', validate_checksum=False)


def _network(neutron):
    network = neutron.find_network(NETWORK) or neutron.create_network(
        name=NETWORK, is_shared=True)
    if not list(neutron.subnets(network_id=network.id)):
        neutron.create_subnet(
            network_id=network.id, name=NETWORK, ip_version=4, cidr=SUBNET,
            gateway_ip=None, is_dhcp_enabled=False)


def wait(settings):
    """Wait until Nova's services are up and all hosts can take servers.

    :param settings: Settings
    :raises: CloudError when they are not in time
    """
    seen = {}

    def ready():
        services = list(connection.compute.services())
        seen['up'] = {entry.binary for entry in services
                      if entry.state == 'up'}
        seen['hosts'] = len(list(connection.compute.hypervisors()))
        return BINARIES <= seen['up'] and seen['hosts'] >= settings.hosts

    try:
        with sdk.explained('Nova is asked for its services'), \
                sdk.connect(settings) as connection:
            waiting.wait_for('the hosts to be up', ready, TIMEOUT, 0.2)
    except waiting.errors.TimedOut as error:
        raise errors.CloudError(
            '%s Services that are not: %s; hypervisors: %d of %d. See %s.' % (
                error, ', '.join(sorted(BINARIES - seen['up'])) or 'none',
                seen['hosts'], settings.hosts,
                settings.log('nova'))) from error
