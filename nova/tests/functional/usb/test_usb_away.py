# SPDX-License-Identifier: Apache-2.0
"""Conductor, database or broker away for a while: all converges after it."""

from nova import objects
from nova.tests.functional.usb import away_base
from nova.tests.usb_fixtures import usb_away


class Cases(object):
    """The same for each thing that can be away.

    :cvar ATTACHES: by moment at which the thing goes: what attach answers,
        and the state of the device when all has settled
    :cvar DETACHES: likewise of detach
    """

    def _state(self):
        return self.device('1-1').status

    def attached_before(self):
        if self._state() != 'attached':
            code, body = self.attach(self.server, id=self.uuid)
            self.assertEqual(200, code, body)
        self.assert_attached()

    def free_before(self):
        if self._state() == 'attached':
            self.assertEqual(204, self.detach(self.server, self.uuid)[0])
        self.assert_free()

    def _outcomes(self, moments, before, request):
        outcomes = {}
        for moment in moments:
            before()
            with self.leaves_at(self.thing, moment):
                code, _body = request()
            self.converge()
            outcomes[moment] = code, self._state()
        return outcomes

    def test_attach(self):
        self.assertEqual(self.ATTACHES, self._outcomes(
            away_base.ATTACH, self.free_before,
            lambda: self.attach(self.server, id=self.uuid)))

    def test_detach(self):
        self.assertEqual(self.DETACHES, self._outcomes(
            away_base.DETACH, self.attached_before,
            lambda: self.detach(self.server, self.uuid)))

    def test_report(self):
        self.attached_before()
        with usb_away.away(self.thing):
            self.unplug('1-2.1')
            self.replug('1-1')
            for _n in range(2):
                self.scan()
        self.assertEqual(1, self.stdlog.logger.output.count(
            'USB devices were not reported'))
        self.scan()
        self.assertEqual({'1-1', '1-2.2'}, set(self.present()))
        self.assertEqual({self.uuid: (1, 22)}, self.in_domain(self.server))
        self.assert_agree()
        self.assertIn('USB devices are reported again',
                      self.stdlog.logger.output)


class ConductorAwayTest(Cases, away_base.AwayTestBase):

    ATTACHES = {
        away_base.CLAIMED: (409, 'available'),
        away_base.ASKING: (409, 'available'),
        'attach:asked': (409, 'available'),
        'attach:located': (409, 'available'),
        'attach:in_domain': (409, 'available'),
        'attach:recorded': (200, 'attached'),
    }
    DETACHES = {
        away_base.CLAIMED: (409, 'attached'),
        away_base.ASKING: (409, 'attached'),
        'detach:asked': (409, 'attached'),
        # The host's last word waits on the bus, and is heard late.
        'detach:out_of_domain': (409, 'available'),
        'detach:recorded': (204, 'available'),
    }

    def setUp(self):
        super(ConductorAwayTest, self).setUp()
        self.thing = self.useFixture(usb_away.ConductorFixture(self))

    def test_heard_late(self):
        """What the host sent is done while it puts the domain right."""
        self.attached_before()
        driver = self.usb.driver
        instance = objects.Instance.get_by_uuid(
            self.context, self.server['id'])
        driver.detach(self.context, instance, self.uuid)

        def attach(real, *args):
            real(*args)
            self.device('1-1').release()

        self.usb.unsettled.add(self.server['id'])
        self.faults.instead('attach', attach, times=1)
        self.scan()
        self.assertEqual({self.uuid: (1, 2)}, self.in_domain(self.server))
        self.scan()
        self.assert_free()


class BrokerAwayTest(Cases, away_base.AwayTestBase):

    ATTACHES = ConductorAwayTest.ATTACHES
    DETACHES = dict(ConductorAwayTest.DETACHES,
                    # Here it is lost: the guest gets its device back.
                    **{'detach:out_of_domain': (409, 'attached')})

    def setUp(self):
        super(BrokerAwayTest, self).setUp()
        self.thing = self.useFixture(usb_away.BrokerFixture())


class DatabaseAwayTest(Cases, away_base.AwayTestBase):
    """Ours answer 503, where other requests of Nova's end in a 500."""

    ATTACHES = {
        away_base.CLAIMED: (503, 'available'),
        away_base.ASKING: (503, 'available'),
        'attach:asked': (503, 'available'),
        'attach:located': (503, 'available'),
        'attach:in_domain': (503, 'available'),
        # Nobody could say so, but it was done.
        'attach:recorded': (503, 'attached'),
    }
    # What was begun is brought to its end.
    DETACHES = {moment: (503, 'available') for moment in away_base.DETACH}

    def setUp(self):
        super(DatabaseAwayTest, self).setUp()
        self.thing = self.useFixture(usb_away.DatabaseFixture(self.context))
        self.useFixture(usb_away.BrokerFixture())

    def test_requests(self):
        path = '/servers/%s/os-usb-devices' % self.server['id']
        device = '/os-usb-devices/%s' % self.uuid
        answers = {}
        with usb_away.away(self.thing):
            for method, path, body in (
                    ('GET', '/os-usb-devices', None),
                    ('GET', device, None),
                    ('PUT', device, {'usb_device': {'disabled': True}}),
                    ('DELETE', device, None),
                    ('POST', device + '/action', {'rescan': None}),
                    ('GET', path, None),
                    ('POST', path, {'usb_device': {'id': self.uuid}})):
                answers[method, path] = self.request(method, path, body)[0]
        # A list has what the cells say that answer, as Nova's own do.
        self.assertEqual(200, answers.pop(('GET', '/os-usb-devices')))
        self.assertEqual({503}, set(answers.values()), answers)
        self.assert_free()
