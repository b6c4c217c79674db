# SPDX-License-Identifier: Apache-2.0
"""What the schemas let through, and that each call has all of its own."""

from nova.api.openstack.compute.schemas import server_usb_devices
from nova.api.openstack.compute.schemas import usb_devices
from nova.api.openstack.compute import usb_routes
from nova.api.validation import validators
from nova import exception
from nova import test
from nova.tests.unit.usb.api import shown
from nova.tests.usb_fixtures import compat

UUID = '5e1b3bd3-8b6c-4f8e-9b36-2d0b0f7c9d51'


def accepts(schema, value, is_body=True):
    try:
        validators._SchemaValidator(schema, is_body=is_body).validate(value)
    except exception.ValidationError:
        return False
    return True


class TypesTestCase(test.NoDBTestCase):

    def _check(self, schema, good, bad):
        for value in good:
            self.assertTrue(accepts(schema, value), ascii(value))
        for value in bad:
            self.assertFalse(accepts(schema, value), ascii(value))

    def test_hex_id(self):
        self._check(usb_devices.hex_id,
                    ['0529', 'ABCD', 'abcd'],
                    ['', '529', '05290', '0529\n', '529\n', 'g529', ' 529',
                     '0x52', '\uff10529', 529, None, True, []])

    def test_text(self):
        self._check(usb_devices.text(60),
                    ['a', 'a b', '\u017elu\u0165 \u65e5\u672c', 'x' * 60,
                     "';--"],
                    ['', 'x' * 61, 'a\n', 'a\x00', '\x7f', '\x85', '\u2028',
                     '\u202e', '\ud800', '\U0001f600', '\ufeff', '\u200b',
                     5, None, True, [], {}])

    def test_tag(self):
        self._check(usb_devices.tag, ['a', None],
                    ['', 'a\n', 5, 'x' * 61, []])

    def test_project_id(self):
        self._check(usb_devices.project_id,
                    ['a', '6f70656e737461636b20342065766572', 'x' * 255],
                    ['', 'a\n', 'a b', 'x' * 256, '\u00e4', 5, None])


class QueryTestCase(test.NoDBTestCase):

    def _accepts(self, **values):
        return accepts(usb_devices.index_query,
                       {name: value if isinstance(value, list) else [value]
                        for name, value in values.items()}, is_body=False)

    def test_good(self):
        for values in (
                {}, {'limit': '0'}, {'limit': '10'}, {'marker': UUID},
                {'sort_key': 'vendor_id', 'sort_dir': 'desc'},
                {'host': 'compute1', 'status': 'attached'},
                {'present': 'true'}, {'present': 'False'}, {'present': '0'},
                {'vendor_id': '0529', 'product_id': '00AB'},
                {'serial': 'S 1'}, {'instance_uuid': UUID},
                {'project_id': 'p'}, {'sort_key': ['host', 'status'],
                                      'sort_dir': ['asc', 'desc']},
                # What a descriptor can hold and is shown.
                {'serial': '\ufeff\u00ad\u0600'}):
            self.assertTrue(self._accepts(**values), values)

    def test_bad(self):
        for values in (
                {'limit': '-1'}, {'limit': ''}, {'limit': 'x'},
                {'limit': '1.5'}, {'marker': 'x'}, {'marker': ''},
                {'sort_key': 'identity'}, {'sort_key': 'serial'},
                {'sort_key': 'present'},
                {'sort_dir': 'up'}, {'status': 'free'}, {'status': ''},
                {'present': 'maybe'}, {'present': ''}, {'present': '2'},
                {'vendor_id': '529'}, {'product_id': '0x01'},
                {'serial': ''}, {'instance_uuid': 'x'}, {'host': ''},
                {'project_id': 'a b'}, {'unknown': 'x'},
                # Which of two counts would be a guess.
                {'limit': ['1', '2']}, {'host': ['a', 'b']},
                {'status': ['available', 'attached']},
                {'sort_key': ['host'] * 8}):
            self.assertFalse(self._accepts(**values), values)

    def test_all_filters_and_sort_keys_are_known(self):
        self.assertEqual(
            ('host', 'instance_uuid', 'present', 'product_id', 'project_id',
             'serial', 'status', 'vendor_id'), usb_devices.FILTERS)
        self.assertEqual(
            ['created_at', 'host', 'id', 'port_path', 'product_id',
             'status', 'vendor_id'],
            sorted(usb_devices.SORT_KEYS))


