# SPDX-License-Identifier: Apache-2.0
"""What the tests of nova-manage have in common."""

import io

import fixtures


class ManageMixin(object):

    def run_manage(self, command, *args, **kwargs):
        """Run a command as nova-manage does.

        :returns: exit code; what it printed is in self.printed
        """
        output = io.StringIO()
        with fixtures.MonkeyPatch('sys.stdout', output):
            code = command(*args, **kwargs)
        self.printed = output.getvalue()
        return code

    def assert_manage(self, expected, command, *args, **kwargs):
        code = self.run_manage(command, *args, **kwargs)
        self.assertEqual(expected, code, self.printed)

    def attached(self, port_path='1-1', **kwargs):
        """A server with one device."""
        server = self.boot(**kwargs)
        code, body = self.attach(server, id=self.device(port_path).uuid)
        self.assertEqual(200, code, body)
        return server

    def assert_attached(self, server, port_path='1-1'):
        device = self.device(port_path)
        self.assertEqual(('attached', server['id']), (
            device.status, device.instance_uuid))
        self.assertIn(device.uuid, self.in_domain(server))
