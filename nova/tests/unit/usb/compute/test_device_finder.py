# SPDX-License-Identifier: Apache-2.0

import threading
import time

import fixtures
from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import device_finder
from nova import objects
from nova.tests.unit.usb.compute import api_base as base
from nova.usb import exception as usb_exception

CELLS = [uuids.cell1, uuids.cell2, uuids.cell3]


class DeviceFinderTest(base.ComputeTestCase):
    """Cells whose databases are what a test says."""

    def setUp(self):
        super(DeviceFinderTest, self).setUp()
        self.useFixture(fixtures.MonkeyPatch(
            'nova.compute.usb.device_finder.LATE', 0.05))
        cells = [objects.CellMapping(
            uuid=cell, name=cell, database_connection='sqlite://',
            transport_url='none://') for cell in CELLS]
        cells.append(objects.CellMapping(
            uuid=objects.CellMapping.CELL0_UUID, name='cell0',
            database_connection='sqlite://', transport_url='none://'))
        self.useFixture(fixtures.MonkeyPatch('nova.context.CELLS', cells))
        self.useFixture(fixtures.MonkeyPatch(
            'nova.compute.usb.device_finder.TIMEOUT', 0.05))
        self.answers = {}
        self.asked = []
        self.finder = device_finder.DeviceFinder(self._read)

    def _read(self, context, device_uuid):
        self.asked.append(context.cell_uuid)
        answer = self.answers.get(context.cell_uuid)
        if isinstance(answer, threading.Event):
            answer.wait(60)
            answer = None
        if answer is None:
            answer = usb_exception.UsbDeviceNotFound(device=device_uuid)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def hang(self, cell):
        self.answers[cell] = threading.Event()
        self.addCleanup(self.answers[cell].set)
        return self.answers[cell]

    def find(self):
        return self.finder.find(self.admin, uuids.device)

    def test_nowhere(self):
        self.assertRaises(usb_exception.UsbDeviceNotFound, self.find)
        self.assertEqual(sorted(CELLS), sorted(self.asked))

    def test_the_first_that_knows_it_answers(self):
        self.answers[uuids.cell2] = device = base.FakeDevice()
        self.hang(uuids.cell1)
        self.hang(uuids.cell3)
        # Longer than the test may take: it waits for no other.
        device_finder.TIMEOUT = 3600
        self.assertIs(device, self.find())

    def test_where_it_was_is_asked_first_and_alone(self):
        self.answers[uuids.cell2] = base.FakeDevice()
        self.find()
        self.asked.clear()
        self.find()
        self.assertEqual([uuids.cell2], self.asked)

    def test_a_record_that_was_forgotten_and_seen_elsewhere(self):
        device = base.FakeDevice()
        self.answers[uuids.cell2] = device
        self.find()
        self.answers = {uuids.cell3: device}
        self.assertIs(device, self.find())
        self.asked.clear()
        self.find()
        self.assertEqual([uuids.cell3], self.asked)

    def test_only_so_many_are_remembered(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.compute.usb.device_finder.REMEMBERED', 2))
        self.answers[uuids.cell2] = base.FakeDevice()
        for name in ('a', 'b', 'c'):
            self.finder.find(self.admin, getattr(uuids, name))
        self.assertEqual([uuids.b, uuids.c], list(self.finder._cells))

    def test_a_cell_that_hangs_may_know_it(self):
        self.hang(uuids.cell1)
        self.assertRaises(usb_exception.UsbCellUnavailable, self.find)

    def test_a_cell_that_fails_may_know_it(self):
        self.answers[uuids.cell1] = ZeroDivisionError()
        error = self.assertRaises(usb_exception.UsbCellUnavailable,
                                  self.find)
        self.assertIn(uuids.cell1, str(error))

    def test_a_cell_that_is_not_synced(self):
        self.answers[uuids.cell1] = ZeroDivisionError()
        self.answers[uuids.cell3] = usb_exception.UsbDatabaseNotSynced(
            cell='cell3')
        self.assertRaises(usb_exception.UsbDatabaseNotSynced, self.find)

    def test_only_so_many_reads_hang(self):
        hung = self.hang(uuids.cell1)
        before = threading.active_count()
        for _n in range(3 * device_finder.HANGING_LIMIT):
            self.assertRaises(usb_exception.UsbCellUnavailable, self.find)
        self.assertEqual(device_finder.HANGING_LIMIT,
                         self.asked.count(uuids.cell1))
        self.assertLessEqual(threading.active_count() - before,
                             device_finder.HANGING_LIMIT)
        # What others know is found nevertheless.
        self.answers[uuids.cell2] = device = base.FakeDevice()
        self.assertIs(device, self.find())
        hung.set()
        self.answers = {}
        self._answers_again()

    def test_a_slower_cell_does_not_hang(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.compute.usb.device_finder.LATE', 60))
        slow = self.hang(uuids.cell1)
        self.addCleanup(slow.set)
        for n in range(3 * device_finder.HANGING_LIMIT):
            # The other cell is faster each time, and the first is left.
            self.answers[uuids.cell2] = base.FakeDevice()
            self.finder.find(self.admin, 'device-%d' % n)
        self.assertEqual(3 * device_finder.HANGING_LIMIT,
                         self.asked.count(uuids.cell1))

    def _answers_again(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                self.find()
            except usb_exception.UsbDeviceNotFound:
                return
            except usb_exception.UsbCellUnavailable:
                time.sleep(0.01)
        self.fail('The cell is asked no more for ever')