class BodyTestCase(test.NoDBTestCase):

    def test_update(self):
        for device in ({'project_id': 'p'}, {'project_id': None},
                       {'disabled': True}, {'disabled': False},
                       {'description': 'x'}, {'description': None},
                       {'project_id': None, 'detach': True},
                       {'project_id': 'p', 'disabled': False,
                        'description': 'x' * 255}):
            self.assertTrue(
                accepts(usb_devices.update, {'usb_device': device}), device)
        for device in ({}, [], None, 'x', 5, {'disabled': 'true'},
                       {'disabled': 1}, {'disabled': None}, {'tag': 'x'},
                       {'description': ''}, {'description': 'x' * 256},
                       {'detach': None},
                       {'project_id': ''}, {'project_id': 5},
                       {'status': 'available'}, {'host': 'x'}):
            self.assertFalse(
                accepts(usb_devices.update, {'usb_device': device}), device)

    def test_create(self):
        for device in ({'id': UUID}, {'id': UUID, 'tag': 'x'},
                       {'vendor_id': '0529', 'product_id': '0001'},
                       {'vendor_id': 'ABCD', 'product_id': '00EF',
                        'serial': 'S', 'tag': None}):
            self.assertTrue(accepts(
                server_usb_devices.create, {'usb_device': device}), device)
        for device in ({}, [], None, {'id': 'x'}, {'id': 5}, {'id': None},
                       {'vendor_id': 529, 'product_id': 1},
                       {'id': UUID, 'host': 'compute1'},
                       {'id': UUID, 'tag': 5}):
            self.assertFalse(accepts(
                server_usb_devices.create, {'usb_device': device}), device)

    def test_action(self):
        for body in ({'rescan': None}, {'force_release': None}):
            self.assertTrue(accepts(usb_devices.action, body), body)
        for body in ({}, None, [], ['rescan'], 'rescan', 5, {'rescan': {}},
                     {'rescan': None, 'force_release': None},
                     {'format': None}):
            self.assertFalse(accepts(usb_devices.action, body), body)

    def test_wrapper(self):
        for schema in (usb_devices.update, server_usb_devices.create):
            for body in (None, [], {}, 'x', 5, {'device': {}},
                         {'usb_device': {'tag': 'x', 'id': UUID}, 'x': 1}):
                self.assertFalse(accepts(schema, body), body)


class ResponseTestCase(test.NoDBTestCase):

    def test_both_views(self):
        for view in (shown.PUBLIC, shown.ALL):
            self.assertTrue(accepts(
                usb_devices.show_response, {'usb_device': view}))
            self.assertTrue(accepts(
                usb_devices.index_response,
                {'usb_devices': [view],
                 'usb_devices_links': [
                     {'rel': 'next',
                      'href': 'http://cloud/v2.1/os-usb-devices?limit=1'}]}))

    def test_nothing_missing_and_nothing_else(self):
        view = dict(shown.PUBLIC)
        del view['serial']
        self.assertFalse(
            accepts(usb_devices.show_response, {'usb_device': view}))
        view = dict(shown.PUBLIC, identity='x')
        self.assertFalse(
            accepts(usb_devices.show_response, {'usb_device': view}))


class CompletenessTestCase(test.NoDBTestCase):
    """What Nova's own test of schemas asks for, for every release."""

    def _object_schemas(self, schema):
        yield schema
        for each in schema.get('properties', {}).values():
            for nested in self._object_schemas(each):
                yield nested
        if isinstance(schema.get('items'), dict):
            for nested in self._object_schemas(schema['items']):
                yield nested

    def test_every_call_has_its_schemas(self):
        if not compat.HAS_RESPONSE_SCHEMAS:
            self.skipTest('this Nova does not note schemas on its methods')
        for path, methods in usb_routes.ROUTES:
            for method, (controller, name) in methods.items():
                func = getattr(controller().controller, name)
                found = vars(func)
                case = (method, path)
                self.assertTrue(
                    {'request_query_schemas', '_query_schema'} & set(found),
                    case)
                if method in ('POST', 'PUT'):
                    self.assertTrue({'request_body_schemas',
                                     '_request_schema'} & set(found), case)
                self.assertTrue({'response_body_schemas',
                                 '_response_schema'} & set(found), case)
                self.assertTrue({'wsgi_codes', 'wsgi_code'} & set(found),
                                case)

    def test_objects_are_closed(self):
        for module in (usb_devices, server_usb_devices):
            for name in ('action', 'create', 'index_query', 'index_response',
                         'no_query', 'show_response', 'update'):
                for schema in self._object_schemas(
                        getattr(module, name, {'type': 'null'})):
                    validators._SchemaValidator.validator_org.check_schema(
                        schema)
                    if schema.get('type') == 'object':
                        self.assertIn('properties', schema)
                        self.assertIs(False, schema['additionalProperties'])
