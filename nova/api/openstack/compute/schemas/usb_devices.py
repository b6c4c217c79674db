# SPDX-License-Identifier: Apache-2.0
"""Schemas of ``/os-usb-devices``.

A pattern that ends in ``$`` alone lets a trailing newline through, which is
why those below say ``(?!\\n)`` after it.
"""

from nova.api.validation import parameter_types
from nova.usb import status

#: Printable characters of the Basic Multilingual Plane: no control and no
#: invisible formatting character, and nothing that a database with a
#: three-byte encoding refuses.  Lone surrogates, which JSON can spell, are
#: not in it either.
_PRINTABLE = (r'[\u0020-\u007e\u00a0-\u00ac\u00ae-\u200a\u2010-\u2027'
              r'\u202f-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufff8\ufffd]')

uuid = {'type': 'string', 'format': 'uuid'}

hex_id = {
    'type': 'string',
    'pattern': r'^[0-9a-fA-F]{4}$(?!\n)',
    'minLength': 4,
    'maxLength': 4,
}


def text(length):
    """A printable string of 1 to length characters."""
    return {
        'type': 'string',
        'pattern': '^%s+$(?!\\n)' % _PRINTABLE,
        'minLength': 1,
        'maxLength': length,
    }


#: Whatever a descriptor may hold that is shown, see
#: nova.usb.host_device.clean_text: what is shown can be asked for.
_SHOWN = (r'[^\u0000-\u001f\u007f-\u009f\ud800-\udfff'
          r'\U00010000-\U0010ffff]')

shown = {
    'type': 'string',
    'pattern': '^%s+$(?!\\n)' % _SHOWN,
    'minLength': 1,
    'maxLength': 255,
}


def or_null(schema):
    return dict(schema, type=['string', 'null'])


project_id = {
    'type': 'string',
    'pattern': r'^[a-zA-Z0-9_-]+$(?!\n)',
    'minLength': 1,
    'maxLength': 255,
}

tag = or_null(text(60))

#: Sort keys of the API, and the fields of a device that they stand for.
#: None of these is ever NULL: pages would not join where values are missing.
SORT_KEYS = {
    'created_at': 'created_at',
    'host': 'host',
    'id': 'uuid',
    'port_path': 'port_path',
    'product_id': 'product_id',
    'status': 'status',
    'vendor_id': 'vendor_id',
}

TRUE = ('true', 'True', '1')
FALSE = ('false', 'False', '0')

_filters = {
    'host': text(255),
    'status': {'type': 'string', 'enum': list(status.ALL)},
    'present': {'type': 'string', 'enum': list(TRUE + FALSE)},
    'vendor_id': hex_id,
    'product_id': hex_id,
    'serial': shown,
    'instance_uuid': uuid,
    'project_id': project_id,
}

FILTERS = tuple(sorted(_filters))

_paging = {
    'limit': parameter_types.non_negative_integer,
    'marker': uuid,
}

_sorting = {
    'sort_key': {'type': 'string', 'enum': sorted(SORT_KEYS)},
    'sort_dir': {'type': 'string', 'enum': ['asc', 'desc']},
}

# Each may be given once, but for the order: which of two values counts would
# be a guess.
index_query = {
    'type': 'object',
    'properties': dict(
        {name: parameter_types.single_param(schema)
         for name, schema in dict(_filters, **_paging).items()},
        **{name: dict(parameter_types.multi_params(schema),
                      maxItems=len(SORT_KEYS))
           for name, schema in _sorting.items()}),
    'additionalProperties': False,
}

#: For calls that take no query parameter.
no_query = {
    'type': 'object',
    'properties': {},
    'additionalProperties': False,
}

update = {
    'type': 'object',
    'properties': {
        'usb_device': {
            'type': 'object',
            'properties': {
                'project_id': or_null(project_id),
                'disabled': {'type': 'boolean'},
                'description': or_null(text(255)),
                'detach': {'type': 'boolean'},
            },
            'minProperties': 1,
            'additionalProperties': False,
        },
    },
    'required': ['usb_device'],
    'additionalProperties': False,
}

action = {
    'type': 'object',
    'properties': {
        'rescan': {'type': 'null'},
        'force_release': {'type': 'null'},
    },
    'minProperties': 1,
    'maxProperties': 1,
    'additionalProperties': False,
}

_string = {'type': 'string'}
_string_or_null = {'type': ['string', 'null']}
_time = {'type': 'string', 'format': 'date-time'}
# Up to 2025.1 Nova checks the format of a null too; hence no list of types.
_time_or_null = {'oneOf': [_time, {'type': 'null'}]}
_uuid_or_null = {'oneOf': [uuid, {'type': 'null'}]}
_integer_or_null = {'type': ['integer', 'null']}

_link = {
    'type': 'object',
    'properties': {
        'rel': {'type': 'string', 'enum': ['self', 'bookmark']},
        'href': {'type': 'string', 'format': 'uri'},
    },
    'required': ['rel', 'href'],
    'additionalProperties': False,
}

_fields = {
    'id': uuid,
    'vendor_id': _string,
    'product_id': _string,
    'serial': _string_or_null,
    'manufacturer': _string_or_null,
    'product': _string_or_null,
    'device_class': _string_or_null,
    'interface_classes': {'type': 'array', 'items': _string},
    'speed': _string_or_null,
    'present': {'type': 'boolean'},
    'status': {'type': 'string', 'enum': list(status.ALL)},
    'blocked_reason': _string_or_null,
    'instance_uuid': _uuid_or_null,
    'tag': _string_or_null,
    'created_at': _time,
    'updated_at': _time_or_null,
    'links': {'type': 'array', 'items': _link, 'minItems': 2, 'maxItems': 2},
}

_admin_fields = {
    'host': _string,
    'port_path': _string,
    'bus_number': _integer_or_null,
    'device_number': _integer_or_null,
    'controller': _string_or_null,
    'project_id': _string_or_null,
    'disabled': {'type': 'boolean'},
    'description': _string_or_null,
    'resource_class': _string_or_null,
}

#: The fields of a device that everybody sees, and those that only
#: administrators do; the view shows exactly these.
FIELDS = tuple(_fields)
ADMIN_FIELDS = tuple(_admin_fields)

# The administrators' fields come all together or not at all; that the two
# kinds are not mixed is the view's matter and its tests'.
_device = {
    'type': 'object',
    'properties': dict(_fields, **_admin_fields),
    'required': sorted(_fields),
    'additionalProperties': False,
}

show_response = {
    'type': 'object',
    'properties': {'usb_device': _device},
    'required': ['usb_device'],
    'additionalProperties': False,
}

_next_link = {
    'type': 'object',
    'properties': {
        'rel': {'type': 'string', 'enum': ['next']},
        'href': {'type': 'string', 'format': 'uri'},
    },
    'required': ['rel', 'href'],
    'additionalProperties': False,
}

list_response = {
    'type': 'object',
    'properties': {
        'usb_devices': {'type': 'array', 'items': _device},
    },
    'required': ['usb_devices'],
    'additionalProperties': False,
}

index_response = {
    'type': 'object',
    'properties': dict(
        list_response['properties'],
        usb_devices_links={
            'type': 'array',
            'items': _next_link,
            'minItems': 1,
            'maxItems': 1,
        }),
    'required': ['usb_devices'],
    'additionalProperties': False,
}

no_response = {'type': 'null'}
