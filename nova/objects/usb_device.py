# SPDX-License-Identifier: Apache-2.0
"""USB devices as versioned objects.

What nova-compute and nova-api work with; on nova-compute every method that
touches the database runs on the conductor.  The verbs that change whose a
device is (:meth:`UsbDevice.claim` and the following) are one conditional
UPDATE each, so they need no lock, and an object that is out of date can do
no harm: it gets an exception that says what is the case instead.
"""

from oslo_utils import versionutils

from nova.db.usb import api as usb_db
from nova.db.usb import claims
from nova.db.usb import report as usb_report
from nova import exception
from nova.objects import base
from nova.objects import fields
from nova.usb import devspec
from nova.usb import status
from nova.usb import tracker
from nova import usb_compat

#: What an administrator may say of a device; all that ``save`` stores.
ADMIN_FIELDS = frozenset(['project_id', 'disabled', 'description'])

#: The fields that came with a version, for those that do not know it.
ADDED_FIELDS = {
    (1, 1): ('absent_since', 'claim_project_id', 'description', 'bcd_device',
             'accepted_as'),
}


@base.NovaObjectRegistry.register
class UsbDevice(base.NovaTimestampObject, base.NovaObject):
    """The cloud's record of one USB device."""

    # Version 1.0: Initial version
    # Version 1.1: Added absent_since, claim_project_id, description,
    #              bcd_device and accepted_as; force_release() wants the
    #              owner and the state judged
    VERSION = '1.1'

    fields = {
        'id': fields.IntegerField(read_only=True),
        'uuid': fields.UUIDField(read_only=True),
        'host': fields.StringField(),
        'identity': fields.StringField(),
        'vendor_id': fields.StringField(),
        'product_id': fields.StringField(),
        'serial': fields.StringField(nullable=True),
        'manufacturer': fields.StringField(nullable=True),
        'product': fields.StringField(nullable=True),
        'device_class': fields.StringField(),
        'interface_classes': fields.ListOfStringsField(),
        'speed': fields.StringField(nullable=True),
        'port_path': fields.StringField(),
        'bus_number': fields.IntegerField(),
        'device_number': fields.IntegerField(),
        'controller': fields.StringField(nullable=True),
        'present': fields.BooleanField(),
        'absent_since': fields.DateTimeField(nullable=True),
        'status': fields.EnumField(valid_values=status.ALL),
        'blocked_reason': fields.StringField(nullable=True),
        'instance_uuid': fields.UUIDField(nullable=True),
        'tag': fields.StringField(nullable=True),
        'claim_project_id': fields.StringField(nullable=True),
        'project_id': fields.StringField(nullable=True),
        'disabled': fields.BooleanField(default=False),
        'description': fields.StringField(nullable=True),
        'resource_class': fields.StringField(nullable=True),
        'bcd_device': fields.StringField(nullable=True, default=None),
        'accepted_as': fields.StringField(nullable=True, default=None),
    }

    def obj_make_compatible(self, primitive, target_version):
        super(UsbDevice, self).obj_make_compatible(primitive, target_version)
        target = versionutils.convert_version_to_tuple(target_version)
        for version, names in ADDED_FIELDS.items():
            if target < version:
                for name in names:
                    primitive.pop(name, None)

    @classmethod
    def from_row(cls, context, row):
        """The object of a row of the database."""
        return cls._from_db_object(context, cls(context), row)

    @classmethod
    def from_sighting(cls, context, host, sighting):
        """What :meth:`UsbDeviceList.report` takes: a device that was seen.

        :param sighting: nova.usb.tracker.Sighting
        """
        seen = cls(context, host=host, identity=sighting.identity,
                   present=True,
                   blocked_reason=sighting.decision.blocked_reason,
                   resource_class=sighting.decision.resource_class)
        for name in tracker.DEVICE_FIELDS:
            setattr(seen, name, getattr(sighting.device, name))
        return seen

    @staticmethod
    def _from_db_object(context, device, row):
        for name in device.fields:
            setattr(device, name, row[name])
        device._context = context
        device.obj_reset_changes()
        return device

    def _refresh(self, row):
        """Take over what the database has now."""
        self._from_db_object(self._context, self, row)

    @usb_compat.remotable_classmethod
    def get_by_uuid(cls, context, device_uuid):
        """:raises: UsbDeviceNotFound"""
        return cls.from_row(
            context, usb_db.device_get_by_uuid(context, device_uuid))

    @base.remotable
    def claim(self, instance_uuid, tag=None):
        """Give the free device to a server: available -> attaching.

        It must be granted to the same project as when this object was read,
        so that a check of the grant holds.

        :param tag: what the server's project calls it, or None
        :raises: UsbDeviceNotFound, UsbDeviceInUse, UsbDeviceDisabled,
            UsbDeviceBlocked, UsbDeviceAbsent, UsbDeviceChanged
        """
        self._refresh(claims.device_claim(
            self._context, self.uuid, instance_uuid, tag,
            project_id=self.project_id))

    def _move(self, verb):
        self._refresh(claims.device_move(
            self._context, self.uuid, self.instance_uuid, verb))

    @base.remotable
    def finish_attach(self):
        """The server has it: attaching -> attached.

        :raises: UsbDeviceNotFound, UsbDeviceClaimLost, UsbDeviceNotAttached;
            UsbGrantChanged where it is not granted as it was when it was
            claimed
        """
        self._move('finish_attach')

    @base.remotable
    def keep(self):
        """The guest may have it, whatever is granted: attaching -> attached.

        :raises: as ``begin_detach``
        """
        self._move('keep')

    @base.remotable
    def begin_detach(self):
        """It is being taken from the server: attached -> detaching.

        :raises: UsbDeviceNotFound, UsbDeviceClaimLost, UsbDeviceNotAttached
        """
        self._move('begin_detach')

    @base.remotable
    def abort_detach(self):
        """The server keeps it: detaching -> attached.

        :raises: as ``begin_detach``
        """
        self._move('abort_detach')

    @base.remotable
    def release(self, from_statuses=status.CLAIMED):
        """Take the device from its server; it is nobody's then.

        :param from_statuses: the states from which that may be done
        :raises: as ``begin_detach``
        """
        self._refresh(claims.device_release(
            self._context, self.uuid, self.instance_uuid, from_statuses))

    @base.remotable
    def force_release(self):
        """Take the device from the server that this object says has it.

        :raises: UsbDeviceNotFound, UsbDeviceNotClaimed; UsbDeviceChanged
            where its server or its state is another one by now
        """
        self._refresh(claims.device_force_release(
            self._context, self.uuid, self.instance_uuid, self.status))

    @base.remotable
    def save(self):
        """Store what an administrator changed: ADMIN_FIELDS.

        A free device that is disabled becomes blocked, and the other way
        round; a server keeps a device that is disabled.

        :raises: UsbDeviceNotFound; ObjectActionError for any other field
        """
        changes = self.obj_get_changes()
        wrong = sorted(set(changes) - ADMIN_FIELDS)
        if wrong:
            raise exception.ObjectActionError(
                action='save', reason='%s cannot be set' % ', '.join(wrong))
        self._refresh(claims.device_update(
            self._context, self.uuid, changes))

    @base.remotable
    def forget(self):
        """Delete the record of a device that is gone and nobody's.

        :raises: UsbDeviceNotFound, UsbDeviceInUse, UsbDevicePresent
        """
        claims.device_forget(self._context, self.uuid)


