# SPDX-License-Identifier: Apache-2.0
"""What is printed when the cloud is up: where it is, what to type next."""

import shlex

from cloud import seed
from cloud import simulation

TEXT = """
The cloud is up ({seconds:.0f} s).  Compute API: {url}
{hypervisor}

With the openstack command:

    export OS_CLIENT_CONFIG_FILE={clouds}
    export PATH={path}:$PATH
    openstack --os-cloud admin compute service list
    openstack --os-cloud member server create --flavor {flavor} \\
        --image {image} --network {network} --wait my-server

With curl, as the admin; grant a device to a project, then as a member of
that project (--os-cloud member) attach it:

    TOKEN=$(openstack --os-cloud admin token issue -f value -c id)
    curl -s -H "X-Auth-Token: $TOKEN" {url}/os-usb-devices
    PROJECT=$(openstack --os-cloud member token issue -f value -c project_id)
    curl -s -H "X-Auth-Token: $TOKEN" -H "Content-Type: application/json" \\
        -X PUT {url}/os-usb-devices/DEVICE \\
        -d '{{"usb_device": {{"project_id": "'$PROJECT'"}}}}'

    TOKEN=$(openstack --os-cloud member token issue -f value -c id)
    curl -s -H "X-Auth-Token: $TOKEN" -H "Content-Type: application/json" \\
        -X POST {url}/servers/SERVER/os-usb-devices \\
        -d '{{"usb_device": {{"id": "DEVICE"}}}}'

In clouds.yaml: admin, member (of project alpha), reader and other (a reader
and a member of project beta).  Logs: {logs}
Options of your own for Nova: {own}
Ctrl-C ends the cloud; what it stored stays until ./run.sh --reset.
"""

SIMULATED = """\
Compute and its USB devices are SIMULATED (hosts: {hosts}); to plug and
unplug, edit {devices}"""


def text(settings, seconds):
    """What to tell the user.

    :param settings: Settings
    :param seconds: how long the start took
    :returns: str
    """
    if settings.libvirt:
        hypervisor = ("Compute host: this machine's libvirt (%s) and its "
                      'USB devices.' % settings.virt_type)
    else:
        hypervisor = SIMULATED.format(
            hosts=', '.join(simulation.HOSTS[:settings.hosts]),
            devices=settings.simulated_devices)
    return TEXT.format(
        seconds=seconds, hypervisor=hypervisor,
        url=settings.url('nova', '/v2.1'),
        clouds=shlex.quote(str(settings.clouds_yaml)),
        path=shlex.quote(str(settings.venv / 'bin')),
        flavor=seed.FLAVOR, image=seed.IMAGE, network=seed.NETWORK,
        logs=settings.state / 'log', own=settings.own_nova_conf)
