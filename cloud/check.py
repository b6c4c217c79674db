# SPDX-License-Identifier: Apache-2.0
"""./run.sh --check: the main job, done as its users do it.

Every request carries a token from Keystone and goes over HTTP.  Each step
says what it saw; the first answer that is not as it should be ends the
check.
"""

import dataclasses
import time
import typing

from cloud import check_client
from cloud import check_plug
from cloud import errors
from cloud import rest
from cloud import servers
from cloud import settings as settings_module

TYPE = 'compute'
DEVICES = '/os-usb-devices'
# Seconds for the first report of the host's devices.
REPORT_TIMEOUT = 60
# Fields that only administrators see.
SECRET = {'host', 'port_path', 'bus_number', 'device_number', 'controller',
          'project_id', 'disabled', 'resource_class'}


@dataclasses.dataclass
class Scene:
    """What the steps have in common, as far as it is there."""

    settings: settings_module.Settings
    admin: typing.Optional[rest.Session] = None
    member: typing.Optional[rest.Session] = None
    reader: typing.Optional[rest.Session] = None
    other: typing.Optional[rest.Session] = None
    device: typing.Optional[dict] = None
    server: typing.Optional[str] = None

    @property
    def device_path(self):
        """The device in the inventory."""
        return '%s/%s' % (DEVICES, self.device['id'])

    @property
    def server_devices(self):
        """The list of the server's devices."""
        return '/servers/%s%s' % (self.server, DEVICES)


def expect(answer, code, /, **fields):
    """Hold an answer against what it should be.

    :param answer: rest.Answer
    :param code: the right status
    :param fields: values that the usb_device of the answer must have
    :returns: the answer's body
    :raises: CloudError
    """
    if answer.status != code:
        raise errors.CloudError('%s: answered %d, should be %d: %s' % (
            answer.request, answer.status, code, answer.text.strip()))
    if fields:
        shown = answer.body['usb_device']
        wrong = {name: shown.get(name) for name, value in fields.items()
                 if shown.get(name) != value}
        if wrong:
            raise errors.CloudError('%s: answered %s, should be %s' % (
                answer.request, wrong, {name: fields[name]
                                        for name in wrong}))
    return answer.body


def same(what, seen, right):
    """Hold a value against what it should be.

    :raises: CloudError
    """
    if seen != right:
        raise errors.CloudError('%s: %r, should be %r' % (what, seen, right))


def message(answer, *words):
    """What an error says; it must name some words.

    :returns: str
    :raises: CloudError
    """
    body = answer.body or {}
    text = next((fault['message'] for fault in body.values()
                 if isinstance(fault, dict) and 'message' in fault), '')
    missing = [word for word in words if word not in text]
    if missing or not text:
        raise errors.CloudError('%s: the error does not say %s: %s' % (
            answer.request, ', '.join(missing) or 'anything', answer.text))
    return text


def tokens(scene):
    for name, person in settings_module.PEOPLE.items():
        setattr(scene, name, rest.log_in(scene.settings, person))
    return 'Keystone gives tokens to four users of three projects'


def list_devices(scene):
    deadline = time.monotonic() + REPORT_TIMEOUT
    while True:
        found = expect(scene.admin.request('GET', TYPE, DEVICES), 200)
        free = [device for device in found['usb_devices']
                if device['status'] == 'available' and device['present']]
        if free:
            break
        if time.monotonic() > deadline:
            raise errors.CloudError(
                'The host reports no free USB device within %d seconds: %s'
                % (REPORT_TIMEOUT, found))
        time.sleep(0.2)
    scene.device = free[0]
    same('Fields missing for the admin', SECRET - set(free[0]), set())
    return 'the admin lists %d USB devices of %s, %d of them free' % (
        len(found['usb_devices']), free[0]['host'], len(free))


def nothing_granted(scene):
    seen = expect(scene.member.request('GET', TYPE, DEVICES), 200)
    same('Devices before any grant', seen['usb_devices'], [])
    expect(scene.member.request('GET', TYPE, scene.device_path), 404)
    return 'the member sees none before one is granted'


def grant(scene):
    project = scene.member.project
    expect(scene.admin.request('PUT', TYPE, scene.device_path, {
        'usb_device': {'project_id': project}}), 200, project_id=project)
    seen = expect(scene.member.request('GET', TYPE, DEVICES), 200)
    same('The member\'s devices',
         [device['id'] for device in seen['usb_devices']],
         [scene.device['id']])
    same('Fields that a member must not see',
         SECRET & set(seen['usb_devices'][0]), set())
    return 'the admin grants %s to the member\'s project' % name(scene.device)


def name(device):
    """What people call a device."""
    return '%s:%s (%s)' % (device['vendor_id'], device['product_id'],
                           device['product'] or 'no product name')


def boot(scene):
    scene.server = servers.boot(scene.member, 'check')
    return 'the member boots a server'


def attach(scene):
    body = {'usb_device': {'id': scene.device['id'], 'tag': 'check'}}
    expect(scene.member.request('POST', TYPE, scene.server_devices, body),
           200, id=scene.device['id'], status='attached', tag='check',
           instance_uuid=scene.server, present=True)
    return 'the member attaches it'