def _make_list(cls, context, rows):
    devices = cls(context, objects=[UsbDevice.from_row(context, row)
                                    for row in rows])
    devices.obj_reset_changes()
    return devices


@base.NovaObjectRegistry.register
class UsbDeviceList(base.ObjectListBase, base.NovaObject):
    # Version 1.0: Initial version
    # Version 1.1: UsbDevice <= version 1.1
    VERSION = '1.1'

    fields = {
        'objects': fields.ListOfObjectsField('UsbDevice'),
    }

    @usb_compat.remotable_classmethod
    def get_by_host(cls, context, host):
        return _make_list(
            cls, context, usb_db.device_get_all_by_host(context, host))

    @usb_compat.remotable_classmethod
    def get_by_instance_uuid(cls, context, instance_uuid):
        return _make_list(
            cls, context,
            usb_db.device_get_all_by_instance_uuid(context, instance_uuid))

    @usb_compat.remotable_classmethod
    def get_by_filters(cls, context, filters=None, limit=None, marker=None,
                       sort_keys=None, sort_dirs=None):
        """One page of a cell's devices.

        Parameters and exceptions: ``nova.db.usb.api.device_get_by_filters``.
        """
        return _make_list(cls, context, usb_db.device_get_by_filters(
            context, filters, limit, marker, sort_keys, sort_dirs))

    @usb_compat.remotable_classmethod
    def report(cls, context, host, reporter, sequence, sightings,
               takeover=False):
        """Make a host's records say what its nova-compute saw.

        :param reporter: names the process of nova-compute
        :param sequence: counts its reports from 1; see
            ``nova.db.usb.report.apply``
        :param sightings: UsbDeviceList of ``UsbDevice.from_sighting``
        :param takeover: whether to take the host over from another process
        :returns: UsbDeviceList of the host afterwards
        :raises: UsbReportSuperseded
        """
        for seen in sightings:
            # An older nova-compute does not look for it.
            seen.obj_set_defaults('bcd_device')
        return _make_list(cls, context, usb_report.apply(
            context, host, reporter, sequence,
            [tracker.Sighting(seen.identity, seen, devspec.Decision(
                seen.blocked_reason, seen.resource_class, ()))
             for seen in sightings],
            takeover))

    @usb_compat.remotable_classmethod
    def forget_host(cls, context, host):
        """Forget a host that was removed from the cloud.

        :returns: UsbDeviceList of what servers still hold; it stays, not
            present, until it is released by force
        """
        return _make_list(
            cls, context, usb_report.forget_host(context, host))
