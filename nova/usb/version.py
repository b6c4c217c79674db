# SPDX-License-Identifier: Apache-2.0
"""The version that ``nova-manage --version`` and the services print."""

from importlib import metadata


def version_string():
    """The version of the installed distribution, with the fork's part.

    pbr until 6.x makes 29.4.0.dev1 of 29.4.0+usb.0.1.0, and what Nova asks
    it for cuts the part off.

    :returns: str
    """
    try:
        return metadata.version('nova')
    except metadata.PackageNotFoundError:
        # A source tree that is not installed: pbr asks git.
        from nova import version
        return version.version_info.version_string()
