# SPDX-License-Identifier: Apache-2.0
"""What upstream's tests list, completed by what the fork adds.

Some tests of Nova's compare everything there is (objects, policies, tables)
with a list of their own, and one test case lists, by replacing it, what a
call may read from the database. The seams marked `test` in graft/seams.py
put these functions there, so that the same tests hold our part, too.
"""

from unittest import mock

import fixtures
import sqlalchemy as sa
import wrapt

from nova.db.usb import models
from nova.policies import usb_devices

#: Fingerprints of the versioned objects: a change of fields or remotable
#: methods changes them, and needs a new VERSION before the new value is
#: written here.
OBJECTS = {
    'UsbDevice': '1.1-41828d5e7e00fefe5e61b93c5b0b2091',
    'UsbDeviceList': '1.1-39cb1b583afe7221afb99ab61c8b8dd3',
}


def add_objects(object_data):
    """Complete upstream's table of objects and fingerprints."""
    object_data.update(OBJECTS)


def _rules(check_str):
    return tuple(rule.name for rule in usb_devices.list_rules()
                 if rule.check_str == check_str)


@wrapt.decorator
def with_policies(wrapped, instance, args, kwargs):
    """Complete the lists of rules of a test case; on its setUp().

    Upstream tests the rules as it does its own: nobody but the admin passes
    the first, nobody but the owner and the admin the second.
    """
    wrapped(*args, **kwargs)
    instance.admin_only_rules += _rules(usb_devices.ADMIN)
    instance.admin_or_owner_rules += (
        _rules(usb_devices.PROJECT_MEMBER_OR_ADMIN) +
        _rules(usb_devices.PROJECT_READER_OR_ADMIN))


@wrapt.decorator
def without_tables(wrapped, instance, args, kwargs):
    """Hide our tables from a test that wants a shadow of each table.

    Ours have none: archiving copies rows that were soft-deleted, and a USB
    device is either there or it is not.
    """
    reflect = sa.MetaData.reflect

    def reflect_others(metadata, *args, **kwargs):
        kwargs.setdefault('only', lambda name, _: name not in models.TABLES)
        return reflect(metadata, *args, **kwargs)

    with mock.patch.object(sa.MetaData, 'reflect', reflect_others):
        return wrapped(*args, **kwargs)


@wrapt.decorator
def without_devices(wrapped, instance, args, kwargs):
    """Let the servers of a test case have no devices; on its setUp().

    The API asks for them before a live migration, and the case has no
    database: its setUp() answers upstream's questions of this kind (shares,
    extended resources) with a No in the same way.
    """
    wrapped(*args, **kwargs)
    instance.useFixture(fixtures.MonkeyPatch(
        'nova.objects.usb_device.UsbDeviceList.get_by_instance_uuid',
        mock.Mock(return_value=[])))