def show(scene):
    path = '%s/%s' % (scene.server_devices, scene.device['id'])
    expect(scene.member.request('GET', TYPE, path), 200,
           id=scene.device['id'], status='attached',
           serial=scene.device['serial'], instance_uuid=scene.server)
    seen = expect(scene.member.request('GET', TYPE, scene.server_devices),
                  200)
    same("The server's devices",
         [device['id'] for device in seen['usb_devices']],
         [scene.device['id']])
    return 'the server shows it'


def attach_again(scene):
    body = {'usb_device': {'id': scene.device['id']}}
    again = scene.member.request('POST', TYPE, scene.server_devices, body)
    expect(again, 409)
    return 'a second attach is refused: ' + message(again,
                                                    scene.device['id'])


def another_project(scene):
    device = scene.device['id']
    for session in (scene.reader, scene.other):
        seen = expect(session.request('GET', TYPE, DEVICES), 200)
        same('Devices of another project', seen['usb_devices'], [])
        for path in (scene.device_path, scene.server_devices,
                     '%s/%s' % (scene.server_devices, device)):
            expect(session.request('GET', TYPE, path), 404)
    body = {'usb_device': {'id': device}}
    expect(scene.other.request('POST', TYPE, scene.server_devices, body),
           404)
    expect(scene.other.request('DELETE', TYPE, '%s/%s' % (
        scene.server_devices, device)), 404)
    return 'the other project finds neither the device nor the server: 404'


def wrong_role(scene):
    body = {'usb_device': {'project_id': scene.reader.project}}
    for session in (scene.member, scene.reader):
        expect(session.request('PUT', TYPE, scene.device_path, body), 403)
        expect(session.request('GET', TYPE, DEVICES + '?host=x'), 403)
    return 'none of them may grant it or ask for a host: 403'


def bad_input(scene):
    for body in ({}, {'usb_device': {}}, {'usb_device': {'id': 'x'}},
                 {'usb_device': {'id': scene.device['id'], 'color': 1}}):
        expect(scene.member.request('POST', TYPE, scene.server_devices,
                                    body), 400)
    expect(scene.member.request('GET', TYPE, DEVICES + '/x'), 400)
    return 'malformed requests are told so: 400'


def detach(scene):
    path = '%s/%s' % (scene.server_devices, scene.device['id'])
    expect(scene.member.request('DELETE', TYPE, path), 204)
    expect(scene.member.request('GET', TYPE, path), 404)
    expect(scene.member.request('GET', TYPE, scene.device_path), 200,
           status='available', instance_uuid=None, tag=None)
    return 'the member detaches it, and it is free'


def actions(scene):
    seen = expect(scene.member.request(
        'GET', TYPE, '/servers/%s/os-instance-actions' % scene.server), 200)
    names = [action['action'] for action in seen['instanceActions']]
    usb = [action for action in names if 'usb' in action]
    for verb in ('attach', 'detach'):
        if not any(verb in action.split('_') for action in usb):
            raise errors.CloudError(
                'os-instance-actions shows no %s of a USB device: %s' % (
                    verb, names))
    return 'os-instance-actions shows ' + ', '.join(sorted(set(usb)))


def race(scene):
    path = scene.server_devices
    body = {'usb_device': {'id': scene.device['id']}}
    answers = check_client.at_once(
        20, lambda: scene.member.request('POST', TYPE, path, body))
    statuses = sorted(answer.status for answer in answers)
    same('20 attaches at once', statuses, [200] + [409] * 19)
    return 'of 20 attaches at once one wins, 19 get 409'


def delete(scene):
    servers.delete(scene.member, scene.server)
    expect(scene.admin.request('GET', TYPE, scene.device_path), 200,
           status='available', instance_uuid=None)
    return 'deleting the server frees the device'


def revoke(scene):
    expect(scene.admin.request('PUT', TYPE, scene.device_path, {
        'usb_device': {'project_id': None}}), 200, project_id=None)
    expect(scene.member.request('GET', TYPE, scene.device_path), 404)
    return 'the admin takes the grant back'


STEPS = (tokens, list_devices, nothing_granted, grant, boot, attach, show,
         attach_again, another_project, wrong_role, bad_input, detach,
         actions, race, delete, revoke)


def run(settings):
    """Do all steps and print what each saw.

    :param settings: Settings of a cloud that is up
    :returns: whether all was right
    """
    scene = Scene(settings)
    steps = list(STEPS)
    if not settings.libvirt:
        steps.append(check_plug.plug)
    steps.append(check_client.command_line)
    for step in steps:
        began = time.monotonic()
        try:
            text = step(scene)
        except errors.CloudError as error:
            print('WRONG %5.1f s  %s' % (time.monotonic() - began, error),
                  flush=True)
            return False
        print('OK    %5.1f s  %s' % (time.monotonic() - began, text),
              flush=True)
    print('All %d steps are right.' % len(steps))
    return True
