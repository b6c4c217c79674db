# SPDX-License-Identifier: Apache-2.0
"""What a USB device is to the cloud.

The domain of USB passthrough: what a scan of a compute host sees
(:mod:`~nova.usb.host_device`, :mod:`~nova.usb.scanner`,
:mod:`~nova.usb.host_use`), which of it the operator offers
(:mod:`~nova.usb.devspec`), what has to change in the records
(:mod:`~nova.usb.tracker`), the states of a record
(:mod:`~nova.usb.status`) and what can go wrong
(:mod:`~nova.usb.exception`).

Nothing in here imports the API, the compute service or a virt driver.
"""
