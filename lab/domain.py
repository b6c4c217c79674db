# SPDX-License-Identifier: Apache-2.0
"""What libvirt, in the emulated host, has of a server."""

from xml.etree import ElementTree


def addresses(xml):
    """The USB devices of the host in a domain's XML.

    :returns: sorted list of (bus, device number)
    """
    found = []
    for source in ElementTree.fromstring(xml).findall(
            "./devices/hostdev[@type='usb']/source/address"):
        found.append((int(source.get('bus')), int(source.get('device'))))
    return sorted(found)


def live(channel, server_id):
    """The addresses of what the running domain has."""
    return addresses(channel.run('virsh', 'dumpxml', server_id))


def persistent(channel, server_id):
    """The addresses in the definition for the next start."""
    return addresses(channel.run('virsh', 'dumpxml', '--inactive',
                                 server_id))
