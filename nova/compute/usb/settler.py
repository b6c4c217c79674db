# SPDX-License-Identifier: Apache-2.0
"""Brings the domains of the servers of one host in line with the records.

Used whenever the two may differ: when nova-compute starts, after a replug,
after an event of a server's life, after a failure.  What is to be done is
decided by :mod:`nova.usb.settlement`.
"""

from oslo_concurrency import lockutils
from oslo_log import log as logging

from nova.compute.usb import attachments
from nova.compute.usb import changes
from nova.compute import vm_states
from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import grant
from nova.usb import settlement
from nova.usb import status

LOG = logging.getLogger(__name__)


class Settler(object):
    """Settles one server at a time.

    :param driver: a nova.virt.usb.driver.UsbDriver
    :param host: the name of this host
    """

    def __init__(self, driver, host):
        self.driver = driver
        self.host = host
        # device uuid -> what was said of it last
        self._said = changes.Changes()

    def settle(self, context, instance_uuid, is_stalled, task=None):
        """Bring what a server's domain has in line with the records.

        A server that is on its way (a task is under way, or a resize waits
        to be confirmed) is left alone: what ends that calls this again.

        :param is_stalled: callable that takes a UsbDevice that is
            ``attaching`` or ``detaching`` and says whether nobody waits for
            that any more
        :param task: the server's task, where that is the caller's own
        :returns: False when it has to be looked at again: a task, an attach
            or a detach is under way, or something had to be put right
        :raises: nova.exception.NovaException when a step fails; the steps of
            other devices are applied all the same
        """
        if self._is_busy(context, instance_uuid, task):
            return False
        with lockutils.lock(instance_uuid):
            return self._settle(context, instance_uuid, is_stalled, task)

    @staticmethod
    def _is_busy(context, instance_uuid, task):
        """Whether a task of the server is under way.

        Such a task may keep the server's lock for long, as a build does, and
        whoever reconciles the host must not wait for it.
        """
        try:
            instance = objects.Instance.get_by_uuid(
                context, instance_uuid, expected_attrs=[])
        except exception.InstanceNotFound:
            return False
        return instance.task_state not in (None, task)

    def _settle(self, context, instance_uuid, is_stalled, task):
        held = [device for device in
                usb_obj.UsbDeviceList.get_by_instance_uuid(
                    context, instance_uuid)
                if device.host == self.host]
        try:
            instance = objects.Instance.get_by_uuid(context, instance_uuid)
        except exception.InstanceNotFound:
            self._clear_deleted(context, instance_uuid)
            self._release_all(held, 'is deleted')
            return True
        if instance.task_state not in (None, task):
            return False
        if instance.vm_state == vm_states.RESIZED:
            # Confirming it, or reverting, calls this again.
            return True
        if instance.host != self.host:
            self._release_all(held, 'has left this host')
            return True
        return self._settle_here(context, instance, held, is_stalled)

    def _clear_deleted(self, context, instance_uuid):
        """Take all out of the domain that a deleted server left behind.

        It runs on when the server was deleted while its host was down, and
        upstream lets it do so for a while.
        """
        try:
            instance = objects.Instance.get_by_uuid(
                context.elevated(read_deleted='only'), instance_uuid,
                expected_attrs=[])
        except exception.InstanceNotFound:
            # Not this cloud's, as far as can be told.
            return
        if instance.host == self.host:
            live = self.driver.attached(instance)
            self._apply(context, instance, {},
                        settlement.plan([], live, [], ()))

    def _settle_here(self, context, instance, held, is_stalled):
        """As settle, for a server of this host.

        :returns: whether the domain was right.  One that was not is looked
            at once more: a record read here may just have been changed by
            what a failed request sent before, and came late.
        """
        live = None
        if instance.vm_state in attachments.LIVE_STATES:
            live = self.driver.attached(instance)
        sightings = ()
        if live is not None and any(device.status == status.ATTACHED
                                    for device in held):
            # One scan for all devices of the server.
            sightings = self.driver.sightings()
        stalled = {device.uuid for device in held
                   if device.status in status.UNDER_WAY and
                   is_stalled(device)}
        revoked = {device.uuid for device in held
                   if not grant.still_holds(device, instance.project_id)}
        plan = settlement.plan(held, live, sightings, stalled, revoked)
        self._apply(context, instance,
                    {device.uuid: device for device in held}, plan)
        if plan.again:
            return False
        return live is None or self.driver.attached(instance) == live

    def _apply(self, context, instance, held, plan):
        """Take the steps of a plan; a device whose step fails is left.

        :raises: the first error, when all is done
        """
        errors = {}
        for step in plan.steps:
            if step.device_uuid in errors:
                continue
            try:
                self._take(context, instance, held, step)
            except exception.NovaException as e:
                errors[step.device_uuid] = e
                if self._said.noted(step.device_uuid, str(e)):
                    LOG.warning('The server is not settled, trying again at '
                                'the next scan: %s', e, instance=instance)
        for uuid in held:
            if uuid not in {step.device_uuid for step in plan.steps}:
                self._said.forget(uuid)
        for error in errors.values():
            raise error

    def _take(self, context, instance, held, step):
        uuid = step.device_uuid
        values = {'device': uuid, 'verb': step.verb, 'reason': step.reason}
        if step.verb == settlement.LEAVE:
            if held[uuid].status == status.ATTACHED and (
                    self._said.noted(uuid, step.reason)):
                LOG.warning('The server goes without USB device %(device)s '
                            'for now: %(reason)s', values, instance=instance)
            return
        if uuid in held:
            LOG.info('USB device %(device)s, %(verb)s: %(reason)s', values,
                     instance=instance)
        else:
            LOG.warning('USB device %(device)s is taken out of the domain: '
                        '%(reason)s', values, instance=instance)
        if step.verb == settlement.TAKE_OUT:
            self.driver.detach(context, instance, uuid)
        elif step.verb == settlement.RELEASE:
            held[uuid].release(
                [status.ATTACHED] if held[uuid].status == status.ATTACHED
                else list(status.UNDER_WAY))
        else:
            attachments.put_in(self.driver, context, instance, uuid,
                               step.address)
            self._said.forget(uuid)

    @staticmethod
    def _release_all(devices, why):
        for device in devices:
            LOG.warning('USB device %(device)s is freed: server %(server)s '
                        '%(why)s.', {'device': device.uuid, 'why': why,
                                     'server': device.instance_uuid})
            device.release(list(status.CLAIMED))
