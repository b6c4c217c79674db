# SPDX-License-Identifier: Apache-2.0
"""nova-compute of this fork, inside the emulated host."""

import pathlib

from cloud import files
from cloud import nova as cloud_nova
from lab import errors
from lab import host
from lab import process
from toolbox import errors as toolbox_errors
from toolbox import waiting

DIRECTORY = '/var/lib/nova'
SCRIPT = pathlib.Path(__file__).resolve().parent / 'inside' / 'compute.py'
# Seconds; an emulated processor takes a minute or two for nova-compute's
# imports alone.
START_TIMEOUT = 1200


class Compute:
    """The nova-compute process.

    :param settings: lab.settings.LabSettings
    :param emulated: lab.host.Host
    """

    def __init__(self, settings, emulated):
        self.settings = settings
        self.host = emulated
        self.pid = None

    @property
    def log(self):
        return self.settings.log('nova-compute')

    @property
    def _trap(self):
        return self.settings.state / 'kill-at'

    @property
    def _conf(self):
        return self.settings.etc('nova-compute') / 'nova.conf'

    def start(self):
        """Start it; `wait_up` waits until it serves."""
        files.write(self._conf, self._sections())
        self.pid = self.host.channel.start(
            [self.settings.tool('python'), SCRIPT, self._trap,
             '--config-file', self._conf], self.log,
            env={'HOME': '/root', 'PYTHONDONTWRITEBYTECODE': '1'})

    def kill_at(self, step):
        """Have it killed when it comes to a step of attach or detach.

        :param step: one of nova.compute.usb.attachments.STEPS
        """
        self._trap.write_text(step)

    def running(self):
        return self.host.channel.alive(self.pid)

    def wait_up(self, admin, timeout=START_TIMEOUT):
        """Wait until the cloud counts it as a host.

        :param admin: lab.user.User
        :raises: toolbox.errors.Failure with the end of its log
        """
        def up():
            found = admin.compute('GET', '/os-services?binary=nova-compute')
            return any(service['state'] == 'up'
                       for service in found['services'])

        def hypervisor():
            found = admin.compute('GET', '/os-hypervisors')
            return found['hypervisors']

        def resources():
            # Told after the former, the traits last.
            found = admin.call(
                'GET', 'placement', '/resource_providers?resources=VCPU:1'
                '&required=COMPUTE_NODE',
                microversion='1.18')
            return found['resource_providers']

        try:
            waiting.wait_for('nova-compute to report itself', up, timeout,
                             interval=1, check=self.check)
            waiting.wait_for('nova-compute to describe its host', hypervisor,
                             timeout, interval=1, check=self.check)
            waiting.wait_for('Placement to know the host', resources,
                             timeout, interval=1, check=self.check)
        except toolbox_errors.Failure as exc:
            raise type(exc)('%s\n%s' % (exc, process.tail(self.log)))

    def check(self):
        """:raises: errors.LabError when it, or its host, has ended."""
        self.host.check()
        if not self.running():
            raise errors.LabError('nova-compute has ended.')

    def _sections(self):
        settings = self.settings
        sections = cloud_nova.base(settings)
        # It has no business with them, and says so.
        del sections['api_database']
        del sections['database']
        sections['DEFAULT'].update({
            'compute_driver': 'libvirt.LibvirtDriver',
            # The driver tells of libvirt's events at this level alone.
            'default_log_levels': 'amqp=WARN,nova.virt.libvirt.driver=DEBUG',
            'force_raw_images': 'false',
            'host': host.NAME,
            'instances_path': pathlib.Path(DIRECTORY, 'instances'),
            'my_ip': '10.0.2.15',
            'reserved_host_memory_mb': 0,
            # The guest has no ACPI to be asked by.
            'shutdown_timeout': 1,
            'state_path': DIRECTORY,
        })
        sections['oslo_concurrency']['lock_path'] = DIRECTORY
        sections['libvirt'] = {
            'cpu_mode': 'none',
            'disk_cachemodes': 'file=unsafe',
            'hw_machine_type': 'x86_64=pc',
            'images_type': 'raw',
            'virt_type': 'qemu',
            # The same, for a soft reboot.
            'wait_soft_reboot_seconds': 1,
        }
        sections.update(cloud_nova.privsep(settings, self._conf))
        return sections
