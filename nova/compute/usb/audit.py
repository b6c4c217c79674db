# SPDX-License-Identifier: Apache-2.0
"""Who did what with a USB device: one line of the log each."""

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


def log(context, deed, device, **facts):
    """Log what a user has done with a device.

    :param context: the RequestContext of the user's request
    :param deed: what was done, a verb: 'attached'
    :param device: UsbDevice
    :param facts: what else there is to say
    """
    said = ''.join(', %s %s' % (name, '-' if value is None else value)
                   for name, value in sorted(facts.items()))
    LOG.info('Audit: USB device %(device)s (%(vendor)s:%(product)s on host '
             '%(host)s) %(deed)s by user %(user)s of project %(project)s, '
             'request %(request)s%(facts)s',
             {'device': device.uuid, 'vendor': device.vendor_id,
              'product': device.product_id, 'host': device.host,
              'deed': deed, 'user': context.user_id,
              'project': context.project_id,
              'request': context.request_id, 'facts': said})
