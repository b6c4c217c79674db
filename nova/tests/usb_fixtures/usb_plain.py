# SPDX-License-Identifier: Apache-2.0
"""SIMULATION: services of a Nova without USB, beside ours in one process."""

import fixtures
from oslo_versionedobjects import exception as object_exc

from nova import exception


class PlainConductor(fixtures.Fixture):
    """The conductor's code is upstream's.

    It knows no object of ours, and its database code nothing of devices
    when a server is deleted.  Used with ComputeSideFixture, through which
    our nova-compute asks it.
    """

    def _setUp(self):
        from nova.conductor import manager
        # What both of the conductor's methods for objects call.  Those
        # themselves may have been looked up when the service started.
        self.useFixture(fixtures.MonkeyPatch(
            'nova.conductor.manager.ConductorManager._object_dispatch',
            self._refusing(manager.ConductorManager._object_dispatch)))
        self.useFixture(PlainDatabaseCode())

    @staticmethod
    def _refusing(real):
        def method(manager, target, *args, **kwargs):
            name = target.obj_name()
            if name.startswith('Usb'):
                raise object_exc.UnsupportedObjectError(objtype=name)
            return real(manager, target, *args, **kwargs)
        return method


class PlainDatabaseCode(fixtures.Fixture):
    """Whoever deletes a server leaves the records of its devices."""

    def _setUp(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.db.usb.hooks._release', lambda *args, **kwargs: None))


class PlainCompute(fixtures.Fixture):
    """A nova-compute that is started while this lasts has no endpoint."""

    def _setUp(self):
        from nova.compute import manager
        real = manager.ComputeManager.__init__

        def without(compute, *args, **kwargs):
            real(compute, *args, **kwargs)
            compute.additional_endpoints.remove(compute.usb)
            compute.usb._refusal = exception.NovaException('plain')

        self.useFixture(fixtures.MonkeyPatch(
            'nova.compute.manager.ComputeManager.__init__', without))
