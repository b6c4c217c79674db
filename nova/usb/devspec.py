# SPDX-License-Identifier: Apache-2.0
"""Which devices an operator offers: ``[usb] device_spec``.

Parsed once, when nova-compute starts; what is wrong stops it there with one
line, so that a slip of the pen never offers a device.

``port_path`` begins with the number of a bus, which may be another one after
each boot; ``controller`` says for good whose ports are meant.
"""

import json
import re
import typing

import os_traits

from nova.i18n import _
from nova.usb import exception

_MATCH_KEYS = ('vendor_id', 'product_id', 'serial', 'port_path', 'class',
               'controller')
_OTHER_KEYS = ('deny', 'resource_class', 'traits')

#: What the value of a key must look like, in lower case, and in words.
_FORMATS = {
    'vendor_id': (re.compile(r'[0-9a-f]{4}\Z'), _('four hexadecimal digits')),
    'product_id': (re.compile(r'[0-9a-f]{4}\Z'),
                   _('four hexadecimal digits')),
    'class': (re.compile(r'[0-9a-f]{2}\Z'), _('two hexadecimal digits')),
    'port_path': (re.compile(r'[0-9]+-[0-9]+(\.[0-9]+)*\Z'),
                  _('a port as the kernel names it, like 1-1.4')),
    # The path of one that is no PCI device has a slash.
    'controller': (
        re.compile(r'([0-9a-f]{4,}(:[0-9a-f]{2}){2}\.[0-7]|\S+/\S+)\Z'),
        _('a PCI address like 0000:00:14.0, or the path in /sys/devices of a '
          'controller that is no PCI device')),
}
_WILD = {
    'vendor_id': re.compile(r'[0-9a-f*?]{1,8}\Z'),
    'product_id': re.compile(r'[0-9a-f*?]{1,8}\Z'),
    'class': re.compile(r'[0-9a-f*?]{1,4}\Z'),
    'port_path': re.compile(r'[0-9.*?-]+\Z'),
    'controller': re.compile(r'\S+\Z'),
}
_CUSTOM = re.compile(r'CUSTOM_[A-Z0-9_]{1,248}\Z')

#: Nova's PCI code takes a provider with this trait for its own and removes
#: it.
_FORBIDDEN_TRAITS = ('COMPUTE_MANAGED_PCI_DEVICE',)


class Decision(typing.NamedTuple):
    """What becomes of a device.

    :param blocked_reason: why it is not offered, a clause; None when it is
    :param resource_class: its class in Placement
    :param traits: its traits in Placement
    """
    blocked_reason: typing.Optional[str]
    resource_class: str
    traits: typing.Tuple[str, ...]


def default_resource_class(device):
    return 'CUSTOM_USB_%s_%s' % (device.vendor_id.upper(),
                                 device.product_id.upper())


class _Pattern(object):
    """A value in which ``*`` stands for any characters and ``?`` for one.

    What lies between two stars is looked for once, as early as it can be,
    and never again further on: no value makes it slow, as it would a regular
    expression, which tries all ways to divide the value among the stars.
    """

    def __init__(self, value):
        self._parts = [
            re.compile(''.join('.' if char == '?' else re.escape(char)
                               for char in part), re.DOTALL)
            for part in value.split('*')]
        # Of the last part; ``?`` stands for one character, like all others.
        self._tail = len(value.rpartition('*')[2])

    def match(self, value):
        """Whether the whole value is one that this stands for."""
        first, rest = self._parts[0], self._parts[1:]
        if not rest:
            return first.fullmatch(value) is not None
        found = first.match(value)
        for part in rest[:-1]:
            if found is None:
                return False
            found = part.search(value, found.end())
        start = len(value) - self._tail
        return (found is not None and found.end() <= start and
                rest[-1].match(value, start) is not None)


