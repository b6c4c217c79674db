# SPDX-License-Identifier: Apache-2.0
"""``nova-manage usb``: the way back to a Nova without USB passthrough."""

from nova.cmd import common as cmd_common
from nova.compute.usb import removal
from nova import context as nova_context
from nova.i18n import _


class UsbCommands(object):
    """Commands for USB passthrough."""

    description = _('Manage USB passthrough.')

    @cmd_common.action_description(
        "Take USB passthrough out of the cloud, so that a Nova without it "
        "can be installed. Run it while the services still have it.")
    @cmd_common.args(
        '--force', action='store_true', dest='force', default=False,
        help='Detach what servers still hold. Without this option nothing '
             'is changed while a server holds a device.')
    def remove(self, force=False):
        """Take USB passthrough out of the cloud.

        Return codes:

        * 0: All of it is gone.
        * 1: A cell's database, or Placement, does not do its part; run it
          again.
        * 2: Servers hold devices, which are named; nothing was changed.
        * 3: All is gone from databases and Placement; but guests that are
          named keep a device until they are rebooted hard, or nova-compute
          of hosts that are named has to be restarted.
        """
        context = nova_context.get_admin_context()
        work = removal.Removal(context, say=print)
        held = work.held()
        if work.failed:
            # What the servers of a cell hold is not known.
            return 1
        if held and not force:
            for device in held:
                print(_('%(device)s (%(status)s) on host %(host)s: server '
                        '%(server)s') % {
                            'device': device.uuid, 'status': device.status,
                            'host': device.host,
                            'server': device.instance_uuid})
            print(_('Servers hold these USB devices. Detach them, or give '
                    '--force. Nothing was changed.'))
            return 2
        work.detach(held)
        work.withdraw()
        work.drop_tables()
        if work.failed:
            return 1
        if work.left:
            return 3
        print(_('USB passthrough is removed. Install a Nova without it on '
                'all hosts now.'))
        return 0
