# SPDX-License-Identifier: Apache-2.0
"""What is asked of libvirt without Nova.

``domains.py check`` fails with libvirt's own words when this user may not
use it; ``domains.py forget PREFIX`` ends the servers whose names begin so.
"""

import sys

import libvirt

URI = 'qemu:///system'


def forget(connection, prefix):
    for domain in connection.listAllDomains():
        if domain.name().startswith(prefix):
            if domain.isActive():
                domain.destroy()
            domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)


def main(verb, *arguments):
    try:
        connection = libvirt.open(URI)
        if verb == 'forget':
            forget(connection, *arguments)
        connection.close()
    except libvirt.libvirtError:
        # It has said why, on standard error.
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
