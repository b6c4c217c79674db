# SPDX-License-Identifier: Apache-2.0
"""What tests of USB put in the place of hardware, libvirt and brokers.

Not in nova/tests/fixtures: that is a module until 23.x, and a package of
ours would hide behind it.
"""
