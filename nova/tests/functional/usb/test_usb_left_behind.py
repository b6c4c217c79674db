# SPDX-License-Identifier: Apache-2.0
"""Domains that outlive their server on its host, with the libvirt driver.

The host was away when its server was evacuated or deleted; the domain runs
on, and has the device.
"""

import fixtures

from nova import exception
from nova.tests.functional.usb import libvirt_base
from nova.virt.libvirt.usb import config as usb_config


class LeftBehindTest(libvirt_base.LibvirtUsbTestBase):

    def setUp(self):
        super().setUp()
        self.start_compute('compute2')
        self.server = self.attached_server()
        self.assertEqual('compute1', self.server['OS-EXT-SRV-ATTR:host'])

    def attached_server(self):
        # Where it is to be, whatever the scheduler thinks of the hosts.
        server = self.boot(host='compute1')
        self.uuid = self.device('1-1').uuid
        code, body = self.attach(server, id=self.uuid)
        self.assertEqual(200, code, body)
        self.assertEqual({self.uuid: self.address}, self.live(server))
        return server

    def _go_down(self):
        self.computes['compute1'].stop()
        service, = self.admin_api.get_services(
            binary='nova-compute', host='compute1')
        self.admin_api.put_service_force_down(service['id'], True)
        return service['id']

    def _come_back(self, service):
        connection = self.connection()
        self.restart_compute_service('compute1')
        self.admin_api.put_service_force_down(service, False)
        driver = self.computes['compute1'].driver
        self.assertIs(connection, driver._host.get_connection())
        self.usb_libvirt.listen(connection, driver)

    def connection(self):
        return self.computes['compute1'].driver._host.get_connection()

    def domains(self):
        """What the domains of the first host have, by server."""
        found = {}
        for domain in self.connection()._vms.values():
            usb = usb_config.DomainUsb(domain.XMLDesc(0))
            found[domain.UUIDString()] = [
                conf.address for conf in usb.hostdevs.values()]
        return found

    def _free(self):
        device = self.device('1-1')
        self.assertEqual((self.uuid, 'available', None), (
            device.uuid, device.status, device.instance_uuid))

    def _other_gets_it(self, other):
        code, body = self.attach(other, id=self.uuid)
        self.assertEqual(200, code, body)
        self.assertEqual({other['id']: [self.address]}, self.domains())

    def test_evacuated(self):
        service = self._go_down()
        self._evacuate_server(self.server, expected_host='compute2')
        self._wait_for_assert(self._free)
        self.assertEqual([], self.domain(self.server, 'compute2').usb_config)
        # It still runs, with the device, until its nova-compute is back.
        self.assertEqual({self.server['id']: [self.address]},
                         self.domains())
        self._come_back(service)
        self.assertEqual({}, self.domains())
        self._free()
        self._other_gets_it(self.boot(host='compute1'))

    def test_deleted(self):
        service = self._go_down()
        self.admin_api.delete_server(self.server['id'])
        self._wait_until_deleted(self.server)
        self._free()
        self._come_back(service)
        # The domain stays until upstream's periodic task takes it away,
        # but others may have the device at once.
        self.assertEqual({self.server['id']: []}, self.domains())
        other = self.boot(host='compute1')
        code, body = self.attach(other, id=self.uuid)
        self.assertEqual(200, code, body)
        self.assertEqual({self.server['id']: [], other['id']: [self.address]},
                         self.domains())
        self.flags(running_deleted_instance_timeout=0)
        self.computes['compute1'].manager._cleanup_running_deleted_instances(
            self.context)
        self.assertEqual({other['id']: [self.address]}, self.domains())

    def test_deleted_and_libvirtd_is_away_at_the_return(self):
        service = self._go_down()
        self.admin_api.delete_server(self.server['id'])
        self._wait_until_deleted(self.server)
        with fixtures.MockPatch('nova.virt.libvirt.host.Host.list_guests',
                                side_effect=RuntimeError('no libvirtd')):
            self._come_back(service)
        self.assertEqual({self.server['id']: [self.address]},
                         self.domains())
        self.computes['compute1'].manager.usb.reconcile(self.context)
        self.assertEqual({self.server['id']: []}, self.domains())

    def test_domains_of_others_are_left_alone(self):
        with fixtures.MockPatch('nova.objects.Instance.get_by_uuid',
                                side_effect=self._unknown):
            self.computes['compute1'].manager.usb.rescan(self.context)
        self.assertEqual({self.server['id']: [self.address]},
                         self.domains())

    @staticmethod
    def _unknown(context, uuid, *args, **kwargs):
        raise exception.InstanceNotFound(instance_id=uuid)


class RebuildTest(libvirt_base.LibvirtUsbTestBase):

    def test_rebuild(self):
        server = self.attached_server()
        address = self.impostor()
        before = len(self.usb_libvirt.started)
        self._rebuild_server(server, '155d900f-4e14-4e4c-a73d-069cbf4541e6')
        self.assertEqual([[address]], self.usb_libvirt.started[before:])
        self.assertEqual({self.uuid: address}, self.live(server))
        self.assertEqual('attached', self.device('1-1').status)
