# SPDX-License-Identifier: Apache-2.0
"""Every exception of the feature has its HTTP status."""

import inspect
import re

import webob
import webob.exc

from nova.api.openstack.compute import usb_errors
from nova import context as nova_context
from nova import exception
from nova import test
from nova.usb import exception as usb_exception

#: Those that stop nova-compute and never meet a request.
NOT_FOR_REQUESTS = (usb_exception.UsbDeviceSpecInvalid,
                    usb_exception.UsbSimulationInvalid)

#: Those that only an administrator's request can meet.
FOR_ADMINISTRATORS = (usb_exception.UsbLiveMigrationRefused,
                      usb_exception.UsbLiveMigrationNotDetached,
                      usb_exception.UsbReportSuperseded,
                      usb_exception.UsbScanFailed)

OTHERS = {
    usb_exception.UsbDeviceNotFound: 404,
    usb_exception.UsbNotSupported: 501,
    usb_exception.UsbDatabaseNotSynced: 503,
    usb_exception.UsbCellUnavailable: 503,
    usb_exception.UsbScanFailed: 503,
    usb_exception.UsbPlacementUnavailable: 503,
}


def usb_exceptions():
    return [each for _name, each in
            inspect.getmembers(usb_exception, inspect.isclass)
            if each.__module__ == usb_exception.__name__]


class ToHttpTestCase(test.NoDBTestCase):

    def test_every_usb_exception(self):
        self.assertGreater(len(usb_exceptions()), 20)
        for each in usb_exceptions():
            names = re.findall(r'%\((\w+)\)', each.msg_fmt)
            error = each(**{name: name.upper() for name in names})
            answer = usb_errors.to_http(error)
            if each in NOT_FOR_REQUESTS:
                self.assertIsNone(answer, each)
                continue
            self.assertEqual(OTHERS.get(each, 409), answer.code, each)
            self.assertEqual(error.format_message(), answer.explanation)
            for name in names:
                self.assertIn(name.upper(), answer.explanation)

    def test_tenants_are_told_nothing_of_hosts(self):
        facts = {'reason': '/dev/sdb1 is mounted at /srv', 'cell': 'CELL',
                 'classes': 'CUSTOM_X', 'what': 'server S'}
        for each in usb_exceptions():
            names = re.findall(r'%\((\w+)\)', each.msg_fmt)
            error = each(**{name: facts.get(name, name) for name in names})
            answer = usb_errors.to_http(error, everything=False)
            if answer is None or each in FOR_ADMINISTRATORS:
                continue
            for word in list(facts.values()) + ['[usb]', 'nova-manage']:
                self.assertNotIn(word, answer.explanation, each)
            self.assertTrue(answer.explanation.endswith('.'), each)

    def test_what_another_version_raised(self):
        error = usb_exception.UsbAttachFailed('in its own words')
        self.assertNotIn('own words', usb_errors.to_http(
            error, everything=False).explanation)
        self.assertEqual('in its own words',
                         usb_errors.to_http(error).explanation)

    def test_novas_own_of_hosts(self):
        for error in (exception.ComputeServiceUnavailable(host='HOST'),
                      exception.ComputeHostNotFound(host='HOST'),
                      exception.HostMappingNotFound(name='HOST')):
            self.assertIn('HOST', usb_errors.to_http(error).explanation)
            self.assertNotIn('HOST', usb_errors.to_http(
                error, everything=False).explanation)

    def test_novas_own(self):
        for error, code in (
                (exception.InstanceNotFound(instance_id='I'), 404),
                (exception.InstanceMappingNotFound(uuid='I'), 404),
                (exception.InstanceInvalidState(
                    attr='vm_state', instance_uuid='I', state='error',
                    method='attach_usb_device'), 409),
                (exception.InstanceIsLocked(instance_uuid='I'), 409),
                (exception.InstanceNotReady(instance_id='I'), 409),
                (exception.ComputeServiceUnavailable(host='H'), 409),
                (exception.ComputeHostNotFound(host='H'), 409),
                (exception.HostMappingNotFound(name='H'), 409),
                (exception.MarkerNotFound(marker='M'), 400),
                (exception.InvalidInput(reason='R'), 400)):
            self.assertEqual(code, usb_errors.to_http(error).code, error)

    def test_fault_of_the_service(self):
        self.assertIsNone(usb_errors.to_http(exception.NovaException()))


class TranslatedTestCase(test.NoDBTestCase):

    def _raise(self, error):
        @usb_errors.translated
        def method(self, req):
            raise error

        req = webob.Request.blank('/')
        req.environ['nova.context'] = nova_context.get_admin_context()
        method(None, req)

    def test_translates(self):
        self.assertRaises(
            webob.exc.HTTPConflict, self._raise,
            usb_exception.UsbDeviceAbsent(device='D'))

    def test_refusal_by_policy_passes(self):
        self.assertRaises(
            exception.PolicyNotAuthorized, self._raise,
            exception.PolicyNotAuthorized(action='A'))

    def test_fault_of_the_service_passes(self):
        self.assertRaises(exception.NovaException, self._raise,
                          exception.NovaException())
        self.assertRaises(ZeroDivisionError, self._raise,
                          ZeroDivisionError())

    def test_result_passes(self):
        method = usb_errors.translated(lambda self, req: 3)
        self.assertEqual(3, method(None, None))
