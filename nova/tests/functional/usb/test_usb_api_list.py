# SPDX-License-Identifier: Apache-2.0
"""Lists through the API: pages, order, filters."""

from urllib import parse

from oslo_utils.fixture import uuidsentinel as uuids

from nova.tests.functional.usb import api_base


class ListTest(api_base.UsbApiTestBase):

    def _by_next_link(self, query):
        """The pages of a list, following the links."""
        pages = []
        path = api_base.LIST + query
        for _ in range(10):
            body = self.ask(200, 'GET', path)
            pages.append([device['id'] for device in body['usb_devices']])
            links = body.get('usb_devices_links')
            if not links:
                return pages
            self.assertEqual('next', links[0]['rel'])
            url = parse.urlsplit(links[0]['href'])
            self.assertTrue(url.path.endswith(api_base.LIST))
            path = api_base.LIST + '?' + url.query
        self.fail('There is no last page.')

    def test_pages(self):
        everything = self.listed()
        self.assertEqual(3, len(everything))
        for query in ('limit=1', 'limit=2', 'limit=1&sort_dir=desc',
                      'limit=2&sort_key=vendor_id',
                      'limit=1&sort_key=status',
                      'limit=1&sort_key=port_path&sort_dir=desc',
                      'limit=2&sort_key=id', 'limit=1&sort_key=host',
                      'limit=1&sort_key=product_id&sort_dir=desc'):
            limit = int(query[len('limit='):].split('&')[0])
            pages = self._by_next_link('?' + query)
            self.assertTrue(all(len(page) <= limit for page in pages))
            found = [uuid for page in pages for uuid in page]
            # None twice, none left out.
            self.assertEqual(sorted(everything), sorted(found), query)
            rest = query.partition('&')[2]
            self.assertEqual(self.listed('?' + rest if rest else ''), found)

    def test_sorting(self):
        ports = ['1-1', '1-2.1', '1-2.2']
        uuids = [self.device(port).uuid for port in ports]
        self.assertEqual(uuids, self.listed('?sort_key=port_path'))
        self.assertEqual(
            uuids[::-1], self.listed('?sort_key=port_path&sort_dir=desc'))
        self.assertEqual(sorted(uuids), self.listed('?sort_key=id'))
        self.assertEqual(
            uuids[0], self.listed('?sort_key=vendor_id&sort_dir=desc')[0])

    def test_limits(self):
        self.assertEqual([], self.listed('?limit=0'))
        self.flags(max_limit=2, group='api')
        self.assertEqual(2, len(self.listed()))
        self.assertEqual(2, len(self.listed('?limit=1000')))
        self.assertEqual([2, 1],
                         [len(page) for page in self._by_next_link('')])

    def test_marker(self):
        first, second, third = self.listed('?sort_key=port_path')
        self.assertEqual(
            [second, third],
            self.listed('?sort_key=port_path&marker=' + first))
        self.assertEqual(
            [], self.listed('?sort_key=port_path&marker=' + third))
        self.ask(400, 'GET', api_base.LIST + '?marker=' + uuids.unknown)

    def test_anothers_marker_is_unknown(self):
        self.grant(self.twin, api_base.OTHER_PROJECT)
        self.grant(self.stick)
        answers = set()
        for marker in (self.twin, uuids.unknown):
            body = self.ask(400, 'GET', api_base.LIST + '?marker=' + marker,
                            api=self.member)
            answers.add(body['badRequest']['message'].replace(marker, 'M'))
        self.assertEqual(1, len(answers))
        self.assertEqual([], self.listed('?marker=' + self.stick,
                                         api=self.member))

    def test_filters(self):
        server = self.boot()
        self.assertEqual(200, self.attach(server, id=self.stick)[0])
        other_twin = self.device('1-2.2').uuid
        self.put(other_twin, disabled=True)
        twins = sorted([self.twin, other_twin])
        for query, found in (
                ('host=' + self.compute.host, [self.stick] + twins),
                ('host=elsewhere', []),
                ('status=attached', [self.stick]),
                ('status=available', [self.twin]),
                ('status=blocked', [other_twin]),
                ('present=true', [self.stick] + twins),
                ('present=false', []),
                ('vendor_id=0781', [self.stick]),
                ('vendor_id=0403&product_id=6001', twins),
                ('vendor_id=0403&product_id=5567', []),
                ('serial=STICK-0001', [self.stick]),
                ('serial=x', []),
                ('instance_uuid=' + server['id'], [self.stick]),
                ('instance_uuid=' + server['id'].upper(), [self.stick]),
                ('instance_uuid=' + uuids.unknown, []),
                ('project_id=' + self.project, [])):
            self.assertEqual(sorted(found),
                             sorted(self.listed('?' + query)), query)
        self.grant(self.twin)
        self.assertEqual(
            [self.twin], self.listed('?project_id=' + self.project))

    def test_filter_by_hexadecimal_letters(self):
        self.plug({'vendor_id': '05ab', 'product_id': '00cd',
                   'port_path': '2-1', 'bus_number': 2, 'device_number': 3})
        self.scan()
        uuid = self.device('2-1').uuid
        for query in ('?vendor_id=05AB', '?vendor_id=05ab&product_id=00CD'):
            self.assertEqual([uuid], self.listed(query))

    def test_strings_as_devices_have_them(self):
        self.plug({'vendor_id': '05ab', 'product_id': '00cd',
                   'port_path': '2-1', 'bus_number': 2, 'device_number': 3,
                   'serial': '\u017d\u00e4 1', 'manufacturer': '',
                   'product': 'x' * 300})
        self.scan()
        uuid = self.device('2-1').uuid
        body = self.ask(200, 'GET', api_base.LIST + '/' + uuid)
        self.assertEqual(
            ('\u017d\u00e4 1', None, 'x' * 255),
            tuple(body['usb_device'][name]
                  for name in ('serial', 'manufacturer', 'product')))
        self.assertEqual([uuid], self.listed(
            '?serial=' + parse.quote('\u017d\u00e4 1')))
