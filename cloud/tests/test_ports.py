# SPDX-License-Identifier: Apache-2.0

import socket
import unittest

from cloud import errors
from cloud import ports


class ChooseTest(unittest.TestCase):

    def test_default_puts_nova_where_it_is_everywhere(self):
        chosen = ports.choose(free=lambda port: True)
        self.assertEqual(8774, chosen['nova'])
        self.assertEqual(set(ports.SERVICES), set(chosen))

    def test_moves_on_when_one_of_a_block_is_taken(self):
        chosen = ports.choose(free=lambda port: port != ports.DEFAULT + 2)
        self.assertEqual(ports.block(ports.DEFAULT + ports.STEP), chosen)

    def test_prefers_the_ports_of_the_last_start(self):
        self.assertEqual(ports.block(9000), ports.choose(
            last=9000, free=lambda port: True))
        self.assertEqual(ports.block(ports.DEFAULT), ports.choose(
            last=9000, free=lambda port: port != 9001))

    def test_names_the_services_of_wanted_ports_that_are_taken(self):
        with self.assertRaises(errors.CloudError) as caught:
            ports.choose(5000, free=lambda port: port not in (5001, 5004))
        self.assertIn('placement (5001), nova (5004)',
                      str(caught.exception))
        self.assertIn('--port', str(caught.exception))

    def test_refuses_ports_that_cannot_be(self):
        for wanted in (0, 80, 65533):
            with self.assertRaises(errors.CloudError):
                ports.choose(wanted, free=lambda port: True)

    def test_gives_up_when_none_is_free(self):
        with self.assertRaises(errors.CloudError) as caught:
            ports.choose(free=lambda port: False)
        self.assertIn('--port', str(caught.exception))

    def test_sees_a_listener(self):
        with socket.socket() as listener:
            listener.bind((ports.HOST, 0))
            listener.listen()
            port = listener.getsockname()[1]
            self.assertFalse(ports.is_free(port))
        self.assertTrue(ports.is_free(port))
