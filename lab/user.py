# SPDX-License-Identifier: Apache-2.0
"""A user of the cloud: everything by HTTP with a Keystone token."""

from cloud import rest
from lab import errors
from lab import process
from lab import volley

USB = '/os-usb-devices'


class User:
    """One person with a token.

    :param settings: lab.settings.LabSettings
    :param person: cloud.settings.Person
    """

    def __init__(self, settings, person):
        self.name = person.name
        self._session = rest.log_in(settings, person)
        projects = self.call('GET', 'identity', '/auth/projects')['projects']
        self.project_id, = [project['id'] for project in projects
                            if project['name'] == person.project]

    def ask(self, method, service, path, body=None, headers=None):
        """Send one request.

        :returns: cloud.rest.Answer, whatever its status
        """
        return self._session.request(method, service, path, body, headers)

    def call(self, method, service, path, body=None, want=200, headers=None):
        """Send one request that has to succeed.

        :param want: the status that the answer has to have
        :returns: its JSON document
        :raises: errors.StepFailed
        """
        answer = self.ask(method, service, path, body, headers)
        if answer.status != want:
            raise errors.StepFailed(
                '%s %s of %s answered %d and not %d: %s'
                % (method, path, service, answer.status, want, answer.text))
        return answer.body

    def compute(self, method, path, body=None, want=200):
        return self.call(method, 'compute', path, body, want)

    def devices(self, query=''):
        """The USB devices that this user sees."""
        return self.compute('GET', USB + query)['usb_devices']

    def device(self, device_id):
        return self.compute('GET', '%s/%s' % (USB, device_id))['usb_device']

    def change_device(self, device_id, **fields):
        return self.compute('PUT', '%s/%s' % (USB, device_id),
                            {'usb_device': fields})['usb_device']

    def rescan(self, device_id):
        """Have the device's host look again."""
        self.compute('POST', '%s/%s/action' % (USB, device_id),
                     {'rescan': None}, want=202)

    def attach(self, server_id, device_id):
        """Attach a device; returns when nova-compute has done it.

        :raises: errors.StepFailed
        """
        return self.compute('POST', '/servers/%s%s' % (server_id, USB),
                            {'usb_device': {'id': device_id}})['usb_device']

    def try_attach(self, server_id, device_id):
        """Attach a device; returns the answer, success or not."""
        return self.ask('POST', 'compute', '/servers/%s%s' % (server_id, USB),
                        {'usb_device': {'id': device_id}})

    def attach_at_once(self, server_id, device_id, count):
        """Ask for the same attach many times at one time.

        :returns: the statuses of the answers; see lab.volley.fire
        """
        url = self._session.url('compute',
                                '/servers/%s%s' % (server_id, USB))
        return volley.fire(url, self._session.headers,
                           {'usb_device': {'id': device_id}}, count)

    def detach(self, server_id, device_id):
        self.compute('DELETE', '/servers/%s%s/%s'
                     % (server_id, USB, device_id), want=204)

    def try_detach(self, server_id, device_id):
        """Detach a device; returns the answer, success or not."""
        return self.ask('DELETE', 'compute', '/servers/%s%s/%s'
                        % (server_id, USB, device_id))

    def attached(self, server_id):
        return self.compute('GET', '/servers/%s%s'
                            % (server_id, USB))['usb_devices']

    def boot(self, name, image_id, flavor_id):
        """Create a server; returns its id at once."""
        return self.compute('POST', '/servers', {'server': {
            'name': name, 'imageRef': image_id, 'flavorRef': flavor_id,
            'networks': 'none'}}, want=202)['server']['id']

    def server(self, server_id):
        return self.compute('GET', '/servers/' + server_id)['server']

    def action(self, server_id, **action):
        self.compute('POST', '/servers/%s/action' % server_id, action,
                     want=202)

    def wait_server(self, server_id, status, timeout):
        """Wait until a server has a status and nothing in progress.

        :raises: errors.StepFailed when it goes to ERROR instead
        """
        def reached():
            server = self.server(server_id)
            if server['status'] == 'ERROR' and status != 'ERROR':
                raise errors.StepFailed('The server went to ERROR: %s'
                                        % server.get('fault'))
            return (server['status'] == status and
                    server['OS-EXT-STS:task_state'] is None)
        process.wait_for('server %s to be %s' % (server_id, status),
                         reached, timeout, interval=1)

    def console(self, server_id):
        """What the server has written to its console, as far as it is."""
        answer = self.ask('POST', 'compute',
                          '/servers/%s/action' % server_id,
                          {'os-getConsoleOutput': {}})
        # 404 and 409 until there is one.
        return answer.body['output'] if answer.status == 200 else ''

    def delete_server(self, server_id, timeout):
        self.compute('DELETE', '/servers/' + server_id, want=204)
        process.wait_for(
            'server %s to be deleted' % server_id,
            lambda: self.ask('GET', 'compute',
                             '/servers/' + server_id).status == 404,
            timeout, interval=1)
