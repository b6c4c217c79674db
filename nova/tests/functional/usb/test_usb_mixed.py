# SPDX-License-Identifier: Apache-2.0
"""A rolling upgrade: some services have USB passthrough, others not yet.

The order that the documentation gives is conductors, nova-api, computes.
Whatever the order is, nothing is lost.
"""

from nova.tests.functional.usb import base
from nova.tests.usb_fixtures import usb_away
from nova.tests.usb_fixtures import usb_plain


class PlainConductorTest(base.UsbTestBase):
    """Our nova-compute and nova-api, a conductor of upstream's."""

    def setUp(self):
        super(PlainConductorTest, self).setUp()
        self.server = self.boot()
        self.uuid = self.device('1-1').uuid
        # So that errors are what they are between processes.
        self.useFixture(usb_away.BrokerFixture())
        self.useFixture(usb_away.ComputeSideFixture())

    def test_devices_that_servers_have(self):
        code, body = self.attach(self.server, id=self.uuid)
        self.assertEqual(200, code, body)
        plain = usb_plain.PlainConductor()
        plain.setUp()
        try:
            # Reports fail, and are tried again; it is said once.
            self.replug('1-1')
            for _scan in range(3):
                self.scan()
            self.assertEqual(1, self.stdlog.logger.output.count(
                'USB devices were not reported'))
            # A device is not attached, and nothing is left half done.
            other = self.boot()
            code, body = self.attach(other, id=self.device('1-2.1').uuid)
            self.assertEqual(409, code, body)
            # Servers of others, and this one, go on.
            self._delete_server(other)
            self._reboot_server(self.server, hard=True)
        finally:
            plain.cleanUp()
        self.scan()
        self.scan()
        self.assertEqual(
            {'1-1': 'attached', '1-2.1': 'available', '1-2.2': 'available'},
            {port: device.status for port, device in self.devices().items()})
        self.assertEqual({self.uuid: (1, 22)}, self.in_domain(self.server))

    def test_server_that_is_deleted(self):
        code, body = self.attach(self.server, id=self.uuid)
        self.assertEqual(200, code, body)
        with usb_plain.PlainConductor():
            self._delete_server(self.server)
            self.assertEqual('attached', self.device('1-1').status)
        # The next start of nova-compute, or an administrator's rescan.
        self.compute = self.restart_compute_service(self.compute)
        self.assertEqual('available', self.device('1-1').status)


class PlainApiTest(base.TwoHostsTest):
    """A nova-api of upstream's deletes a server whose host is down."""

    def test_local_delete(self):
        server = self.boot(host='host1')
        uuid = self.device('1-1').uuid
        self.assertEqual(200, self.attach(server, id=uuid)[0])
        source = self.computes['host1']
        source.stop()
        self.force_down('host1')
        with usb_plain.PlainDatabaseCode():
            self._delete_server(server)
        self.assertEqual('attached', self.device('1-1').status)
        self.restart_compute_service(source)
        self.assertEqual('available', self.device('1-1').status)


class PlainComputeTest(base.UsbTestBase):
    """Our nova-api and conductor, a nova-compute of upstream's."""

    def test_attach_and_detach(self):
        self.useFixture(usb_away.BrokerFixture())
        server = self.boot()
        uuid = self.device('1-1').uuid
        self.assertEqual(200, self.attach(server, id=uuid)[0])
        with usb_plain.PlainCompute():
            self.compute = self.restart_compute_service(self.compute)
        code, body = self.detach(server, uuid)
        self.assertEqual(501, code, body)
        self.assertEqual('attached', self.device('1-1').status)
        code, body = self.attach(server, id=self.device('1-2.1').uuid)
        self.assertEqual(501, code, body)
        self.assertEqual('available', self.device('1-2.1').status)
        # Live migration asks no host; servers come and go.
        self._delete_server(self.boot())
        self.compute = self.restart_compute_service(self.compute)
        self.assertEqual(204, self.detach(server, uuid)[0])
