# SPDX-License-Identifier: Apache-2.0

import dataclasses

from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import selection
from nova.tests.unit.usb.compute import api_base as base
from nova.usb import exception as usb_exception
from nova.usb import status

KIND = selection.AttachRequest(vendor_id='0529', product_id='0001')


class SelectionTest(base.ComputeTestCase):

    def setUp(self):
        super(SelectionTest, self).setUp()
        self.elsewhere = []

    def find_anywhere(self, context, device_uuid):
        for device in self.elsewhere:
            if device.uuid == device_uuid:
                return device
        raise usb_exception.UsbDeviceNotFound(device=device_uuid)

    def claim(self, context, request):
        return selection.select_and_claim(
            context, self.server(), request, self.find_anywhere)

    def named(self, **values):
        return selection.AttachRequest(device_uuid=uuids.device, **values)

    def test_a_request_does_not_change(self):
        self.assertRaises(dataclasses.FrozenInstanceError,
                          setattr, KIND, 'tag', 'x')
        self.assertEqual('vendor_id 0529 product_id 0001', str(KIND))
        self.assertEqual(uuids.device, str(self.named()))

    def test_named(self):
        device = self.add(project_id=base.PROJECT)
        self.assertIs(device, self.claim(self.member, self.named(tag='t')))
        self.assertEqual((status.ATTACHING, uuids.server, 't'), (
            device.status, device.instance_uuid, device.tag))

    def test_named_and_not_to_be_had(self):
        device = self.add(project_id=base.PROJECT, status=status.ATTACHED)
        self.assertRaises(usb_exception.UsbDeviceInUse,
                          self.claim, self.member, self.named())
        self.assertEqual(status.ATTACHED, device.status)

    def test_who_may_have_what(self):
        for project, member, admin in [
                (base.PROJECT, None, None),
                (None, usb_exception.UsbDeviceNotFound, None),
                ('other', usb_exception.UsbDeviceNotFound,
                 usb_exception.UsbDeviceGrantedElsewhere)]:
            for context, error in ((self.member, member),
                                   (self.admin, admin)):
                with self.subTest(project=project, context=context):
                    self.devices = []
                    device = self.add(project_id=project)
                    if error is None:
                        self.claim(context, self.named())
                        self.assertEqual(status.ATTACHING, device.status)
                        continue
                    self.assertRaises(error, self.claim, context,
                                      self.named())
                    self.assertEqual(status.AVAILABLE, device.status)
                    # The kind is not told from none at all.
                    self.assertRaises(usb_exception.UsbDeviceNoMatch,
                                      self.claim, context, KIND)

    def test_on_another_host_or_in_another_cell(self):
        self.add(project_id=base.PROJECT, host='compute2')
        self.assertRaises(usb_exception.UsbDeviceOnOtherHost,
                          self.claim, self.member, self.named())
        self.elsewhere, self.devices = self.devices, []
        # Hosts of two cells may have one name.
        self.elsewhere[0].host = base.HOST
        self.assertRaises(usb_exception.UsbDeviceOnOtherHost,
                          self.claim, self.member, self.named())
        self.elsewhere = []
        self.assertRaises(usb_exception.UsbDeviceNotFound,
                          self.claim, self.member, self.named())

    def test_of_a_kind(self):
        for values in ({'host': 'compute2'}, {'present': False},
                       {'status': status.BLOCKED}, {'product_id': '0002'},
                       {'project_id': 'other'}):
            self.add(**dict({'project_id': base.PROJECT}, **values))
        self.assertRaises(usb_exception.UsbDeviceNoMatch,
                          self.claim, self.member, KIND)
        device = self.add(project_id=base.PROJECT, serial='S')
        self.assertIs(device, self.claim(self.member, KIND))

    def test_of_a_kind_with_a_serial(self):
        self.add(project_id=base.PROJECT, serial='S')
        other = self.add(project_id=base.PROJECT, serial='T')
        self.assertIs(other, self.claim(
            self.member, dataclasses.replace(KIND, serial='T')))

    def test_the_next_where_one_was_just_taken(self):
        for error in (usb_exception.UsbDeviceInUse(device='D', status='S'),
                      usb_exception.UsbDeviceNotFound(device='D')):
            self.devices = []
            taken = [self.add(project_id=base.PROJECT, error=error)
                     for _n in range(3)]
            free = self.add(project_id=base.PROJECT)
            claimed = [self.claim(self.member, KIND)]
            self.assertIn(free, taken + claimed)
            self.assertEqual(status.ATTACHING, claimed[0].status)
