# SPDX-License-Identifier: Apache-2.0
"""What Nova's registration of objects calls for USB passthrough.

``nova.objects`` imports this module before it is complete itself, so this
module must not import anything of Nova at its top.
"""

import wrapt


@wrapt.decorator
def registered(wrapped, instance, args, kwargs):
    """Register the objects of USB passthrough after all of Nova's.

    Decorates ``nova.objects.register_all``.
    """
    result = wrapped(*args, **kwargs)
    __import__('nova.objects.usb_device')
    return result
