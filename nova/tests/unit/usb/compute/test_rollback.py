# SPDX-License-Identifier: Apache-2.0

from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import rollback
from nova import test
from nova.tests.unit.usb.compute import api_base as base
from nova.usb import status


class RollbackTest(base.ComputeTestCase):

    def setUp(self):
        super(RollbackTest, self).setUp()
        self.hosts = base.FakeHosts()
        self.rollback = rollback.Rollback(self.hosts)

    def one(self, state, **values):
        return self.add(status=state, instance_uuid=uuids.server, **values)

    def test_attach_that_the_host_never_ended(self):
        device = self.one(status.ATTACHING)
        self.assertIsNone(self.rollback.undo_attach(self.admin, device))
        self.assertEqual(status.AVAILABLE, device.status)
        self.assertEqual([], self.hosts.looked_again)

    def test_attach_that_the_host_made_after_all(self):
        device = self.one(status.ATTACHED)
        self.assertIs(device, self.rollback.undo_attach(self.admin, device))
        self.assertEqual(status.ATTACHED, device.status)

    def test_attach_that_the_host_has_freed(self):
        device = self.add()
        asked = base.FakeDevice(status=status.ATTACHED,
                                instance_uuid=uuids.server)
        self.assertIsNone(self.rollback.undo_attach(self.admin, asked))
        self.assertEqual(status.AVAILABLE, device.status)

    def test_attach_of_what_another_server_has_by_now(self):
        other = self.add(status=status.ATTACHED, instance_uuid=uuids.other)
        asked = base.FakeDevice(status=status.ATTACHED,
                                instance_uuid=uuids.server)
        self.assertIsNone(self.rollback.undo_attach(self.admin, asked))
        self.assertEqual(uuids.other, other.instance_uuid)

    def test_the_database_is_away(self):
        device = self.one(status.ATTACHING, error=test.TestingException())
        self.assertIsNone(self.rollback.undo_attach(self.admin, device))
        self.assertEqual([device.uuid], self.hosts.looked_again)
        device.status, device.error = (status.DETACHING,
                                       test.TestingException())
        self.assertTrue(self.rollback.undo_detach(self.admin, device))
        self.assertEqual(2, len(self.hosts.looked_again))

    def test_detach_that_the_host_never_ended(self):
        device = self.one(status.DETACHING)
        self.assertTrue(self.rollback.undo_detach(self.admin, device))
        self.assertEqual(status.ATTACHED, device.status)

    def test_detach_that_the_host_made_after_all(self):
        asked = base.FakeDevice(status=status.AVAILABLE,
                                instance_uuid=uuids.server)
        # Gone, free, or another server's.
        self.assertFalse(self.rollback.undo_detach(self.admin, asked))
        now = self.add()
        self.assertFalse(self.rollback.undo_detach(self.admin, asked))
        now.instance_uuid = uuids.other
        self.assertFalse(self.rollback.undo_detach(self.admin, asked))