class _Entry(object):
    """One object of the option."""

    def __init__(self, raw):
        self.text = json.dumps(raw, sort_keys=True)
        if not isinstance(raw, dict):
            self._fail(_('an entry is an object, not %s')
                       % type(raw).__name__)
        unknown = sorted(set(raw) - set(_MATCH_KEYS) - set(_OTHER_KEYS))
        if unknown:
            self._fail(_('unknown key %(key)s; known are %(known)s') % {
                'key': ', '.join(unknown),
                'known': ', '.join(_MATCH_KEYS + _OTHER_KEYS)})
        self.deny = raw.get('deny', False)
        if not isinstance(self.deny, bool):
            self._fail(_('deny is true or false'))
        if self.deny and set(raw) & {'resource_class', 'traits'}:
            self._fail(_('an entry that denies has neither resource_class '
                         'nor traits'))
        self.patterns = {key: _Pattern(self._value(key, raw[key]))
                         for key in _MATCH_KEYS if key in raw}
        self.resource_class = self._resource_class(raw)
        self.traits = self._traits(raw)

    def _fail(self, reason):
        raise exception.UsbDeviceSpecInvalid(reason=reason, value=self.text)

    def _value(self, key, value):
        if not isinstance(value, str) or not value:
            self._fail(_('%s is a string that is not empty') % key)
        if key == 'serial':
            return value
        value = value.lower()
        pattern, words = _FORMATS[key]
        if set(value) & set('*?'):
            pattern = _WILD[key]
        if not pattern.match(value):
            self._fail(_('%(key)s is %(words)s, or that with wildcards') % {
                'key': key, 'words': words})
        return value

    def _resource_class(self, raw):
        name = raw.get('resource_class')
        if name is not None and not (
                isinstance(name, str) and _CUSTOM.match(name)):
            self._fail(_('resource_class is CUSTOM_ and capital letters, '
                         'digits and underscores'))
        return name

    def _traits(self, raw):
        traits = raw.get('traits', [])
        if not isinstance(traits, list):
            self._fail(_('traits is a list'))
        for trait in traits:
            if not isinstance(trait, str) or trait in _FORBIDDEN_TRAITS or (
                    not _CUSTOM.match(trait) and
                    trait not in os_traits.get_traits()):
                self._fail(_('%s is not a trait that can be given to a USB '
                             'device') % trait)
        return tuple(sorted(set(traits)))

    def matches(self, device):
        for key, pattern in self.patterns.items():
            if key == 'class':
                values = (device.device_class,) + tuple(
                    device.interface_classes)
            else:
                values = (getattr(device, key) or '',)
            if key == 'controller':
                # As the value of the option was.
                values = (values[0].lower(),)
            if not any(pattern.match(value) for value in values):
                return False
        return True


class DeviceSpec(object):
    """All entries of ``[usb] device_spec``."""

    def __init__(self, entries):
        self._denied = [entry for entry in entries if entry.deny]
        self._offered = [entry for entry in entries if not entry.deny]

    @classmethod
    def parse(cls, values):
        """Read the option.

        :param values: list of strings, each JSON of an object or of a list
            of objects
        :returns: DeviceSpec
        :raises: UsbDeviceSpecInvalid
        """
        entries = []
        for value in values:
            try:
                raw = json.loads(value)
            except ValueError as e:
                raise exception.UsbDeviceSpecInvalid(
                    reason=_('it is not JSON (%s)') % e,
                    # One line in the log, however it was written.
                    value=' '.join(value.split()))
            entries += raw if isinstance(raw, list) else [raw]
        return cls([_Entry(raw) for raw in entries])

    def decide(self, device):
        """What becomes of a device of this host.

        What the host uses itself comes first, then entries that deny, then
        the first entry that matches.

        :param device: HostUsbDevice
        :returns: Decision
        """
        resource_class = default_resource_class(device)
        traits = ()
        reason = device.host_use
        offer = next((entry for entry in self._offered
                      if entry.matches(device)), None)
        if offer is not None:
            resource_class = offer.resource_class or resource_class
            traits = offer.traits
        if reason is None:
            denied = next((entry for entry in self._denied
                           if entry.matches(device)), None)
            if denied is not None:
                reason = _('[usb] device_spec denies it')
            elif self._offered and offer is None:
                reason = _('[usb] device_spec does not offer it')
        return Decision(reason, resource_class, traits)
