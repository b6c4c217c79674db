# SPDX-License-Identifier: Apache-2.0

from http import server
import json
import threading
import unittest

from lab import volley

REQUESTS = 50


class Handler(server.BaseHTTPRequestHandler):
    """Answers no request before all of them have begun."""

    def do_POST(self):
        size = int(self.headers['Content-Length'])
        data = self.rfile.read(size - 1)
        self.server.begun.wait()
        data += self.rfile.read(1)
        with self.server.lock:
            self.server.bodies.append(json.loads(data))
            first = len(self.server.bodies) == 1
        self.server.tokens.add(self.headers['X-Auth-Token'])
        if not json.loads(data)['answer']:
            # The connection is closed without a word.
            return
        self.send_response(200 if first else 409)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'{}')

    def log_message(self, *unused):
        pass


class Server(server.ThreadingHTTPServer):

    request_queue_size = REQUESTS


class VolleyTest(unittest.TestCase):

    def setUp(self):
        made = Server(('127.0.0.1', 0), Handler)
        made.begun = threading.Barrier(REQUESTS, timeout=60)
        made.lock = threading.Lock()
        made.bodies = []
        made.tokens = set()
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(made.server_close)
        self.addCleanup(made.shutdown)
        self.server = made

    def fire(self, body):
        return volley.fire('http://127.0.0.1:%d/v2.1/x'
                           % self.server.server_port,
                           {'X-Auth-Token': 't'}, body, REQUESTS)

    def test_all_are_under_way_before_one_is_complete(self):
        body = {'answer': True, 'text': 'ä'}
        answers = self.fire(body)
        self.assertEqual([200] + [409] * (REQUESTS - 1), sorted(answers))
        self.assertEqual([body] * REQUESTS, self.server.bodies)
        self.assertEqual({'t'}, self.server.tokens)

    def test_no_answer(self):
        self.assertEqual([None] * REQUESTS, self.fire({'answer': False}))
