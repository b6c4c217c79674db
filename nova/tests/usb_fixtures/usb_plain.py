# SPDX-License-Identifier: Apache-2.0
"""SIMULATION: services of a Nova without USB, beside ours in one process."""

import fixtures

from nova import exception


class PlainConductor(fixtures.Fixture):
    """The conductor's code is upstream's.

    It knows no object of ours, and its database code nothing of devices
    when a server is deleted.  Used with ComputeSideFixture, through which
    our nova-compute asks it.
    """

    def _setUp(self):
        from nova.conductor import manager
        for name in ('object_class_action_versions', 'object_action'):
            real = getattr(manager.ConductorManager, name)
            self.useFixture(fixtures.MonkeyPatch(
                'nova.conductor.manager.ConductorManager.' + name,
                self._refusing(real)))
        self.useFixture(PlainDatabaseCode())

    @staticmethod
    def _refusing(real):
        def method(manager, context, **kwargs):
            name = kwargs.get('objname')
            if name is None:
                name = kwargs['objinst'].obj_name()
            if name.startswith('Usb'):
                raise exception.UnsupportedObjectError(objtype=name)
            return real(manager, context, **kwargs)
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
