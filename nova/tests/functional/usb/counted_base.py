# SPDX-License-Identifier: Apache-2.0
"""What is counted in Placement, for the tests that look at it."""


class CountedMixin(object):

    def usage(self, resource_class, node='fake-mini'):
        provider = self._get_provider_uuid_by_name(node + '_usb')
        return self._get_provider_usages(provider).get(resource_class, 0)

    def of_server(self, server):
        """All of the devices' classes that a server's allocation has."""
        found = {}
        for held in self._get_allocations_by_server_uuid(
                server['id']).values():
            found.update({name: amount for name, amount
                          in held['resources'].items() if 'USB' in name})
        return found

    def assert_soon(self, check):
        """The host is told meanwhile; simulated ones have no events."""
        def scan_and_check():
            self.scan()
            check()
        self._wait_for_assert(scan_and_check)

    def rescan(self, compute):
        # Everything is looked at, as an administrator's rescan does.
        compute.manager.usb.rescan(self.context)
        self.scan(compute)
