# SPDX-License-Identifier: Apache-2.0
"""What is shown to whom."""

import datetime

from oslo_utils.fixture import uuidsentinel as uuids

from nova.api.openstack.compute.views import usb_devices as usb_view
from nova import test
from nova.tests.unit.usb.api import base
from nova.tests.unit.usb.api import shown
from nova.usb import status


class ViewTestCase(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        self.view = usb_view.ViewBuilder()

    def test_public(self):
        self.assertEqual(
            {'usb_device': shown.PUBLIC},
            self.view.show(base.fake_device(), everything=False))

    def test_everything(self):
        self.assertEqual(
            {'usb_device': shown.ALL},
            self.view.show(base.fake_device(), everything=True))

    def test_updated(self):
        device = base.fake_device(updated_at=datetime.datetime(
            2026, 5, 2, 0, 0, 0, tzinfo=datetime.timezone.utc))
        shown = self.view.show(device, everything=False)['usb_device']
        self.assertEqual('2026-05-02T00:00:00Z', shown['updated_at'])

    def test_missing_strings(self):
        device = base.fake_device(serial=None, manufacturer=None,
                                  product=None, speed=None, controller=None,
                                  interface_classes=[])
        answer = self.view.show(device, everything=True)['usb_device']
        self.assertEqual(
            dict(shown.ALL, serial=None, manufacturer=None, product=None,
                 speed=None, controller=None, interface_classes=[]), answer)

    def test_server_and_its_tag(self):
        device = base.fake_device(
            status=status.ATTACHED, instance_uuid=uuids.server, tag='hasp')
        for servers, named in ((usb_view.ANY_SERVER, True),
                               ({uuids.server}, True),
                               ({uuids.other}, False),
                               (set(), False)):
            shown = self.view.show(device, False, servers)['usb_device']
            self.assertEqual(uuids.server if named else None,
                             shown['instance_uuid'])
            self.assertEqual('hasp' if named else None, shown['tag'])
            self.assertEqual(status.ATTACHED, shown['status'])

    def test_tag_of_a_free_device(self):
        device = base.fake_device(tag='hasp')
        shown = self.view.show(device, False, set())['usb_device']
        self.assertEqual('hasp', shown['tag'])

    def test_list(self):
        devices = [base.fake_device(uuid=uuids.a),
                   base.fake_device(uuid=uuids.b)]
        self.assertEqual(
            {'usb_devices': [dict(shown.PUBLIC, id=uuids.a),
                             dict(shown.PUBLIC, id=uuids.b)]},
            self.view.index(devices, everything=False))
