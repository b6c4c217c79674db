# SPDX-License-Identifier: Apache-2.0
"""The metrics, the dashboard and the alert rules."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile

import prometheus_client
from prometheus_client import parser
import testtools

from novausb.exporter import collector
from novausb.exporter import command
from novausb.exporter import metrics
from novausb.sdk import usb_device
from tests.unit import fake_nova

RULES = command.MONITORING / 'usb-alerts.yaml'
DASHBOARD = command.MONITORING / 'usb-dashboard.json'
CASES = pathlib.Path(__file__).parent / 'usb-alerts-cases.yaml'
PROMTOOL = shutil.which('promtool')


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class ExporterTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.nova = self.useFixture(fake_nova.FakeNova(
            fake_nova.device(1),
            fake_nova.device(2),
            fake_nova.device(3, device_class='03', status='blocked',
                             disabled=True),
            fake_nova.device(4, status='attached', present=False,
                             instance_uuid=fake_nova.SERVER)))
        self.clock = Clock()
        self.registry = prometheus_client.CollectorRegistry()
        self.registry.register(collector.UsbCollector(
            self.nova.connection(), 15, self.clock))

    def scrape(self):
        """The metrics, as {name: {labels: value}}."""
        text = prometheus_client.generate_latest(self.registry).decode()
        found = {}
        for family in parser.text_string_to_metric_families(text):
            found.setdefault(family.name, {})
            for sample in family.samples:
                labels = tuple(sorted(sample.labels.items()))
                found[family.name][labels] = sample.value
        return found


class TestCollector(ExporterTestCase):

    def test_devices(self):
        counted = {
            (labels['status'], labels['device_class'], labels['present'],
             labels['disabled']): value
            for labels, value in (
                (dict(labels), value) for labels, value in
                self.scrape()['nova_usb_devices'].items())}
        self.assertEqual({
            ('available', '08', 'true', 'false'): 2,
            ('blocked', '03', 'true', 'true'): 1,
            ('attached', '08', 'false', 'false'): 1}, counted)

    def test_gone(self):
        (labels,) = self.scrape()['nova_usb_device_gone']
        self.assertEqual({
            'id': self.nova.devices[3]['id'], 'host': 'compute',
            'port_path': '1-1', 'vendor_id': '0781', 'product_id': '5581',
            'instance_uuid': fake_nova.SERVER}, dict(labels))

    def test_hosts(self):
        self.nova.services.append(dict(
            self.nova.services[0], host='without-usb', id='2'))
        self.nova.services[0]['state'] = 'down'
        found = self.scrape()
        host = (('host', 'compute'),)
        self.assertEqual({host: 0}, found['nova_usb_host_up'])
        self.assertEqual(
            {host: 1795241400.0},
            found['nova_usb_host_heartbeat_timestamp_seconds'])

    def test_one_request_for_each_page_and_interval(self):
        self.nova.page = 3
        for _scrape in range(3):
            self.scrape()
        self.assertEqual(2, len(self.nova.requests))
        self.clock.now += 14
        self.scrape()
        self.assertEqual(2, len(self.nova.requests))
        self.clock.now += 1
        self.scrape()
        self.assertEqual(4, len(self.nova.requests))

    def test_api_fails(self):
        self.assertEqual({(): 1}, self.scrape()['nova_usb_api_up'])
        self.nova.refuse = fake_nova.Refusal(403, 'No.')
        self.clock.now += 15
        found = self.scrape()
        self.assertEqual({(): 0}, found['nova_usb_api_up'])
        self.assertNotIn('nova_usb_devices', found)
        self.clock.now += 15
        self.nova.refuse = None
        self.assertEqual({(): 1}, self.scrape()['nova_usb_api_up'])

    def test_no_administrator(self):
        for device in self.nova.devices:
            del device['host']
        self.assertEqual({(): 0}, self.scrape()['nova_usb_api_up'])

    def test_no_devices(self):
        self.nova.devices.clear()
        found = self.scrape()
        self.assertEqual({(): 1}, found['nova_usb_api_up'])
        self.assertEqual({}, found['nova_usb_devices'])


class TestClass(testtools.TestCase):

    def test_table(self):
        for device_class, interfaces, expected in (
                ('00', ['08'], '08'),
                ('00', ['08', '08'], '08'),
                ('00', ['03', '08'], 'composite'),
                ('ef', ['0e', '01'], 'composite'),
                ('09', [], '09'),
                ('00', [], '00'),
                (None, None, '00')):
            device = usb_device.UsbDevice(
                device_class=device_class, interface_classes=interfaces)
            self.assertEqual(expected, metrics.class_of(device))


class TestMonitoring(ExporterTestCase):

    def expressions(self):
        """All PromQL of the dashboard, its variable filled in."""
        dashboard = json.loads(DASHBOARD.read_text())
        return [target['expr'].replace('$host', '.*')
                for panel in dashboard['panels']
                for target in panel['targets']]

    def test_names(self):
        exported = set(self.scrape())
        used = set(re.findall(r'nova_usb_\w+', ' '.join(
            self.expressions() + [RULES.read_text()])))
        self.assertEqual(set(), used - exported)
        self.assertEqual(set(), exported - used)

    def promtool(self, *words):
        if PROMTOOL is None:
            self.skipTest('There is no promtool; on Debian it comes with '
                          'the package prometheus.')
        done = subprocess.run([PROMTOOL, *map(str, words)], text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual(0, done.returncode, done.stdout)

    def test_rules(self):
        self.promtool('check', 'rules', RULES)

    def test_rules_fire(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(RULES, folder)
            shutil.copy(CASES, folder)
            self.promtool('test', 'rules', pathlib.Path(folder) / CASES.name)

    def test_dashboard(self):
        rules = {'groups': [{'name': 'dashboard', 'rules': [
            {'record': 'panel:%d' % number, 'expr': expression}
            for number, expression in enumerate(self.expressions())]}]}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'dashboard.yaml'
            # JSON is YAML.
            path.write_text(json.dumps(rules))
            self.promtool('check', 'rules', path)
