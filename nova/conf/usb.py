# SPDX-License-Identifier: Apache-2.0
"""Options of USB passthrough, group ``[usb]``."""

from oslo_config import cfg

usb_group = cfg.OptGroup(
    'usb',
    title='USB passthrough',
    help="""
The USB devices that are plugged into compute hosts, and how servers get
them.  All of these are read by nova-compute; nova-api reads only those that
say so.
""")

usb_opts = [
    cfg.BoolOpt(
        'enabled',
        default=True,
        help="""
Offer this host's USB devices to the cloud.

When this is false nova-compute scans nothing and refuses to attach devices;
those that servers hold already stay theirs.
"""),
    cfg.MultiStrOpt(
        'device_spec',
        default=[],
        help="""
Which USB devices of this host are offered, as JSON.

May be given more than once; each value is an object or a list of objects.
Keys: ``vendor_id``, ``product_id`` (four hexadecimal digits), ``serial``,
``class`` (two hexadecimal digits; matches the device's class and those of its
interfaces), ``controller`` (the PCI address of the host controller,
``0000:00:14.0``, or its path in ``/sys/devices`` where it is no PCI device,
``platform/vhci_hcd.0``), ``port_path`` (as the kernel names it, ``1-1.4``:
the number of the bus, and the ports on the way to the device).  The kernel
numbers buses in the order in which it finds them, which may be another one
after each boot; to name a port for good, write ``"controller":
"0000:00:14.0", "port_path": "*-1.4"``.  A value may hold the wildcards ``*``
and ``?``.  ``"deny": true`` makes an entry one
that keeps devices back; those win over all others.  ``resource_class`` and
``traits`` say how matching devices show in Placement.

Without any entry that is not a ``deny``, every device is offered that the
host does not use itself.  Hubs are never offered.

Example::

    device_spec = {"vendor_id": "0529", "resource_class": "CUSTOM_DONGLE"}
    device_spec = [{"class": "08"}, {"vendor_id": "0781", "deny": true}]
"""),
    cfg.IntOpt(
        'scan_interval',
        default=30,
        min=1,
        help="""
Seconds between two scans of this host's USB devices.

The kernel's events make a scan start at once; this is how long a lost event
can go unnoticed.  A scan that finds nothing new sends no message and writes
nothing.
"""),
    cfg.IntOpt(
        'absent_grace_time',
        default=300,
        min=0,
        help="""
Seconds for which the record of a device that no server holds outlives its
device, with its uuid.  Many devices leave the bus for a moment: when a guest
lets go of them, after a reset, while their firmware is replaced.

A record that an administrator changed (a grant, ``disabled``, a description)
stays whatever this says, until it is deleted through the API.  Read by
nova-conductor.
"""),
    cfg.FloatOpt(
        'event_settle_time',
        default=0.3,
        min=0.0,
        help="""
Seconds for which nova-compute lets the kernel's USB events settle before it
scans, so that a burst of events (a hub with ten devices) makes one scan.
"""),
    cfg.IntOpt(
        'detach_timeout',
        default=20,
        min=1,
        help="""
Seconds that a guest is given to let go of a USB device.
"""),
    cfg.BoolOpt(
        'guest_controller',
        default=True,
        help="""
Give every server that starts on this host a USB 3 controller (``qemu-xhci``
with 15 ports), so that USB devices can be attached while it runs.

When this is false, only servers that hold USB devices when they start get
one, and others may have no free USB port, or no USB at all: an attach is
then refused with 409 until the server was hard rebooted.  The controller
stands behind all PCI devices that libvirt places, which keep the addresses
that they have without it.  Machine types for which no such place is known
(all but ``pc``, ``q35`` and ``virt``) are treated as if this were false, and a
flavor or an image with ``hw:usb_model=none`` gets none.  Hosts without USB
never add it.  Used by the libvirt driver.
"""),
    cfg.IntOpt(
        'rpc_timeout',
        default=60,
        min=1,
        help="""
Seconds that nova-api waits for nova-compute to attach or detach a device.
Read by nova-api.  It should be longer than ``detach_timeout``.  nova-compute
reads it too: an attach or detach that it has seen under way for twice as long
is one that nobody waits for any more, and is taken back.  So it should have
the same value everywhere.
"""),
    cfg.StrOpt(
        'live_migration',
        default='refuse',
        choices=[
            ('refuse', 'Answer 409 and name the devices.'),
            ('detach', 'Detach them first and say which they were.'),
        ],
        help="""
What a live migration does with the USB devices of the server.  Read by
nova-api.
"""),
    cfg.StrOpt(
        'simulated_devices',
        help="""
SIMULATION, for development and for trying the API: the path of a JSON file
with the USB devices that this host pretends to have.

Only with Nova's fake driver (``compute_driver = fake.FakeDriver`` and its
like), which has no hypervisor; with any other driver nova-compute refuses
to start.  The file is read again at each scan: adding an entry is plugging
a device in.  It holds a list of objects with ``vendor_id``,
``product_id``, ``port_path``, ``bus_number``, ``device_number`` and
optionally ``serial``, ``manufacturer``, ``product``, ``device_class``,
``interface_classes``, ``speed``, ``controller``, ``bcd_device`` and
``host_use``; or an object with such a list for each host's name.
"""),
]


def register_opts(conf):
    conf.register_group(usb_group)
    conf.register_opts(usb_opts, group=usb_group)


def list_opts():
    return {usb_group: usb_opts}
