# SPDX-License-Identifier: Apache-2.0

from oslo_versionedobjects import fixture

from nova.objects import usb_device
from nova.policies import usb_devices
from nova import test
from nova.tests.unit.usb import enumerations


class ObjectsTestCase(test.NoDBTestCase):

    def test_fingerprints(self):
        """A changed object is noticed here, not by upstream's suite alone.

        If this fails, other services may run the old object: raise VERSION,
        make obj_make_compatible() know it, then write down the new value.
        """
        checker = fixture.ObjectVersionChecker({
            cls.__name__: [cls] for cls in
            (usb_device.UsbDevice, usb_device.UsbDeviceList)})
        self.assertEqual(enumerations.OBJECTS, checker.get_hashes())


class PoliciesTestCase(test.NoDBTestCase):

    def test_every_rule_is_in_one_list_of_upstreams(self):
        class Case:
            admin_only_rules = ()
            admin_or_owner_rules = ()

            @enumerations.with_policies
            def setUp(self):
                self.ready = True

        case = Case()
        case.setUp()
        self.assertTrue(case.ready)
        listed = case.admin_only_rules + case.admin_or_owner_rules
        self.assertEqual(
            sorted(rule.name for rule in usb_devices.list_rules()),
            sorted(listed))
