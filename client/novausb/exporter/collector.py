# SPDX-License-Identifier: Apache-2.0
"""Asks the compute API, at most once in an interval."""

from __future__ import annotations

import collections.abc
import logging
import threading
import time
import typing

from keystoneauth1 import exceptions as keystone_exceptions
from openstack import connection as connections
from openstack import exceptions as sdk_exceptions
from prometheus_client import core

from novausb.exporter import metrics
from novausb import sdk

LOG = logging.getLogger(__name__)

#: What a reading that failed raises.
_FAILURES = (sdk_exceptions.SDKException,
             keystone_exceptions.ClientException,
             metrics.NotAdministrator)


class UsbCollector:
    """Gives Prometheus' registry the metrics.

    Each reading is one request for each page of devices and one for the
    nova-compute services.  However many scrape, and however often, there is
    one reading in an interval; they are given the last one.  A reading that
    failed shows as ``nova_usb_api_up 0`` and without devices: old numbers
    would look like new ones.
    """

    def __init__(self, connection: connections.Connection, interval: float,
                 clock: typing.Callable[[], float] = time.monotonic) -> None:
        """:param connection: an administrator's

        :param interval: seconds
        :param clock: gives seconds that never go back
        """
        self._connection = connection
        self._interval = interval
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: typing.Optional[float] = None
        self._families: list[core.Metric] = []

    def describe(self) -> list[core.Metric]:
        """Nothing: the registry must not ask the API for names."""
        return []

    def collect(self) -> collections.abc.Iterator[core.Metric]:
        """The metrics, of now or of the last reading."""
        with self._lock:
            if (self._read_at is None or
                    self._clock() - self._read_at >= self._interval):
                began = self._clock()
                self._families = self._read()
                self._read_at = began
                self._families.append(core.GaugeMetricFamily(
                    'nova_usb_reading_duration_seconds',
                    'How long the compute API took to answer',
                    value=self._clock() - began))
            yield from self._families

    def _read(self) -> list[core.Metric]:
        try:
            sdk.register(self._connection)
            compute = typing.cast(sdk.Proxy, self._connection.compute)
            devices = list(compute.usb_devices())
            families = list(metrics.of_devices(devices))
            families += metrics.of_hosts(
                compute.services(binary='nova-compute'),
                {device.host for device in devices})
        except _FAILURES as error:
            LOG.error('Reading the USB devices failed: %s', error)
            families = []
        families.append(core.GaugeMetricFamily(
            'nova_usb_api_up',
            '1 where the compute API gave the USB devices',
            value=int(bool(families))))
        return families
