# SPDX-License-Identifier: Apache-2.0
"""The states of a USB device's record and the ways between them.

::

    available --claim--> attaching --finish_attach--> attached
        ^                    |                         |   ^
        |                 release            begin_detach  abort_detach
        |                    |                         v   |
        +--------------------+---------release------- detaching

``keep`` leads the same way as ``finish_attach``: it is for a device that the
guest may have although its attach failed.

A ``blocked`` device, like an ``available`` one, belongs to no server, but it
may not be claimed.  Whether a device is plugged in is a separate fact
(``present``): an attached device that is pulled out still belongs to its
server.
"""

AVAILABLE = 'available'
ATTACHING = 'attaching'
ATTACHED = 'attached'
DETACHING = 'detaching'
BLOCKED = 'blocked'

ALL = (AVAILABLE, ATTACHING, ATTACHED, DETACHING, BLOCKED)

#: The states in which a device belongs to a server.
CLAIMED = (ATTACHING, ATTACHED, DETACHING)

#: The states in which an attach or a detach is under way.
UNDER_WAY = (ATTACHING, DETACHING)

#: The states in which a device belongs to no server.
FREE = (AVAILABLE, BLOCKED)

#: The states that each verb comes from, and the one that it leads to. ``None``
#: means that it leads to ``available`` or ``blocked``, depending on the other
#: columns of the record.
TRANSITIONS = {
    'claim': ((AVAILABLE,), ATTACHING),
    'finish_attach': ((ATTACHING,), ATTACHED),
    'keep': ((ATTACHING,), ATTACHED),
    'begin_detach': ((ATTACHED,), DETACHING),
    'abort_detach': ((DETACHING,), ATTACHED),
    'release': (CLAIMED, None),
}
