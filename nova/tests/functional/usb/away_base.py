# SPDX-License-Identifier: Apache-2.0
"""Something that goes away at a moment of a request."""

import contextlib

import fixtures

from nova.compute.usb import attachments
from nova.compute.usb import rpcapi as usb_rpcapi
from nova.objects import usb_device as usb_obj
from nova.tests.functional.usb import fault_base
from nova.tests.usb_fixtures import usb_away

#: nova-api has written to the database; and is about to ask the host.
CLAIMED, ASKING = 'claimed', 'asking'

#: The moments at which something goes away, in their order.
ATTACH = (CLAIMED, ASKING) + tuple(step for step in attachments.STEPS
                                   if step.startswith('attach'))
DETACH = (CLAIMED, ASKING) + tuple(step for step in attachments.STEPS
                                   if step.startswith('detach'))

CALL = 'nova.compute.usb.rpcapi.ComputeUsbAPI._call'
DEVICE = 'nova.objects.usb_device.UsbDevice.'


class AwayTestBase(fault_base.FaultTestBase):

    def setUp(self):
        super(AwayTestBase, self).setUp()
        self.compute_side = self.useFixture(usb_away.ComputeSideFixture())
        self.usb = self.compute.manager.usb

    def wait_out(self):
        """Let so much time pass that nobody waits for an answer any more.
        """
        before = self.usb.stalled.clock
        self.usb.stalled.clock = lambda: before() + 121

    def converge(self):
        """It is back; all agrees, at the latest when nobody waits any more.
        """
        def reports():
            self.scan()
            self.wait_out()
            self.scan()
            self.assert_agree()

        # nova-api's hint to look at it comes from another thread.
        self._wait_for_assert(reports)

    @contextlib.contextmanager
    def leaves_at(self, thing, moment):
        """Within, a thing goes away at a moment; it is back afterwards."""
        reached = []

        def reach(now):
            if now == moment and not reached:
                reached.append(now)
                thing.leave()

        def call(*args, **kwargs):
            reach(ASKING)
            return real(*args, **kwargs)

        def claimed(method):
            def wrapper(*args, **kwargs):
                method(*args, **kwargs)
                reach(CLAIMED)
            return wrapper

        real = usb_rpcapi.ComputeUsbAPI._call
        device = usb_obj.UsbDevice
        with fixtures.MonkeyPatch(CALL, call), \
                fixtures.MonkeyPatch(
                    DEVICE + 'claim', claimed(device.claim)), \
                fixtures.MonkeyPatch(
                    DEVICE + 'begin_detach', claimed(device.begin_detach)), \
                fixtures.MockPatchObject(
                    attachments, 'reached', side_effect=reach):
            yield
        self.assertEqual([moment], reached)
        thing.come_back()
