# SPDX-License-Identifier: Apache-2.0
"""A cloud without USB in one process, timed; runs on plain Nova as well."""

import json
import os
import statistics
import tempfile

import sqlalchemy as sa

from bench import measure
from nova import context as nova_context
from nova import objects
from nova.scheduler.client import report
from nova.tests.functional import integrated_helpers

LISTED = 1000
PERIODIC = 50
BOOTS = 5
ROUNDS = 10


class UnusedTest(integrated_helpers._IntegratedTestBase):
    """Upstream's harness: its fake driver, a real Placement."""

    microversion = 'latest'
    CAST_AS_CALL = False

    def setUp(self):
        self.flags(compute_driver='fake.MediumFakeDriver')
        self.flags(instances=-1, cores=-1, ram=-1, group='quota')
        try:
            # The grafted one: a host that could pass devices through.
            with tempfile.NamedTemporaryFile('w', delete=False) as devices:
                devices.write('[]')
            self.addCleanup(os.remove, devices.name)
            self.flags(simulated_devices=devices.name, group='usb')
        except Exception as e:
            self.assertIn('usb', str(e))
        super().setUp()
        self.context = nova_context.get_admin_context()
        nova_context.set_target_cell(
            self.context, self.cell_mappings['cell1'])
        self.asked = 0
        for engine in ('before_cursor_execute',):
            sa.event.listen(sa.engine.Engine, engine, self._count)
            self.addCleanup(
                sa.event.remove, sa.engine.Engine, engine, self._count)
        self.placement_requests = 0
        real = report.SchedulerReportClient.get

        def get(*args, **kwargs):
            self.placement_requests += 1
            return real(*args, **kwargs)

        self.stub_out(
            'nova.scheduler.client.report.SchedulerReportClient.get', get)

    def _count(self, *args):
        self.asked += 1

    def _servers(self, like, number):
        names = {'host', 'node', 'compute_id', 'project_id', 'user_id',
                 'vm_state', 'task_state', 'flavor', 'image_ref',
                 'display_name'} & set(like.fields)
        for _server in range(number):
            objects.Instance(
                self.context, system_metadata={},
                **{name: getattr(like, name) for name in names}).create()

    def _boot_and_delete(self):
        server = self._create_server(networks='none')
        self._delete_server(server)

    def _list(self):
        found = self.admin_api.api_get(
            '/servers/detail?all_tenants=1&limit=1000').body['servers']
        self.assertEqual(LISTED, len(found))

    def _periodics(self):
        """All periodic tasks, whatever their spacing."""
        manager = self.compute.manager
        for _name, task in manager._periodic_tasks:
            task(manager, self.context)

    def test_costs(self):
        results = {}

        def timed(name, func, rounds):
            func()
            results[name] = statistics.median(
                measure.seconds(func) for _round in range(rounds))

        timed('boot and delete', self._boot_and_delete, BOOTS)
        like = objects.Instance.get_by_uuid(
            self.context, self._create_server(networks='none')['id'],
            expected_attrs=['flavor'])
        self._servers(like, PERIODIC - 1)
        timed('periodic tasks with 50 servers', self._periodics, ROUNDS)
        self.asked = self.placement_requests = 0
        self._periodics()
        results['number of SQL statements of those'] = self.asked
        results['number of requests to Placement'] = self.placement_requests
        self._servers(like, LISTED - PERIODIC)
        timed('list of 1,000 servers', self._list, ROUNDS)
        with open(os.environ['USB_BENCH_OUT'], 'w') as target:
            json.dump(results, target)
