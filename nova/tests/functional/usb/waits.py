# SPDX-License-Identifier: Apache-2.0
"""The harness's waits, bounded by the clock instead of by a count.

Upstream's helpers look ten times, half a second apart: a test waits up to
half a second for what takes milliseconds, and fails on a busy machine, where
a resize takes longer than those five seconds.
"""

import time

from nova.tests.functional.api import client as api_client

#: Seconds after which something will not happen any more.
PATIENCE = 120
#: Seconds between two looks.
INTERVAL = 0.05


class PatientWaits(object):
    """Goes before a class with upstream's InstanceHelperMixin."""

    def _wait_for_assert(self, assert_func, max_retries=None, sleep=None):
        """Call a function until it raises no AssertionError.

        :param assert_func: callable without arguments
        :param max_retries: is not used; upstream's callers pass it
        :param sleep: is not used either
        :returns: what the function returns
        """
        end = time.monotonic() + PATIENCE
        while True:
            late = time.monotonic() > end
            try:
                return assert_func()
            except AssertionError:
                if late:
                    raise
            time.sleep(INTERVAL)

    def _wait_for_server_parameter(self, server, expected_params,
                                   max_retries=None, **kwargs):
        once = super(PatientWaits, self)._wait_for_server_parameter
        # With one try upstream's helper looks once and does not sleep.
        return self._wait_for_assert(lambda: once(
            server, expected_params, max_retries=1, **kwargs))

    def _wait_until_deleted(self, server):
        was_broken = server.get('status') == 'ERROR'

        def gone():
            try:
                status = self.api.get_server(server['id'])['status']
            except api_client.OpenStackApiNotFoundException:
                return True
            return status == 'ERROR' and not was_broken and status

        def ended():
            outcome = gone()
            self.assertTrue(outcome, 'the server is still there')
            return outcome

        self.assertIs(True, self._wait_for_assert(ended),
                      'the server went to ERROR instead of disappearing')
