# SPDX-License-Identifier: Apache-2.0
"""A user of the cloud: everything by HTTP with a Keystone token."""

from cloud import sdk
from lab import errors
from lab import volley
from toolbox import waiting

USB = '/os-usb-devices'


class User:
    """One person with a token.

    :param settings: lab.settings.LabSettings
    :param cloud: the person's entry in clouds.yaml
    """

    def __init__(self, settings, cloud):
        self.name = cloud
        self._connection = sdk.connect(settings, cloud)
        self.project_id = self._connection.current_project_id

    def ask(self, method, service, path, body=None, headers=None,
            microversion=None):
        """Send one request.

        :param service: service type, as openstacksdk calls it
        :param body: bytes as they are; anything else but None as JSON
        :param microversion: another one than cloud.sdk.MICROVERSION
        :returns: requests.Response, whatever its status
        """
        options = {'data' if isinstance(body, bytes) else 'json': body}
        if microversion:
            # None would stand for no microversion, not for the default.
            options['microversion'] = microversion
        return getattr(self._connection, service).request(
            path, method, headers=headers, **options)

    def call(self, method, service, path, body=None, want=200, **options):
        """Send one request that has to succeed.

        :param want: the status that the answer has to have
        :param options: as for `ask`
        :returns: its JSON document, None without one
        :raises: errors.StepFailed
        """
        answer = self.ask(method, service, path, body, **options)
        if answer.status_code != want:
            raise errors.StepFailed(
                '%s %s of %s answered %d and not %d: %s'
                % (method, path, service, answer.status_code, want,
                   answer.text))
        return answer.json() if answer.content else None

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
                     {'rescan': None}, want=204)

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
        endpoint = self._connection.compute.get_endpoint().rstrip('/')
        headers = {
            'Accept': 'application/json',
            'OpenStack-API-Version': 'compute ' + sdk.MICROVERSION,
            'X-Auth-Token': self._connection.auth_token,
        }
        return volley.fire('%s/servers/%s%s' % (endpoint, server_id, USB),
                           headers, {'usb_device': {'id': device_id}}, count)

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
        waiting.wait_for('server %s to be %s' % (server_id, status),
                         reached, timeout, interval=1)

    def console(self, server_id):
        """What the server has written to its console, as far as it is."""
        answer = self.ask('POST', 'compute',
                          '/servers/%s/action' % server_id,
                          {'os-getConsoleOutput': {}})
        # 404 and 409 until there is one.
        return answer.json()['output'] if answer.status_code == 200 else ''

    def delete_server(self, server_id, timeout):
        self.compute('DELETE', '/servers/' + server_id, want=204)
        waiting.wait_for(
            'server %s to be deleted' % server_id,
            lambda: self.ask('GET', 'compute',
                             '/servers/' + server_id).status_code == 404,
            timeout, interval=1)
