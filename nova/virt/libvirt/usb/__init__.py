# SPDX-License-Identifier: Apache-2.0
"""USB passthrough with libvirt and QEMU."""
