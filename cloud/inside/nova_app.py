# SPDX-License-Identifier: Apache-2.0
"""All of Nova in this process, as a WSGI application.

Each service is the real one, made by the same calls as in nova's own
commands; only the launcher that would fork it is left out.  They share the
process since the bus between them is in memory.
"""

import os
import shlex
import threading

# Sets threads up and reads the configuration; must be the first of Nova.
from nova.wsgi.osapi_compute import application  # noqa: F401

# isort: split
from nova.compute import rpcapi as compute_rpcapi
from nova.conductor import rpcapi as conductor_rpcapi
import nova.conf
from nova import context
from nova import objects
from nova.objects import host_mapping
from nova.scheduler import rpcapi as scheduler_rpcapi
from nova import service
from nova import utils
import os_brick
import os_vif
from oslo_log import log as logging
from oslo_privsep import priv_context
import simulated_hypervisor

LOG = logging.getLogger(__name__)
# In this order: each needs those before it.  nova-compute serves a second
# topic, on which moves of a server and external events arrive; without it
# a resize waits for ever in resize_prep.
SERVICES = (
    {'binary': 'nova-conductor', 'topic': conductor_rpcapi.RPC_TOPIC},
    {'binary': 'nova-scheduler', 'topic': scheduler_rpcapi.RPC_TOPIC},
)
COMPUTE = {'binary': 'nova-compute', 'topic': compute_rpcapi.RPC_TOPIC,
           'topic_alt': compute_rpcapi.RPC_TOPIC_ALT}
# Names of the simulated compute hosts; without any there is one, which is
# called as nova.conf or else the machine says.
HOSTS = os.environ.get('CLOUD_HOSTS', '').split(',')
# Seconds for a service to stop.
STOP_TIMEOUT = 6

_running = []


def start():
    """Start the services and put the compute host into its cell."""
    objects.Service.enable_min_version_cache()
    priv_context.init(root_helper=shlex.split(utils.get_root_helper()))
    os_brick.setup(nova.conf.CONF)
    os_vif.initialize()
    computes = tuple(dict(COMPUTE, host=host or None) for host in HOSTS)
    for arguments in SERVICES + computes:
        made = service.Service.create(**arguments)
        simulated_hypervisor.remember(made)
        made.start()
        _running.append(made)
    found = host_mapping.discover_hosts(context.get_admin_context())
    LOG.info('New compute hosts: %s', [mapping.host for mapping in found])


def stop():
    """Stop the services, the youngest first."""
    for running in reversed(_running):
        thread = threading.Thread(target=running.stop, daemon=True)
        thread.start()
        thread.join(STOP_TIMEOUT)


start()
