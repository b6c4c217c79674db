# SPDX-License-Identifier: Apache-2.0
"""Many requests at one time, in the strict sense.

Each has a connection of its own.  All of them are sent but for their last
byte before the first one is completed, so the server cannot have answered
any when the last one arrives.
"""

import http.client
import json
from urllib import parse

# Seconds for one answer; the last one waits for all others.
TIMEOUT = 300


def fire(url, headers, body, count):
    """POST the same document many times at once.

    :param headers: dict of header to value
    :param body: what to send as JSON
    :param count: how many times
    :returns: list of the answers' statuses, None for a connection that
        broke without one
    """
    place = parse.urlsplit(url)
    data = json.dumps(body).encode()
    headers = dict(headers, **{'Content-Type': 'application/json',
                               'Content-Length': str(len(data))})
    connections = []
    try:
        for _ in range(count):
            connections.append(_aim(place, headers, data[:-1]))
        for connection in connections:
            connection.send(data[-1:])
        return [_status(connection) for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def _aim(place, headers, data):
    connection = http.client.HTTPConnection(place.hostname, place.port,
                                            timeout=TIMEOUT)
    connection.putrequest('POST', place.path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(data)
    return connection


def _status(connection):
    try:
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return None
