# SPDX-License-Identifier: Apache-2.0
"""How a compute host starts, reports, and what is wrong with it."""

import fixtures

from nova.objects import usb_device as usb_obj
from nova.tests.functional.usb import base
from nova.usb import exception as usb_exception


class StartTest(base.UsbTestBase):

    def _assert_does_not_start(self, *words):
        error = self.assertRaises(
            SystemExit, self.restart_compute_service, self.compute)
        line = str(error.code)
        self.assertNotIn('\n', line)
        for word in words:
            self.assertIn(word, line)

    def test_device_spec_that_is_no_json(self):
        self.flags(device_spec=['{vendor'], group='usb')
        self._assert_does_not_start('device_spec', '{vendor')

    def test_device_spec_with_an_unknown_key(self):
        self.flags(device_spec=['{"vendor": "0781"}'], group='usb')
        self._assert_does_not_start('device_spec', '"vendor"')

    def test_simulation_that_cannot_be_read(self):
        self.flags(simulated_devices=self.devices_path + '.gone',
                   group='usb')
        error = self.assertRaises(
            SystemExit, self.restart_compute_service, self.compute,
            keep_hypervisor_state=False)
        self.assertIn('devices.json.gone', str(error.code))

    def test_device_spec(self):
        self.flags(device_spec=['{"vendor_id": "0781"}'], group='usb')
        self.compute = self.restart_compute_service(self.compute)
        self.assertEqual('available', self.device('1-1').status)
        twin = self.device('1-2.1')
        self.assertEqual('blocked', twin.status)
        self.assertIn('device_spec', twin.blocked_reason)

    def test_not_enabled(self):
        self.flags(enabled=False, group='usb')
        server = self.boot()
        self.compute = self.restart_compute_service(self.compute)
        self.unplug('1-1')
        self.scan()
        # It scans no more, and says why it attaches nothing.
        self.assertIn('1-1', self.present())
        code, body = self.attach(server, id=self.device('1-1').uuid)
        self.assertEqual(501, code, body)
        self.assertIn('[usb] enabled', str(body))
        self.assertEqual('available', self.device('1-1').status)

    def test_the_task_is_run(self):
        tasks = dict(self.compute.manager._periodic_tasks)
        self.assertIn('report_usb_devices', tasks)
        self.unplug('1-1')
        tasks['report_usb_devices'](self.compute.manager, self.context)
        self.assertNotIn('1-1', self.present())


class TwoReportersTest(base.UsbTestBase):
    """Two nova-computes with one host name, by mistake."""

    def test_the_newer_one_reports(self):
        old = self.compute.manager.usb
        self.compute = self.restart_compute_service(self.compute)
        new = self.compute.manager.usb
        # The first time each takes the other's report for one that came
        # late, and reports again; the second time one of them leaves.
        for _n in range(4):
            old.reconciler.reconcile(self.context, everything=True)
            new.reconciler.reconcile(self.context, everything=True)
        self.assertIsInstance(old.unsupported,
                              usb_exception.UsbReportSuperseded)
        self.assertIsNone(new.unsupported)
        before = self.stdlog.logger.output
        self.assertEqual(1, before.count('Another nova-compute reports'))
        self.unplug('1-1')
        for _n in range(3):
            old.reconcile(self.context)
        self.assertIn('1-1', self.present())
        self.assertEqual(1, self.stdlog.logger.output.count(
            'Another nova-compute reports'))
        self.scan()
        self.assertNotIn('1-1', self.present())

    def test_answer_to_the_first_report_is_lost(self):
        real = usb_obj.UsbDeviceList.report
        lost = []

        def report(*args, **kwargs):
            answer = real(*args, **kwargs)
            if not lost:
                lost.append(True)
                raise RuntimeError('lost')
            return answer

        with fixtures.MockPatch(
                'nova.objects.usb_device.UsbDeviceList.report',
                side_effect=report):
            self.compute = self.restart_compute_service(self.compute)
            self.scan()
        self.assertTrue(lost)
        self.assertIsNone(self.compute.manager.usb.unsupported)
        self.unplug('1-1')
        self.scan()
        self.assertNotIn('1-1', self.present())


class NotSyncedTest(base.UsbTestBase):
    """The operator forgot ``nova-manage db sync``."""

    def setUp(self):
        super(NotSyncedTest, self).setUp()
        self.server = self.boot()
        base.drop_tables(self.context)

    def test_api_says_so(self):
        path = '/servers/%s/os-usb-devices' % self.server['id']
        for method, path, body in (
                ('GET', '/os-usb-devices', None),
                ('GET', path, None),
                ('POST', path, {'usb_device': {
                    'vendor_id': '0781', 'product_id': '5567'}})):
            code, answer = self.request(method, path, body)
            self.assertEqual(503, code, answer)
            self.assertIn('nova-manage db sync', str(answer))

    def test_compute_says_so_once_and_goes_on(self):
        self.compute = self.restart_compute_service(self.compute)
        for _n in range(3):
            self.scan()
        self.assertEqual(1, self.stdlog.logger.output.count(
            'USB devices were not reported'))
        self.assertIn("Run 'nova-manage db sync'", self.stdlog.logger.output)

    def test_servers_live_and_die(self):
        self._reboot_server(self.server, hard=True)
        self._suspend_server(self.server)
        self._resume_server(self.server)
        self._stop_server(self.server)
        self._start_server(self.server)
        self._shelve_server(self.server)
        self._unshelve_server(self.server)
        self._delete_server(self.server)
