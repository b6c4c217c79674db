# SPDX-License-Identifier: Apache-2.0
"""Who sees and may do what through the API, in a whole cloud."""

from oslo_utils.fixture import uuidsentinel as uuids

from nova.tests.functional.usb import api_base


class RolesTest(api_base.UsbApiTestBase):

    def test_nothing_is_seen_before_it_is_granted(self):
        self.assertEqual(3, len(self.listed()))
        for api in (self.member, self.reader, self.stranger):
            self.assertEqual([], self.listed(api=api))
            self.ask(404, 'GET', api_base.LIST + '/' + self.stick, api=api)

    def test_what_was_granted(self):
        self.grant(self.stick)
        self.grant(self.twin, api_base.OTHER_PROJECT)
        for api, own, other in (
                (self.member, self.stick, self.twin),
                (self.reader, self.stick, self.twin),
                (self.stranger, self.twin, self.stick),
                (self.strange_reader, self.twin, self.stick)):
            self.assertEqual([own], self.listed(api=api))
            body = self.ask(200, 'GET', api_base.LIST + '/' + own, api=api)
            self.assertEqual(own, body['usb_device']['id'])
            self.assertEqual(
                set(), api_base.ADMIN_FIELDS & set(body['usb_device']))
            self.ask(404, 'GET', api_base.LIST + '/' + other, api=api)
        self.assertEqual(3, len(self.listed()))
        body = self.ask(200, 'GET', api_base.LIST + '/' + self.stick)
        self.assertLess(api_base.ADMIN_FIELDS, set(body['usb_device']))
        self.assertEqual(self.compute.host, body['usb_device']['host'])

    def test_a_grant_that_is_taken_back(self):
        self.grant(self.stick)
        body = self.put(self.stick, project_id=None)
        self.assertIsNone(body['usb_device']['project_id'])
        self.assertEqual([], self.listed(api=self.member))

    def test_only_admins_ask_by_host_and_project(self):
        self.grant(self.stick)
        host = self.compute.host
        for query in ('?host=' + host, '?project_id=' + self.project,
                      '?sort_key=host', '?sort_key=port_path'):
            self.assertIn(self.stick, self.listed(query))
            for api in (self.member, self.reader, self.stranger):
                self.ask(403, 'GET', api_base.LIST + query, api=api)

    def test_only_admins_change_the_inventory(self):
        self.grant(self.stick)
        path = api_base.LIST + '/' + self.stick
        for api in (self.member, self.reader, self.stranger):
            self.put(self.stick, 403, api=api, disabled=True)
            self.ask(403, 'DELETE', path, api=api)
            for action in ('rescan', 'force_release'):
                self.ask(403, 'POST', path + '/action', {action: None},
                         api=api)
        device = self.device('1-1')
        self.assertEqual((False, self.project),
                         (device.disabled, device.project_id))

    def test_member_attaches_and_detaches_what_was_granted(self):
        server = self.boot()
        for wanted in ({'id': self.stick},
                       {'vendor_id': '0781', 'product_id': '5567'}):
            code, _ = self.attach(server, api=self.member, **wanted)
            self.assertEqual(404 if 'id' in wanted else 409, code)
        self.grant(self.stick)
        for wanted in ({'id': self.stick},
                       {'vendor_id': '0781', 'product_id': '5567'},
                       {'vendor_id': '0781', 'product_id': '5567',
                        'serial': 'STICK-0001'}):
            code, body = self.attach(server, api=self.member, **wanted)
            self.assertEqual(200, code, body)
            self.assertEqual(
                (self.stick, server['id'], 'attached'),
                tuple(body['usb_device'][name]
                      for name in ('id', 'instance_uuid', 'status')))
            self.assertEqual(
                set(), api_base.ADMIN_FIELDS & set(body['usb_device']))
            self.assertEqual((204, None), self.detach(
                server, self.stick, api=self.member))

    def test_reader_looks_only(self):
        server = self.boot()
        self.grant(self.stick)
        self.assertEqual(
            403, self.attach(server, api=self.reader, id=self.stick)[0])
        self.assertEqual({}, self.in_domain(server))
        self.assertEqual(
            200, self.attach(server, api=self.member, id=self.stick)[0])
        path = '/servers/%s/os-usb-devices' % server['id']
        body = self.ask(200, 'GET', path, api=self.reader)
        self.assertEqual([self.stick],
                         [device['id'] for device in body['usb_devices']])
        self.ask(200, 'GET', path + '/' + self.stick, api=self.reader)
        self.assertEqual(
            403, self.detach(server, self.stick, api=self.reader)[0])
        self.assertEqual([self.stick], list(self.in_domain(server)))

    def test_server_of_another_project_is_not_found(self):
        server = self.boot()
        self.grant(self.stick)
        self.grant(self.twin, api_base.OTHER_PROJECT)
        self.assertEqual(
            200, self.attach(server, api=self.member, id=self.stick)[0])
        path = '/servers/%s/os-usb-devices' % server['id']
        for api in (self.stranger, self.strange_reader):
            self.ask(404, 'GET', path, api=api)
            self.ask(404, 'GET', path + '/' + self.stick, api=api)
            # Who may attach to no server at all is told just that.
            code = 404 if api is self.stranger else 403
            self.assertEqual(
                code, self.attach(server, api=api, id=self.twin)[0])
            self.assertEqual(
                code, self.detach(server, self.stick, api=api)[0])
        self.assertEqual([self.stick], list(self.in_domain(server)))

    def test_device_of_another_project_is_not_found(self):
        self.grant(self.twin, api_base.OTHER_PROJECT)
        server = self.boot()
        unknown = uuids.unknown
        answers = {
            self.attach(server, api=self.member, id=uuid)[1]['itemNotFound'][
                'message'].replace(uuid, 'UUID')
            for uuid in (self.twin, unknown)}
        # The very same words, so that nothing tells the two apart.
        self.assertEqual(1, len(answers))
        # An administrator is told what it is.
        code, body = self.attach(server, id=self.twin)
        self.assertEqual(409, code)
        self.assertIn('granted', body['conflictingRequest']['message'])

    def test_what_an_admin_attached_is_the_servers(self):
        server = self.boot()
        self.assertEqual(200, self.attach(server, id=self.stick)[0])
        path = '/servers/%s/os-usb-devices' % server['id']
        body = self.ask(200, 'GET', path, api=self.member)
        (device,) = body['usb_devices']
        self.assertEqual(self.stick, device['id'])
        self.assertEqual(set(), api_base.ADMIN_FIELDS & set(device))
        self.assertEqual(
            204, self.detach(server, self.stick, api=self.member)[0])

    def test_regranted_device_does_not_name_the_server(self):
        server = self.boot()
        self.assertEqual(
            200, self.attach(server, id=self.stick, tag='ours')[0])
        code, _ = self.request(
            'PUT', api_base.LIST + '/' + self.stick,
            {'usb_device': {'project_id': api_base.OTHER_PROJECT}})
        if code != 200:
            # Refusing that is as good.
            self.assertEqual(409, code)
            return
        body = self.ask(200, 'GET', api_base.LIST + '/' + self.stick,
                        api=self.stranger)
        self.assertEqual(
            ('attached', None, None),
            tuple(body['usb_device'][name]
                  for name in ('status', 'instance_uuid', 'tag')))
        self.assertEqual([], self.listed(
            '?instance_uuid=' + server['id'], api=self.stranger))
        self.assertEqual([self.stick], self.listed(
            '?instance_uuid=' + server['id']))


