# SPDX-License-Identifier: Apache-2.0
"""Which projects Keystone knows, as far as nova-api asks it."""

from unittest import mock

import fixtures
import webob.exc


class ProjectsFixture(fixtures.Fixture):
    """Stands for Keystone in ``verify_project_id``; knows every project.

    :ivar unknown: set of the ids that it does not know
    """

    def __init__(self):
        self.unknown = set()

    def _setUp(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.api.openstack.identity.verify_project_id',
            mock.Mock(side_effect=self._verify)))

    def _verify(self, context, project_id):
        if project_id in self.unknown:
            raise webob.exc.HTTPBadRequest(
                explanation='Project ID %s is not a valid project.'
                % project_id)
        return True
