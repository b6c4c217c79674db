# SPDX-License-Identifier: Apache-2.0
import io
from unittest import mock

from graft import cli
from graft import plan
from graft import seam
from graft.tests import helpers


class CommandTest(helpers.TestCase):

    def setUp(self):
        super().setUp()
        self.tree = self.nova()
        self.plain = helpers.contents(self.tree)
        to_graft = plan.to_graft
        to_remove = plan.to_remove
        checkout = self.checkout()
        self.seams = [
            seam.append(helpers.ROUTES, 'ROUTES += 1'),
            seam.decorator(helpers.MANAGER, 'Manager.start', '@os.x',
                           test=True)]
        for name, function in (
                ('to_graft', lambda *args: to_graft(
                    *args, checkout=checkout, declared=self.seams)),
                ('to_remove', lambda *args: to_remove(
                    *args, declared=self.seams))):
            patch = mock.patch.object(plan, name, function)
            patch.start()
            self.addCleanup(patch.stop)

    def run_cli(self, *options):
        out, err = io.StringIO(), io.StringIO()
        status = cli.main([str(self.tree)] + list(options), out, err)
        return status, out.getvalue(), err.getvalue()

    def test_graft_and_remove(self):
        status, out, err = self.run_cli()
        self.assertEqual((0, ''), (status, err))
        self.assertIn("Nova 34.0.0 with USB, 1 lines added to 1 of "
                      "upstream's files (tests: 1 to 1), 1 new files", out)
        self.assertIn('it was up to date', self.run_cli()[1])
        self.assertEqual(0, self.run_cli('--remove')[0])
        self.assertEqual(self.plain, helpers.contents(self.tree))

    def test_diff_prints_exactly_the_change(self):
        status, out, err = self.run_cli('--diff')
        self.assertEqual((0, ''), (status, err))
        self.assertEqual(helpers.text('''
            --- a/nova/compute/manager.py
            +++ b/nova/compute/manager.py
            @@ -2,5 +2,6 @@
             ~
             ~
             class Manager(object):
            +    @os.x  # usb
                 def start(self):
                     return os
            --- a/nova/routes.py
            +++ b/nova/routes.py
            @@ -1 +1,2 @@
             ROUTES = ()
            +ROUTES += 1  # usb
            1 lines added to 1 of upstream's files (tests: 1 to 1), 1 new files
            ''').replace('~', ''), out)
        self.assertEqual(self.plain, helpers.contents(self.tree))

    def test_check_writes_nothing(self):
        status, out, err = self.run_cli('--check')
        self.assertEqual((0, ''), (status, err))
        self.assertIn('Nova 34.0.0, all seams fit', out)
        self.assertIn('4 files would be written', out)
        self.assertEqual(self.plain, helpers.contents(self.tree))

    def test_every_error_is_one_line_and_a_status(self):
        self.seams.append(seam.append('nova/gone.py', 'x'))
        self.seams.append(seam.decorator(helpers.MANAGER, 'f', '@x'))
        for options in ((), ('--check',), ('--diff',), ('--link',)):
            status, out, err = self.run_cli(*options)
            self.assertEqual((1, ''), (status, out))
            self.assertEqual([
                'graft: nova/compute/manager.py: f is not defined '
                '(Nova 34.0.0)',
                'graft: nova/gone.py: the file is missing, and with it its '
                'end (Nova 34.0.0)'], err.splitlines())
        self.assertEqual(self.plain, helpers.contents(self.tree))

    def test_release_option(self):
        status, out, err = self.run_cli('--release', '21.1.0')
        self.assertEqual((1, ''), (status, out))
        self.assertIn('Nova 21.1.0 is not supported', err)

    def test_newer_than_all_that_was_tried(self):
        status, out, err = self.run_cli('--check', '--release', '35.1.0')
        self.assertEqual((0, ''), (status, err))
        self.assertIn('Nova 35.1.0, not tried, all seams fit', out)
        self.assertIn('Nova 35.1.0 with USB, not tried',
                      self.run_cli('--release', '35.1.0')[1])
        self.seams.append(seam.append('nova/gone.py', 'x'))
        status, out, err = self.run_cli('--check', '--release', '35.1.0')
        self.assertEqual((1, ''), (status, out))
        self.assertIn('nova/gone.py: the file is missing', err)

    def test_no_such_folder(self):
        out, err = io.StringIO(), io.StringIO()
        self.assertEqual(1, cli.main([str(self.folder / 'no')], out, err))
        self.assertIn('is not a source tree of Nova', err.getvalue())

    def test_input_and_output_errors(self):
        with mock.patch('os.replace', side_effect=OSError('disk full')):
            status, out, err = self.run_cli()
        self.assertEqual((1, 'graft: disk full; nothing was changed\n'),
                         (status, err))
        self.assertEqual(self.plain, helpers.contents(self.tree))
