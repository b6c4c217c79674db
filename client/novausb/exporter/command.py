# SPDX-License-Identifier: Apache-2.0
"""Serves metrics of the USB devices of an OpenStack cloud for Prometheus.

The account needs to see all devices: by default an administrator. Each
reading is one request for each page of devices and one for the compute
services.
"""

from __future__ import annotations

import argparse
import logging
import os
import pathlib
import signal
import sys
import threading
import typing

import openstack
from openstack import exceptions as sdk_exceptions
import prometheus_client

from novausb.exporter import collector

PORT = 9778
#: Dashboard and alert rules.
MONITORING = pathlib.Path(__file__).parent / 'monitoring'


def parse(arguments: typing.Optional[list[str]] = None
          ) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog='novausb-exporter', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--os-cloud', metavar='<cloud>', default=os.environ.get('OS_CLOUD'),
        help='the cloud, as clouds.yaml calls it (Env: OS_CLOUD); without '
             'it the other OS_ variables are used')
    parser.add_argument(
        '--address', metavar='<address>', default='127.0.0.1',
        help='where to listen (default %(default)s: this machine only)')
    parser.add_argument(
        '--port', metavar='<port>', type=int, default=PORT,
        help='where to listen (default %(default)s)')
    parser.add_argument(
        '--interval', metavar='<seconds>', type=float, default=15,
        help='ask the cloud at most once in this time (default '
             '%(default)s); the scrape interval of Prometheus')
    parser.add_argument(
        '--monitoring', action='store_true',
        help='print the folder with the Grafana dashboard and the alert '
             'rules, and end')
    return parser.parse_args(arguments)


def main(arguments: typing.Optional[list[str]] = None) -> int:
    """Serve until SIGTERM or SIGINT.

    :returns: exit status
    """
    options = parse(arguments)
    if options.monitoring:
        print(MONITORING)
        return 0
    logging.basicConfig(level=logging.INFO,
                        format='%(asctime)s %(levelname)s %(message)s')
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_unused: ended.set())
    registry = prometheus_client.CollectorRegistry()
    try:
        connection = openstack.connect(cloud=options.os_cloud,
                                       app_name='novausb-exporter')
        registry.register(collector.UsbCollector(connection,
                                                 options.interval))
        prometheus_client.start_http_server(
            options.port, addr=options.address, registry=registry)
    except (sdk_exceptions.SDKException, OSError) as error:
        print('novausb-exporter: %s' % error, file=sys.stderr)
        return 1
    logging.info('Listening on http://%s:%d/metrics', options.address,
                 options.port)
    ended.wait()
    return 0


if __name__ == '__main__':
    sys.exit(main())
