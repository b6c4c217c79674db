# SPDX-License-Identifier: Apache-2.0
"""From what goes wrong with USB devices to what HTTP says of it."""

import functools

from oslo_db import exception as db_exc
from oslo_log import log as logging
import webob.exc

from nova import exception
from nova.i18n import _
from nova.policies import usb_devices as policies
from nova.usb import exception as usb_exception

LOG = logging.getLogger(__name__)

#: All that the USB calls answer with, besides success.
EXPECTED = (400, 403, 404, 409, 501, 503)

#: Exceptions of Nova whose own ``code`` is not what its API answers with.
_CODES = (
    (exception.InstanceInvalidState, 409),  # and InstanceIsLocked
    (exception.InstanceNotReady, 409),
    (exception.ServiceUnavailable, 409),  # of a compute host, not the API
    (exception.HostMappingNotFound, 409),
    (exception.HostNotFound, 409),  # only a server's or a device's is asked
    (exception.MarkerNotFound, 400),
)


def _code(error):
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return error.code


#: Exceptions of Nova whose messages name hosts.
_OF_HOSTS = (exception.ServiceUnavailable, exception.HostMappingNotFound,
             exception.HostNotFound)


def _message(error, everything):
    if everything:
        return error.format_message()
    if isinstance(error, _OF_HOSTS):
        return _("The compute service of the server does not answer. Try "
                 "again later.")
    return usb_exception.message_for_tenant(error)


def to_http(error, everything=True):
    """The answer to a request that ended in an exception.

    :param error: a NovaException
    :param everything: whether the caller is told of hosts and cells
    :returns: a webob exception, or None for an error of the service itself
    """
    code = _code(error)
    if code not in EXPECTED:
        return None
    return webob.exc.status_map[code](explanation=_message(error, everything))


def translated(method):
    """Decorates a controller's method, innermost: says errors in HTTP.

    Refusals by policy pass as they are: Nova's own layers answer those.
    """
    @functools.wraps(method)
    def wrapper(self, req, *args, **kwargs):
        try:
            return method(self, req, *args, **kwargs)
        except exception.Forbidden:
            raise
        except exception.NovaException as e:
            everything = policies.sees_all(req.environ['nova.context'])
            if not everything:
                LOG.info('A request for USB devices was refused: %s', e)
            answer = to_http(e, everything)
            if answer is None:
                raise
            raise answer
        except db_exc.DBConnectionError as e:
            LOG.error('A request for USB devices failed: %s', e)
            raise webob.exc.HTTPServiceUnavailable(explanation=_(
                "The database does not answer. Whatever was begun is put "
                "right once it is back; try again then."))
    return wrapper
