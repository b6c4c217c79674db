# SPDX-License-Identifier: Apache-2.0
"""What Nova's registration of objects calls for USB passthrough.

``nova.objects`` itself imports this, before it is complete: so nothing of
Nova's may be imported here at the top.
"""

import wrapt


@wrapt.decorator
def registered(wrapped, instance, args, kwargs):
    """Register our objects after all of Nova's.

    On ``nova.objects.register_all``.
    """
    result = wrapped(*args, **kwargs)
    __import__('nova.objects.usb_device')
    return result
