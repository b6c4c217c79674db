# SPDX-License-Identifier: Apache-2.0
"""What is left when something fails in the middle: nothing half done."""

import fixtures
import oslo_messaging as messaging

from nova.compute.usb import attachments
from nova.compute.usb import rpcapi as usb_rpcapi
from nova.objects import usb_device as usb_obj
from nova.tests.functional.usb import base
from nova.tests.functional.usb import fault_base
from nova.usb import exception as usb_exception
from nova.usb import status

RPC = 'nova.compute.usb.rpcapi.ComputeUsbAPI.'


class AttachFaultTest(fault_base.FaultTestBase):

    def try_attach(self):
        return self.attach(self.server, id=self.uuid)

    def test_driver_refuses(self):
        self.faults.refuse('attach', usb_exception.UsbGuestPortsExhausted(
            device=self.uuid, server=self.server['id']))
        self.assert_refused(self.try_attach(), 'no free USB port')
        self.assert_free()
        events = self.actions(self.server)['attach_usb_device']['events']
        self.assertEqual({'Error'}, {event['result'] for event in events})
        self.assertIn('no free USB port', events[0]['details'])

    def test_driver_fails(self):
        self.faults.refuse('attach', RuntimeError('broken pipe'))
        self.assert_refused(self.try_attach(), 'broken pipe',
                            'The device is free again')
        self.assert_free()

    def test_domain_does_not_have_it(self):
        self.faults.ignore('attach')
        self.assert_refused(self.try_attach(), 'the domain has none')
        self.assert_free()

    def test_cannot_be_taken_back(self):
        # It got into the guest, but that was not what was asked for, and
        # the guest keeps it: then it is the server's.
        def attach(real, context, instance, uuid, address):
            real(context, instance, uuid, address)
            raise RuntimeError('the connection is lost')

        self.faults.instead('attach', attach)
        self.faults.refuse('detach', usb_exception.UsbDetachTimeout(
            device=self.uuid, server=self.server['id'], seconds=1))
        code, body = self.try_attach()
        self.assertEqual(200, code, body)
        self.assert_attached()

    def test_unplugged_meanwhile(self):
        self.unplug('1-1')
        self.assert_refused(self.try_attach(), 'no longer where it was')
        self.scan()
        self.assertNotIn('1-1', self.present())

    def test_replugged_meanwhile(self):
        self.replug('1-1')
        self.assertEqual(200, self.try_attach()[0])
        self.assertEqual({self.uuid: (1, 22)}, self.in_domain(self.server))

    def test_swapped_meanwhile(self):
        self.plug(dict(base.STICK, serial='ANOTHER', device_number=23))
        self.assert_refused(self.try_attach(), 'no longer where it was')
        self.assertEqual({}, self.in_domain(self.server))

    def test_mounted_meanwhile(self):
        self.plug(dict(base.STICK, host_use='/dev/sdb1 is mounted'))
        self.assert_refused(self.try_attach(), '/dev/sdb1 is mounted')
        self.assert_free()

    def test_no_answer(self):
        self.patch(RPC + '_call', side_effect=messaging.MessagingTimeout())
        self.assert_refused(self.try_attach(), 'does not answer')
        self.assert_free()

    def test_broker_is_away(self):
        self.patch(RPC + '_call',
                   side_effect=messaging.MessageDeliveryFailure())
        self.assert_refused(self.try_attach(), 'does not answer')
        self.assert_free()

    def test_answer_is_lost(self):
        real = usb_rpcapi.ComputeUsbAPI._call

        def lost(*args, **kwargs):
            real(*args, **kwargs)
            raise messaging.MessagingTimeout()

        self.useFixture(fixtures.MonkeyPatch(RPC + '_call', lost))
        code, body = self.try_attach()
        self.assertEqual(200, code, body)
        self.assert_attached()

    def test_claim_was_ended_before_it_was_done(self):
        def slow(real, context, instance, uuid, address):
            real(context, instance, uuid, address)
            usb_obj.UsbDevice.get_by_uuid(self.context, uuid).release()

        self.faults.instead('attach', slow)
        self.assertEqual(409, self.try_attach()[0])
        self.assert_free()

    def test_conductor_is_away(self):
        self.patch('nova.objects.usb_device.UsbDevice.finish_attach',
                   side_effect=messaging.MessagingTimeout())
        self.assertEqual(409, self.try_attach()[0])
        self.assert_free()

    def test_server_was_deleted_before_the_claim(self):
        def deleted_first(device, instance_uuid, tag=None):
            self._delete_server(self.server)
            real(device, instance_uuid, tag)

        real = usb_obj.UsbDevice.claim
        self.useFixture(fixtures.MonkeyPatch(
            'nova.objects.usb_device.UsbDevice.claim', deleted_first))
        code, body = self.try_attach()
        self.assertEqual(404, code, body)
        device = self.device('1-1')
        self.assertEqual(('available', None), (
            device.status, device.instance_uuid))

    def test_old_compute(self):
        self.compute.manager.additional_endpoints.remove(
            self.compute.manager.usb)
        self.patch(RPC + '_call', side_effect=messaging.RemoteError(
            'UnsupportedVersion', 'no such namespace'))
        code, body = self.try_attach()
        self.assertEqual(501, code, body)
        self.assert_free()


