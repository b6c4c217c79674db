# SPDX-License-Identifier: Apache-2.0
"""The steps of the check that are about USB devices."""

from concurrent import futures

from cloud.check import scene as scene_module
from cloud.check.scene import DEVICES
from cloud import errors
from cloud import sdk
from cloud import servers
from cloud import settings as settings_module
from toolbox import waiting

expect = scene_module.expect
same = scene_module.same
send = scene_module.send
# Seconds for the first report of the host's devices.
REPORT_TIMEOUT = 60
# Fields that only administrators see.
SECRET = {'host', 'port_path', 'bus_number', 'device_number', 'controller',
          'project_id', 'disabled', 'resource_class'}


def tokens(scene):
    for cloud in settings_module.PEOPLE:
        connection = sdk.connect(scene.settings, cloud)
        connection.authorize()
        setattr(scene, cloud, connection)
    return 'Keystone gives tokens to four users of three projects'


def list_devices(scene):
    # The server can have the devices of its own host alone.
    host = scene.admin.compute.get_server(scene.server).compute_host
    seen = {}

    def free():
        seen.update(expect(send(scene.admin, 'GET', DEVICES), 200))
        return [device for device in seen['usb_devices']
                if device['status'] == 'available' and device['present']
                and device['host'] == host]

    found = waiting.wait_for(
        'the host to report a free USB device', free, REPORT_TIMEOUT, 0.2,
        detail=lambda: 'The API shows %s' % seen)
    scene.device = found[0]
    same('Fields missing for the admin', SECRET - set(found[0]), set())
    return 'the admin lists %d USB devices of %s, %d of them free' % (
        len(seen['usb_devices']), found[0]['host'], len(found))


def nothing_granted(scene):
    seen = expect(send(scene.member, 'GET', DEVICES), 200)
    same('Devices before any grant', seen['usb_devices'], [])
    expect(send(scene.member, 'GET', scene.device_path), 404)
    return 'the member sees none before one is granted'


def grant(scene):
    project = scene.member.current_project_id
    expect(send(scene.admin, 'PUT', scene.device_path, {
        'usb_device': {'project_id': project}}), 200, project_id=project)
    seen = expect(send(scene.member, 'GET', DEVICES), 200)
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
    expect(send(scene.member, 'POST', scene.server_devices, body),
           200, id=scene.device['id'], status='attached', tag='check',
           instance_uuid=scene.server.id, present=True)
    return 'the member attaches it'


def show(scene):
    path = '%s/%s' % (scene.server_devices, scene.device['id'])
    expect(send(scene.member, 'GET', path), 200,
           id=scene.device['id'], status='attached',
           serial=scene.device['serial'], instance_uuid=scene.server.id)
    seen = expect(send(scene.member, 'GET', scene.server_devices),
                  200)
    same("The server's devices",
         [device['id'] for device in seen['usb_devices']],
         [scene.device['id']])
    return 'the server shows it'


def attach_again(scene):
    body = {'usb_device': {'id': scene.device['id']}}
    again = send(scene.member, 'POST', scene.server_devices, body)
    expect(again, 409)
    return 'a second attach is refused: ' + scene_module.message(
        again, scene.device['id'])


def another_project(scene):
    device = scene.device['id']
    for connection in (scene.reader, scene.other):
        seen = expect(send(connection, 'GET', DEVICES), 200)
        same('Devices of another project', seen['usb_devices'], [])
        for path in (scene.device_path, scene.server_devices,
                     '%s/%s' % (scene.server_devices, device)):
            expect(send(connection, 'GET', path), 404)
    body = {'usb_device': {'id': device}}
    expect(send(scene.other, 'POST', scene.server_devices, body),
           404)
    expect(send(scene.other, 'DELETE', '%s/%s' % (
        scene.server_devices, device)), 404)
    return 'the other project finds neither the device nor the server: 404'


def wrong_role(scene):
    body = {'usb_device': {'project_id': scene.reader.current_project_id}}
    for connection in (scene.member, scene.reader):
        expect(send(connection, 'PUT', scene.device_path, body), 403)
        expect(send(connection, 'GET', DEVICES + '?host=x'), 403)
    return 'none of them may grant it or ask for a host: 403'


def bad_input(scene):
    for body in ({}, {'usb_device': {}}, {'usb_device': {'id': 'x'}},
                 {'usb_device': {'id': scene.device['id'], 'color': 1}}):
        expect(send(scene.member, 'POST', scene.server_devices,
                                    body), 400)
    # No device has such an id, as with Nova's servers.
    expect(send(scene.member, 'GET', DEVICES + '/x'), 404)
    return 'malformed requests are told so: 400, a malformed id: 404'


def detach(scene):
    path = '%s/%s' % (scene.server_devices, scene.device['id'])
    expect(send(scene.member, 'DELETE', path), 204)
    expect(send(scene.member, 'GET', path), 404)
    expect(send(scene.member, 'GET', scene.device_path), 200,
           status='available', instance_uuid=None, tag=None)
    return 'the member detaches it, and it is free'


def actions(scene):
    path = '/servers/%s/os-instance-actions' % scene.server.id
    seen = expect(send(scene.member, 'GET', path), 200)
    names = [action['action'] for action in seen['instanceActions']]
    usb = [action for action in names if 'usb' in action]
    for verb in ('attach', 'detach'):
        if not any(verb in action.split('_') for action in usb):
            raise errors.CloudError(
                'os-instance-actions shows no %s of a USB device: %s' % (
                    verb, names))
    return 'os-instance-actions shows ' + ', '.join(sorted(set(usb)))


def at_once(count, request):
    """Send a request several times at once.

    :param count: how many times
    :param request: callable that sends it
    :returns: list of what it returned
    """
    with futures.ThreadPoolExecutor(count) as pool:
        waiting_for = [pool.submit(request) for _ in range(count)]
        return [future.result() for future in waiting_for]


def race(scene):
    path = scene.server_devices
    body = {'usb_device': {'id': scene.device['id']}}
    answers = at_once(
        20, lambda: send(scene.member, 'POST', path, body))
    statuses = sorted(answer.status_code for answer in answers)
    same('20 attaches at once', statuses, [200] + [409] * 19)
    return 'of 20 attaches at once one wins, 19 get 409'


def delete(scene):
    servers.delete(scene.member, scene.server)
    expect(send(scene.admin, 'GET', scene.device_path), 200,
           status='available', instance_uuid=None)
    return 'deleting the server frees the device'


def revoke(scene):
    expect(send(scene.admin, 'PUT', scene.device_path, {
        'usb_device': {'project_id': None}}), 200, project_id=None)
    expect(send(scene.member, 'GET', scene.device_path), 404)
    return 'the admin takes the grant back'


STEPS = (tokens, boot, list_devices, nothing_granted, grant, attach, show,
         attach_again, another_project, wrong_role, bad_input, detach,
         actions, race, delete, revoke)
