# SPDX-License-Identifier: Apache-2.0
"""Let Nova's fake driver know its servers again after a restart.

A hypervisor keeps running its servers while nova-compute restarts; the fake
driver has them in memory only.
"""

from nova.compute import power_state
from nova import context
from nova import objects
from nova.virt import fake


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
