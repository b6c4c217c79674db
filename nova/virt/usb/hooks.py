# SPDX-License-Identifier: Apache-2.0
"""What virt drivers call whatever the hypervisor, through a decorator."""

import wrapt

from nova.virt.usb import driver as usb_interface


@wrapt.decorator
def update_provider_tree(wrapped, driver, args, kwargs):
    """On ``update_provider_tree``: the USB devices, on a child provider.

    After upstream's, which replaces the inventory of the node itself.
    """
    result = wrapped(*args, **kwargs)
    usb_driver = usb_interface.existing(driver)
    if usb_driver is not None and usb_driver.inventory is not None:
        _update(usb_driver.inventory, *args, **kwargs)
    return result


def _update(inventory, provider_tree, nodename, allocations=None):
    inventory.update_tree(provider_tree, nodename)
