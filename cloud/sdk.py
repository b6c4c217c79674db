# SPDX-License-Identifier: Apache-2.0
"""Requests to the cloud's services, by openstacksdk.

Only modules that run in the virtual environment may import this one.
"""

import contextlib

from keystoneauth1 import exceptions as auth_exceptions
import openstack
from openstack import config
from openstack import exceptions

from cloud import errors

# A server without network needs 2.37; and all calls use the same.
MICROVERSION = '2.96'
# Seconds for one answer; an attach waits for its host.
TIMEOUT = 300
ERRORS = (exceptions.SDKException, auth_exceptions.ClientException)


def connect(settings, cloud='admin'):
    """Connect as one of the cloud's people; nothing is sent yet.

    :param settings: Settings
    :param cloud: an entry of its clouds.yaml
    :returns: openstack.connection.Connection
    """
    # Nothing that the user has set for clouds elsewhere.
    found = config.OpenStackConfig(
        config_files=[str(settings.clouds_yaml)], load_envvars=False)
    return openstack.connection.Connection(config=found.get_one(
        cloud=cloud, compute_default_microversion=MICROVERSION,
        api_timeout=TIMEOUT))


@contextlib.contextmanager
def explained(what):
    """Have a service's refusal read as an error of this package.

    :param what: what is being done, for the message
    :raises: CloudError
    """
    try:
        yield
    except ERRORS as error:
        raise errors.CloudError('%s: %s' % (what, error)) from error