class DetachFaultTest(fault_base.FaultTestBase):

    def setUp(self):
        super(DetachFaultTest, self).setUp()
        self.assertEqual(200, self.attach(self.server, id=self.uuid)[0])

    def try_detach(self):
        return self.detach(self.server, self.uuid)

    def test_guest_keeps_it(self):
        self.faults.refuse('detach', usb_exception.UsbDetachTimeout(
            device=self.uuid, server=self.server['id'], seconds=20))
        self.assert_refused(self.try_detach(), 'within 20 seconds',
                            'It is still attached')
        self.assert_attached()

    def test_driver_fails(self):
        self.faults.refuse('detach', RuntimeError('broken pipe'))
        self.assert_refused(self.try_detach(), 'broken pipe')
        self.assert_attached()

    def test_no_answer(self):
        self.patch(RPC + '_call', side_effect=messaging.MessagingTimeout())
        self.assert_refused(self.try_detach(), 'does not answer')
        self.assert_attached()

    def test_absent(self):
        self.unplug('1-1')
        self.scan()
        self.assertEqual(204, self.try_detach()[0])
        self.assertNotIn('1-1', self.present())
        self.assert_agree()


class Killed(BaseException):
    """nova-compute is gone: no handler of an Exception runs any more."""


class KilledTest(fault_base.FaultTestBase):
    """nova-compute killed at each step; it starts again; all agrees.

    The lab does the same to the real process.
    """

    def setUp(self):
        super(KilledTest, self).setUp()
        # Nobody answers any more.
        self.flags(rpc_timeout=2, group='usb')

    def kill_at(self, wanted):
        seen = []

        def reached(step):
            seen.append(step)
            if step == wanted:
                raise Killed(step)

        patch = fixtures.MockPatchObject(
            attachments, 'reached', side_effect=reached)
        return patch, seen

    def restart(self):
        self.compute = self.restart_compute_service(self.compute)

    def _test(self, request, steps):
        for step in steps:
            patch, seen = self.kill_at(step)
            with patch:
                code, _body = request()
            self.assertIn(step, seen)
            self.assertIn(code, (200, 204, 409))
            self.restart()
            self.assert_agree()
            # And it can be used as ever.
            self._back()

    def _attached(self):
        return self.device('1-1').status == status.ATTACHED

    def test_attach(self):
        def back():
            if self._attached():
                self.assertEqual(204, self.detach(self.server, self.uuid)[0])
            self.assert_free()

        self._back = back
        self._test(lambda: self.attach(self.server, id=self.uuid),
                   [step for step in attachments.STEPS
                    if step.startswith('attach')])

    def test_detach(self):
        def back():
            if not self._attached():
                code, body = self.attach(self.server, id=self.uuid)
                self.assertEqual(200, code, body)
            self.assert_attached()

        self._back = back
        self._back()
        self._test(lambda: self.detach(self.server, self.uuid),
                   [step for step in attachments.STEPS
                    if step.startswith('detach')])

    def test_nova_api_is_gone_too(self):
        # Claimed, and nobody knows: the next start frees it.
        device = self.device('1-1')
        device.claim(self.server['id'])
        self.restart()
        self.assert_free()
        device = self.device('1-1')
        device.claim(self.server['id'])
        device.finish_attach()
        device.begin_detach()
        self.restart()
        self.assert_free()

    def test_domain_has_what_is_not_its(self):
        self.assertEqual(200, self.attach(self.server, id=self.uuid)[0])
        self.device('1-1').release()
        self.assertEqual({self.uuid: (1, 2)}, self.in_domain(self.server))
        self.restart()
        self.assert_free()
