# SPDX-License-Identifier: Apache-2.0
"""From what goes wrong with USB devices to what HTTP says of it."""

import functools

from oslo_db import exception as db_exc
from oslo_log import log as logging
import webob.exc

from nova import exception
from nova.i18n import _

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


def to_http(error):
    """The answer to a request that ended in an exception.

    :param error: a NovaException
    :returns: a webob exception, or None for an error of the service itself
    """
    code = _code(error)
    if code not in EXPECTED:
        return None
    return webob.exc.status_map[code](explanation=error.format_message())


def translated(method):
    """Decorates a controller's method, innermost: says errors in HTTP.

    Refusals by policy pass as they are: Nova's own layers answer those.
    """
    @functools.wraps(method)
    def wrapper(*args, **kwargs):
        try:
            return method(*args, **kwargs)
        except exception.Forbidden:
            raise
        except exception.NovaException as e:
            answer = to_http(e)
            if answer is None:
                raise
            raise answer
        except db_exc.DBConnectionError as e:
            LOG.error('A request for USB devices failed: %s', e)
            raise webob.exc.HTTPServiceUnavailable(explanation=_(
                "The database does not answer. Whatever was begun is put "
                "right once it is back; try again then."))
    return wrapper
