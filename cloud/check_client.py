# SPDX-License-Identifier: Apache-2.0
"""The steps of the check that are about clients: several, and openstack."""

from concurrent import futures
import json
import subprocess

from cloud import compute
from cloud import errors
from cloud import process

TIMEOUT = 180


def at_once(count, request):
    """Send a request several times at once.

    :param count: how many times
    :param request: callable that sends it
    :returns: list of what it returned
    """
    with futures.ThreadPoolExecutor(count) as pool:
        waiting = [pool.submit(request) for _ in range(count)]
        return [future.result() for future in waiting]


def openstack(settings, cloud, *words):
    """Run the openstack command with the clouds.yaml of the cloud.

    :param settings: Settings
    :param cloud: an entry of clouds.yaml
    :param words: the command's words
    :returns: what it printed, as JSON when it is
    :raises: CloudError when it fails
    """
    command = [settings.tool('openstack'), '--os-cloud', cloud, *words]
    env = process.environment(
        OS_CLIENT_CONFIG_FILE=str(settings.clouds_yaml))
    try:
        done = subprocess.run(command, env=env, capture_output=True,
                              text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise errors.CloudError('openstack %s takes longer than %d seconds'
                                % (' '.join(words), TIMEOUT)) from error
    if done.returncode:
        raise errors.CloudError('openstack %s ends with status %d: %s' % (
            ' '.join(words), done.returncode, done.stderr.strip()))
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout


def command_line(scene):
    def member(*words):
        return openstack(scene.settings, 'member', *words)

    member('server', 'create', '--flavor', compute.FLAVOR, '--image',
           compute.IMAGE, '--nic', 'none', '--wait', 'by-command')
    shown = member('server', 'show', '-f', 'json', 'by-command')
    if shown['status'] != 'ACTIVE':
        raise errors.CloudError('openstack server show: status %s, should '
                                'be ACTIVE' % shown['status'])
    member('server', 'delete', '--wait', 'by-command')
    left = member('server', 'list', '-f', 'json')
    if left:
        raise errors.CloudError('openstack server list: %s, should be empty'
                                % left)
    return 'the openstack command creates, shows and deletes a server'
