# SPDX-License-Identifier: Apache-2.0
"""The step of the check that is about the openstack command."""

import json

from cloud import errors
from cloud import seed
from toolbox import commands

# Seconds for one command; on a busy machine Python alone takes many.
TIMEOUT = 600


def openstack(settings, cloud, *words):
    """Run the openstack command with the clouds.yaml of the cloud.

    :param settings: Settings
    :param cloud: an entry of clouds.yaml
    :param words: the command's words
    :returns: what it printed, as JSON when it is
    :raises: Failure when it fails
    """
    printed = commands.output(
        [settings.tool('openstack'), '--os-cloud', cloud, *words], TIMEOUT,
        errors_too=False, env=commands.environment(
            OS_CLIENT_CONFIG_FILE=str(settings.clouds_yaml)))
    try:
        return json.loads(printed)
    except ValueError:
        return printed


def command_line(scene):
    def member(*words):
        return openstack(scene.settings, 'member', *words)

    member('server', 'create', '--flavor', seed.FLAVOR, '--image',
           seed.IMAGE, '--nic', 'none', '--wait', 'by-command')
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