class HostNameTest(api_base.UsbApiTestBase):
    """Nothing that a project is told names a compute host."""

    HOST = 'rack7-secret-host'

    def _setup_compute_service(self):
        return self._start_compute(self.HOST)

    def _told(self, *args, api=None):
        """An answer to a member; the same to an admin is another matter."""
        response = self.request(*args, api=api or self.member)
        self.assertNotIn(self.HOST, str(response))
        return response

    def _attach(self, server, **wanted):
        return self._told(
            'POST', '/servers/%s/os-usb-devices' % server['id'],
            {'usb_device': wanted})

    def test_answers(self):
        server = self.boot()
        path = '/servers/%s/os-usb-devices' % server['id']
        self.grant(self.stick)
        self.grant(self.twin)
        self._told('GET', api_base.LIST)
        self._told('GET', api_base.LIST + '/' + self.stick)
        self.assertEqual(200, self._attach(server, id=self.stick)[0])
        self._told('GET', path)
        self._told('GET', path + '/' + self.stick)
        for wanted, code in (
                ({'id': self.stick}, 409),
                ({'vendor_id': '1234', 'product_id': '5678'}, 409),
                ({'id': self.device('1-2.2').uuid}, 404)):
            self.assertEqual(code, self._attach(server, **wanted)[0])
        self.assertEqual(
            204, self._told('DELETE', path + '/' + self.stick)[0])

    def test_device_that_is_not_there(self):
        server = self.boot()
        self.grant(self.stick)
        self.unplug('1-1')
        self.assertEqual(409, self._attach(server, id=self.stick)[0])

    def test_host_that_is_down(self):
        server = self.boot()
        self.grant(self.stick)
        self.admin_api.put_service_force_down(
            self.compute.service_ref.uuid, True)
        code, body = self._attach(server, id=self.stick)
        self.assertEqual(409, code, body)

    def test_host_that_offers_nothing(self):
        server = self.boot()
        self.grant(self.stick)
        self.flags(enabled=False, group='usb')
        self.compute = self.restart_compute_service(self.compute)
        code, body = self._attach(server, id=self.stick)
        self.assertEqual(501, code, body)
        self.assertEqual('available', self.device('1-1').status)

    def test_server_actions(self):
        server = self.boot()
        self.grant(self.stick)
        self.assertEqual(200, self._attach(server, id=self.stick)[0])
        for action in self.member.get_instance_actions(server['id']):
            self._told('GET', '/servers/%s/os-instance-actions/%s' % (
                server['id'], action['request_id']))
