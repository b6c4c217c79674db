# SPDX-License-Identifier: Apache-2.0
"""SIMULATION: a mechanism driver of Neutron's ML2 that binds every port.

Nothing is set up for a port: Nova's fake driver plugs none in.  Neutron finds
the driver by the entry point in ``embedded_cloud-0.dist-info``, beside this
file.
"""

from neutron_lib.api.definitions import portbindings
from neutron_lib import constants
from neutron_lib.plugins.ml2 import api


class SimulatedPorts(api.MechanismDriver):
    """Every port is bound, and active at once."""

    def initialize(self):
        """See MechanismDriver; there is nothing to do."""

    def bind_port(self, context):
        """Bind a port to the first segment of its network.

        :param context: neutron_lib.plugins.ml2.api.PortContext
        """
        for segment in context.segments_to_bind:
            context.set_binding(
                segment[api.ID], portbindings.VIF_TYPE_OVS,
                {portbindings.CAP_PORT_FILTER: False},
                status=constants.PORT_STATUS_ACTIVE)
            return
