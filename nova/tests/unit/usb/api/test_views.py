# SPDX-License-Identifier: Apache-2.0
"""What is shown to whom."""

import datetime

from oslo_utils.fixture import uuidsentinel as uuids

from nova.api.openstack.compute.views import usb_devices as usb_view
from nova.api.openstack import wsgi as os_wsgi
from nova import context as nova_context
from nova import test
from nova.tests.unit.usb.api import base
from nova.tests.unit.usb.api import shown
from nova.usb import status


class ViewTestCase(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        self.view = usb_view.ViewBuilder()
        self.request = os_wsgi.Request.blank('/v2.1/os-usb-devices')
        self.request.script_name = '/v2.1'
        self.request.path_info = '/os-usb-devices'
        self.request.environ['nova.context'] = (
            nova_context.RequestContext('user', base.PROJECT))

    def test_public(self):
        self.assertEqual(
            {'usb_device': shown.PUBLIC},
            self.view.show(self.request, base.fake_device(),
                           everything=False))

    def test_everything(self):
        self.assertEqual(
            {'usb_device': shown.ALL},
            self.view.show(self.request, base.fake_device(),
                           everything=True))

    def test_updated(self):
        device = base.fake_device(updated_at=datetime.datetime(
            2026, 5, 2, 0, 0, 0, tzinfo=datetime.timezone.utc))
        answer = self.view.show(
            self.request, device, everything=False)['usb_device']
        self.assertEqual('2026-05-02T00:00:00Z', answer['updated_at'])

    def test_missing_strings(self):
        device = base.fake_device(serial=None, manufacturer=None,
                                  product=None, speed=None, controller=None,
                                  interface_classes=[])
        answer = self.view.show(
            self.request, device, everything=True)['usb_device']
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
            answer = self.view.show(
                self.request, device, False, servers)['usb_device']
            self.assertEqual(uuids.server if named else None,
                             answer['instance_uuid'])
            self.assertEqual('hasp' if named else None, answer['tag'])
            self.assertEqual(status.ATTACHED, answer['status'])

    def test_why_it_is_blocked_is_for_those_who_see_hosts(self):
        device = base.fake_device(
            status=status.BLOCKED, blocked_reason='sdb1 is mounted at /srv')
        for everything, reason in [(True, 'sdb1 is mounted at /srv'),
                                   (False, 'It is not offered at present.')]:
            answer = self.view.show(
                self.request, device, everything)['usb_device']
            self.assertEqual(reason, answer['blocked_reason'])

    def test_the_description_is_for_those_who_see_hosts(self):
        device = base.fake_device(description='rack 7')
        self.assertEqual('rack 7', self.view.show(
            self.request, device, True)['usb_device']['description'])
        self.assertNotIn('description', self.view.show(
            self.request, device, False)['usb_device'])

    def test_list(self):
        devices = [base.fake_device(uuid=uuids.a),
                   base.fake_device(uuid=uuids.b)]
        self.assertEqual(
            {'usb_devices': [
                dict(shown.PUBLIC, id=uuid, links=shown.links(uuid))
                for uuid in (uuids.a, uuids.b)]},
            self.view.index(self.request, devices, everything=False))
