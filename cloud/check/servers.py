# SPDX-License-Identifier: Apache-2.0
"""The steps of the check that are about servers alone."""

import hashlib
import hmac

import requests

from cloud.check.scene import expect
from cloud.check.scene import same
from cloud import seed
from cloud import servers
from cloud import settings as settings_module


def _host(scene, server):
    return scene.admin.compute.get_server(server).compute_host


def resize(scene):
    """Uses the second topic of nova-compute's; see inside/nova_app.py."""
    member = scene.member
    server = servers.boot(member, 'resized')
    before = _host(scene, server)
    flavor = member.compute.find_flavor(seed.LARGER, ignore_missing=False)
    member.compute.resize_server(server, flavor.id)
    servers.wait(member, server, 'VERIFY_RESIZE')
    member.compute.confirm_server_resize(server)
    server = servers.wait(member, server, 'ACTIVE')
    same("The resized server's memory", server.flavor.ram,
         seed.FLAVORS[seed.LARGER]['ram'])
    after = _host(scene, server)
    same('Whether it moved', after != before, scene.settings.hosts > 1)
    servers.delete(member, server)
    return 'the member resizes a server, from %s to %s' % (before, after)


def network(scene):
    member = scene.member
    server = servers.boot(member, 'networked', seed.NETWORK)
    port, = member.network.ports(device_id=server.id)
    same('The status of its port', port.status, 'ACTIVE')
    addresses = [one['addr'] for one in server.addresses[seed.NETWORK]]
    same("The server's addresses", addresses,
         [fixed['ip_address'] for fixed in port.fixed_ips])
    servers.delete(member, server)
    same('Ports after the server is deleted',
         list(member.network.ports(device_id=server.id)), [])
    return 'a server gets %s in the network "%s"' % (
        addresses[0], seed.NETWORK)


def metadata(scene):
    """Ask as Neutron's proxy would, on behalf of a server."""
    server = servers.boot(scene.member, 'metadata')
    secret = scene.settings.passwords[settings_module.METADATA]
    signature = hmac.new(secret.encode(), server.id.encode(),
                         hashlib.sha256).hexdigest()
    headers = {'X-Instance-ID': server.id,
               'X-Tenant-ID': scene.member.current_project_id,
               'X-Instance-ID-Signature': signature,
               'X-Forwarded-For': '10.99.0.2'}
    url = scene.settings.url('metadata', '/openstack/latest/meta_data.json')
    shown = expect(requests.get(url, headers=headers, timeout=60), 200)
    same('The uuid in the metadata', shown['uuid'], server.id)
    headers['X-Instance-ID-Signature'] = '0' * len(signature)
    expect(requests.get(url, headers=headers, timeout=60), 403)
    servers.delete(scene.member, server)
    return "the metadata service tells a server's name, and checks who asks"
