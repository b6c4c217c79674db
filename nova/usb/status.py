# SPDX-License-Identifier: Apache-2.0
"""The states of a USB device's record and the ways between them.

::

    available --claim--> attaching --finish_attach--> attached
        ^                    |                         |   ^
        |                 release            begin_detach  abort_detach
        |                    |                         v   |
        +--------------------+---------release------- detaching

``blocked`` stands beside ``available``: the device is nobody's and may not
be claimed.  Whether a device is plugged in is a separate fact
(``present``): an attached device that is pulled out stays its server's.
"""

AVAILABLE = 'available'
ATTACHING = 'attaching'
ATTACHED = 'attached'
DETACHING = 'detaching'
BLOCKED = 'blocked'

ALL = (AVAILABLE, ATTACHING, ATTACHED, DETACHING, BLOCKED)

#: The states in which a device belongs to a server.
CLAIMED = (ATTACHING, ATTACHED, DETACHING)

#: The states in which somebody is at work on it.
UNDER_WAY = (ATTACHING, DETACHING)

#: The states in which a device is nobody's.
FREE = (AVAILABLE, BLOCKED)

#: What each verb comes from and goes to.  ``None`` as goal: free, that is
#: available or blocked, as the record's other columns say.
TRANSITIONS = {
    'claim': ((AVAILABLE,), ATTACHING),
    'finish_attach': ((ATTACHING,), ATTACHED),
    'begin_detach': ((ATTACHED,), DETACHING),
    'abort_detach': ((DETACHING,), ATTACHED),
    'release': (CLAIMED, None),
}
