# SPDX-License-Identifier: Apache-2.0
"""SIMULATION of the compute hosts: Nova's fake driver, with a memory.

A hypervisor keeps running its servers while nova-compute restarts; the fake
driver has them in memory only, and lets several hosts of one process have
the same identity.
"""

import sys
import uuid

from nova.compute import power_state
import nova.conf
from nova import context
from nova import objects
from nova.virt import fake

CONF = nova.conf.CONF
# Nova takes drivers from its own package alone.
sys.modules['nova.virt.' + __name__] = sys.modules[__name__]


class SimulatedDriver(fake.FakeDriverWithoutFakeNodes):
    """The host that nova.conf names has the identity of this installation.

    A further one has an identity that follows from its name.
    """

    def _uuid(self):
        node, = self.get_available_nodes()
        if node == CONF.host:
            found, = super().get_nodenames_by_uuid()
            return found
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, node))

    def get_available_resource(self, nodename):
        """See nova.virt.driver.ComputeDriver."""
        resources = super().get_available_resource(nodename)
        return dict(resources, uuid=self._uuid())

    def get_nodenames_by_uuid(self, refresh=False):
        """See nova.virt.driver.ComputeDriver."""
        node, = self.get_available_nodes()
        return {self._uuid(): node}


def remember(service):
    """Give the fake driver the servers that its host had.

    :param service: a nova.service.Service that has not started; anything
        but nova-compute with the fake driver is left alone
    """
    driver = getattr(service.manager, 'driver', None)
    if not isinstance(driver, fake.FakeDriver):
        return
    admin = context.get_admin_context()
    for instance in objects.InstanceList.get_by_host(
            admin, service.host, expected_attrs=['flavor']):
        if instance.power_state in (power_state.RUNNING,
                                    power_state.PAUSED):
            driver.spawn(admin, instance, None, [], None, None)
