# SPDX-License-Identifier: Apache-2.0
"""Tests of what is noted when a server gets a device, on a real database."""

from oslo_utils.fixture import uuidsentinel as uuids

from nova.db.usb import claims as usb_claims
from nova.tests.unit.usb import usb_db_base
from nova.usb import features
from nova.usb import status
from nova.usb import tracker

stick = usb_db_base.stick
db_api = usb_db_base.db_api


class AcceptedTest(usb_db_base.UsbDbTestCase):

    def test_what_a_server_is_given_is_noted(self):
        for number, (values, noted) in enumerate([
                ({'interface_classes': ('08', '03'), 'bcd_device': '0100'},
                 '00/0100/03,08'),
                ({'device_class': 'ff'}, 'ff//'),
                ({'interface_classes': ['%02x' % code for code in range(85)],
                  'bcd_device': '0100'}, None)]):
            # Another device each time.
            values['port'] = '1-%d' % (number + 1)
            row, = [row for row in self.report(stick(**values))
                    if row.port_path == values['port']]
            self.assertIsNone(row.accepted_as)
            claimed = self.claim(row)
            self.assertEqual(features.describe(stick(**values)),
                             claimed.accepted_as)
            if noted:
                self.assertEqual(noted, claimed.accepted_as)
            # A report changes nothing of it.
            self.report(stick(device_class='0e', interface_classes=('0e',),
                              port=values['port']))
            self.assertEqual(claimed.accepted_as, self.get(row).accepted_as)
            self.assertIsNone(self.release(claimed).accepted_as)

    def test_claimed_while_a_report_is_under_way(self):
        """What the claim noted is not overwritten by what was read before."""
        row = self.one(interface_classes=('08',), bcd_device='0100')
        context = self.context
        with db_api.get_context_manager(context).writer.using(context):
            plan = tracker.plan

            def planned(*args):
                result = plan(*args)
                if not self.get(row).instance_uuid:
                    self.claim(row)
                return result

            self.stub_out('nova.usb.tracker.plan', planned)
            self.one(interface_classes=('08',), bcd_device='0100',
                     device_number=9)
        self.assertEqual((9, '00/0100/08'), (
            self.get(row).device_number, self.get(row).accepted_as))

    def test_who_lets_go_of_an_impostor_accepts_it(self):
        device = stick(serial='S', interface_classes=('08',))
        other = stick(serial='S', interface_classes=('03',), device_number=9)
        for free in (self.release, self._force_release, self._delete):
            row = self.move(self.claim(self.report(device)[0]),
                            'finish_attach')
            self.report(other)
            row = self.get(row)
            self.assertTrue(features.is_difference(row.blocked_reason))
            self.assertEqual(status.ATTACHED, row.status)
            free(row)
            row = self.get(row)
            self.assertEqual(
                (status.AVAILABLE, None, None, None),
                (row.status, row.instance_uuid, row.blocked_reason,
                 row.accepted_as))

    def _force_release(self, row):
        usb_claims.device_force_release(
            self.context, row.uuid, row.instance_uuid, row.status)

    def _delete(self, row):
        context = self.context
        with db_api.get_context_manager(context).writer.using(context):
            usb_claims.release_instance(context, uuids.server)

    def test_other_reasons_stay_when_it_is_let_go_of(self):
        row = self.claim(self.one())
        self.put(row, blocked_reason='the host uses it')
        row = self.release(row)
        self.assertEqual((status.BLOCKED, 'the host uses it'),
                         (row.status, row.blocked_reason))
