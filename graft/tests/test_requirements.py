# SPDX-License-Identifier: Apache-2.0
import contextlib
import io
import os
import unittest
from unittest import mock

from graft import backend
from graft import base
from graft import requirements


class RequirementsTest(unittest.TestCase):

    def test_all_are_one_or_the_other(self):
        self.assertEqual(sorted(requirements.ours()), sorted(
            requirements.hard() + requirements.soft()))
        self.assertEqual(['pyudev'], [
            requirements.name_of(item) for item in requirements.soft()])

    def test_names(self):
        for text in ('SQLAlchemy<2.1', 'sqlalchemy', "sqlalchemy;x == 'y'"):
            self.assertEqual('sqlalchemy', requirements.name_of(text))


class CanBeHadTest(unittest.TestCase):
    """With the real pip, kept from any index."""

    def setUp(self):
        super().setUp()
        patch = mock.patch.dict(os.environ, {
            'PIP_NO_INDEX': '1', 'PIP_FIND_LINKS': os.devnull})
        patch.start()
        self.addCleanup(patch.stop)

    def test_installed(self):
        self.assertTrue(base.can_be_had('pip>=1'))

    def test_neither_installed_nor_on_an_index(self):
        self.assertFalse(base.can_be_had('nova-usb-no-such-thing>=1'))


class WheelTest(unittest.TestCase):

    def required(self, can_be_had):
        said = io.StringIO()
        with mock.patch.object(base, 'can_be_had', lambda item: can_be_had):
            with contextlib.redirect_stderr(said):
                return backend._requirements(), said.getvalue()

    def test_everything_where_it_can_be_had(self):
        self.assertEqual((sorted(requirements.ours()), ''), (
            sorted(self.required(True)[0]), self.required(True)[1]))

    def test_what_cannot_be_had_is_left_out_and_said(self):
        found, said = self.required(False)
        self.assertEqual(list(requirements.hard()), found)
        self.assertIn('pyudev>=0.22.0 is not installed', said)
        self.assertIn('by scans alone', said)
