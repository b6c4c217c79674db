# SPDX-License-Identifier: Apache-2.0
"""Placement as tests watch it, and as it is when it does not answer."""

import fixtures
from keystoneauth1 import exceptions as ks_exc

from nova.scheduler.client import report

CLIENT = 'nova.scheduler.client.report.SchedulerReportClient.'


class PlacementRequests(fixtures.Fixture):
    """All that is asked of Placement, by whoever asks.

    To be used after the fixture that puts Placement in its place.

    :ivar seen: list of verb and path
    :ivar before: callable that takes both, called before each is sent
    :ivar away: whether nobody answers
    """

    def _setUp(self):
        self.seen = []
        self.before = lambda verb, url: None
        self.away = False
        for verb in ('get', 'post', 'put', 'delete'):
            real = getattr(report.SchedulerReportClient, verb)
            self.useFixture(fixtures.MonkeyPatch(
                CLIENT + verb, self._watched(verb, real)))

    def _watched(self, verb, real):
        def request(client, url, *args, **kwargs):
            self.seen.append((verb, url))
            self.before(verb, url)
            if self.away:
                raise ks_exc.ConnectFailure('Placement is away')
            return real(client, url, *args, **kwargs)
        return request
