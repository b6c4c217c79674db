# SPDX-License-Identifier: Apache-2.0
"""The paths of nova.usb_compat that only older releases take."""

from nova import test
from nova import usb_compat


class CaseTest(test.NoDBTestCase):

    def test_as_sql(self):
        column = usb_compat.models.Instance.id
        self.assertIn('CASE WHEN', str(usb_compat.case(
            (column == 1, 'one'), (column == 2, 'two'), else_='many')))
