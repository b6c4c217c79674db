# SPDX-License-Identifier: Apache-2.0
"""Which devices a shelved server had, in its system metadata.

One key for each device, as a value has room for 255 characters, which
SQLite does not check but MySQL and PostgreSQL do.  The value says how the
server came by the device.
"""

from oslo_serialization import jsonutils

#: What the keys begin with; the uuid of the device follows.
PREFIX = 'usb_device_'

#: Values: granted to the project of the server, or attached by hand.
GRANTED = 'granted'
BY_HAND = 'by_hand'

#: The one key that versions before 1.1 of UsbDevice wrote: a JSON list.
OLD_KEY = 'usb_devices'


def put(instance, devices):
    """Note the devices that the server has, and no others.

    The caller saves the instance.

    :param instance: Instance with its system_metadata
    :param devices: UsbDevices that the server holds
    """
    clear(instance)
    for device in devices:
        instance.system_metadata[PREFIX + device.uuid] = (
            BY_HAND if device.claim_project_id is None else GRANTED)


def read(instance):
    """What was noted.

    :returns: dict of the uuid of a device to whether it was attached by hand
    """
    metadata = instance.system_metadata
    # What was noted there was not said to be by hand.
    found = dict.fromkeys(jsonutils.loads(metadata.get(OLD_KEY, '[]')), False)
    found.update((key[len(PREFIX):], value == BY_HAND)
                 for key, value in metadata.items()
                 if key.startswith(PREFIX))
    return found


def clear(instance):
    """Forget what was noted; the caller saves the instance."""
    for key in list(instance.system_metadata):
        if key == OLD_KEY or key.startswith(PREFIX):
            del instance.system_metadata[key]
