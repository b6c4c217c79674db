# SPDX-License-Identifier: Apache-2.0
import os
import shutil
from unittest import mock

from graft import errors
from graft import manifest
from graft import plan
from graft import seam
from graft.tests import helpers
from graft import write

APPEND = seam.append(helpers.ROUTES, 'ROUTES += 1')
DECORATE = seam.decorator(helpers.MANAGER, 'Manager.start', '@hooks.start',
                          'from nova import hooks')
SEAMS = (APPEND, DECORATE)
MODULE = 'nova/usb/host_device.py'


class GraftTest(helpers.TestCase):

    def setUp(self):
        super().setUp()
        self.tree = self.nova()
        self.plain = helpers.contents(self.tree)

    def remove(self, seams=SEAMS):
        made = plan.to_remove(self.tree, declared=seams)
        write.apply(made.steps)

    def assert_refused(self, error, reason, *args, **kwargs):
        """It says why, in one line, and nothing has changed."""
        before = helpers.contents(self.tree)
        with self.assertRaises(error) as caught:
            self.graft(self.tree, *args, **kwargs)
        self.assertEqual(1, len(caught.exception.reasons))
        self.assertRegex(caught.exception.reasons[0], reason)
        self.assertNotIn('\n', caught.exception.reasons[0])
        self.assertEqual(before, helpers.contents(self.tree))

    def test_new_files_edits_and_manifest(self):
        made = self.graft(self.tree, self.checkout(), SEAMS)
        after = helpers.contents(self.tree)
        self.assertEqual(b"DEVICE = 'nova/usb/host_device.py'\n",
                         after[MODULE])
        self.assertIn(b'ROUTES += 1  # usb\n', after[helpers.ROUTES])
        self.assertIn(b'    @hooks.start  # usb\n', after[helpers.MANAGER])
        self.assertEqual({MODULE, manifest.PATH},
                         set(after) - set(self.plain))
        self.assertEqual([2, 1], [item.added for item in made.edited])
        self.assertEqual('34.0.0', made.release)

    def test_remove_gives_the_plain_tree(self):
        self.graft(self.tree, self.checkout(), SEAMS)
        # Python has run in it meanwhile.
        self.write_file(
            self.tree, 'nova/usb/__pycache__/host_device.x.pyc', '')
        self.remove()
        self.assertEqual(self.plain, helpers.contents(self.tree))
        self.assertFalse((self.tree / 'nova/usb').exists())
        self.remove()
        self.assertEqual(self.plain, helpers.contents(self.tree))

    def test_again_is_a_no_op(self):
        checkout = self.checkout()
        self.graft(self.tree, checkout, SEAMS)
        self.assertEqual((), self.graft(self.tree, checkout, SEAMS).steps)

    def test_over_an_older_graft_as_from_plain(self):
        fresh = self.nova('fresh')
        old = self.checkout(MODULE, 'nova/usb/gone.py', 'nova/old/gone.py')
        self.graft(self.tree, old, (
            seam.append('nova/version.py', 'A = 1'),
            seam.append(helpers.ROUTES, 'B = 1', 'C = 1'),
            seam.decorator(helpers.MANAGER, 'Manager.start', '@os.x')))
        shutil.rmtree(str(old))
        new = self.checkout(MODULE, 'nova/usb/new.py')
        self.graft(self.tree, new, SEAMS)
        self.graft(fresh, new, SEAMS)
        self.assertEqual(helpers.contents(fresh),
                         helpers.contents(self.tree))
        self.assertFalse((self.tree / 'nova/old').exists())

    def test_link(self):
        checkout = self.checkout()
        self.graft(self.tree, checkout, SEAMS, link=True)
        self.assertEqual(str(checkout / MODULE),
                         os.readlink(str(self.tree / MODULE)))
        self.graft(self.tree, checkout, SEAMS)
        self.assertFalse((self.tree / MODULE).is_symlink())
        self.graft(self.tree, checkout, SEAMS, link=True)
        self.remove()
        self.assertEqual(self.plain, helpers.contents(self.tree))
        self.assertTrue((checkout / MODULE).is_file())

    def test_lost_manifest(self):
        checkout = self.checkout()
        self.graft(self.tree, checkout, SEAMS)
        grafted = helpers.contents(self.tree)
        shutil.rmtree(str(self.tree / 'nova/usb'))
        self.graft(self.tree, checkout, SEAMS)
        self.assertEqual(grafted, helpers.contents(self.tree))

    def test_manifest_cannot_delete_elsewhere(self):
        precious = self.write_file(self.folder, 'precious', 'x')
        self.write_file(
            self.tree, manifest.PATH,
            'FILES = ("../precious", %r)\nEDITED = ()\n' % str(precious))
        self.remove()
        self.assertTrue(precious.exists())

    def test_damaged_manifest(self):
        for content in ('', 'FILES = (', 'a.b = 1', 'FILES = f()',
                        'FILES = 1\nEDITED = ()', 'FILES = (1,)',
                        'FILES = ()', '\x00'):
            self.write_file(self.tree, manifest.PATH, content)
            self.graft(self.tree, self.checkout(), SEAMS)
            self.remove()
            self.assertEqual(self.plain, helpers.contents(self.tree))

    def test_what_an_editor_or_python_leaves_is_not_ours(self):
        checkout = self.checkout(
            MODULE, 'nova/usb/__pycache__/a.py', 'nova/usb/.a.py.swp',
            'nova/usb/a.pyc', 'nova/usb/a.py~', 'nova/usb/a.py.orig')
        self.assertEqual((MODULE,), plan.our_files(str(checkout)))

    def test_missing_anchor(self):
        wrong = seam.decorator(helpers.MANAGER, 'Manager.stop', '@x')
        self.assert_refused(
            errors.AnchorMissing,
            '^nova/compute/manager.py: Manager.stop is not defined .*34.0.0',
            self.checkout(), SEAMS + (wrong,))

    def test_missing_file(self):
        self.assert_refused(
            errors.AnchorMissing, '^nova/gone.py: the file is missing, '
            'and with it work, its end',
            self.checkout(), SEAMS + (
                seam.decorator('nova/gone.py', 'work', '@x'),
                seam.append('nova/gone.py', 'x')))

    def test_missing_file_that_may_be(self):
        made = self.graft(self.tree, self.checkout(), SEAMS + (
            seam.append('nova/tests/a.py', 'x', test=True),
            seam.append('requirements.txt', 'x', optional=True)))
        self.assertEqual(2, len(made.edited))

    def test_seams_of_other_releases(self):
        made = self.graft(self.tree, self.checkout(), SEAMS + (
            seam.append('nova/old.py', 'x', until=33),
            seam.append('nova/new.py', 'x', since=35)))
        self.assertEqual(2, len(made.edited))

    def test_file_that_is_not_text(self):
        (self.tree / helpers.ROUTES).write_bytes(b'A = "\xff"\n')
        self.assert_refused(errors.AnchorMissing, 'routes.py: cannot be read',
                            self.checkout(), SEAMS)

    def test_line_that_breaks_the_module(self):
        self.assert_refused(
            errors.AnchorMissing, 'routes.py: not source that this Python',
            self.checkout(), (seam.append(helpers.ROUTES, 'a b'),))

    def test_upstream_file_in_the_way(self):
        self.write_file(self.tree, MODULE, 'UPSTREAM = 1\n')
        self.assert_refused(errors.FileClash,
                            '^nova/usb/host_device.py: upstream',
                            self.checkout(), SEAMS)

    def test_foreign_tree(self):
        os.unlink(str(self.tree / 'nova/version.py'))
        self.assert_refused(errors.NotNova, 'nova/version.py is missing',
                            self.checkout(), SEAMS)

    def test_unsupported_release(self):
        for version in ('21.2.4', '2026.2', 'x'):
            self.assert_refused(errors.UnsupportedRelease,
                                'Nova %s is not supported' % version,
                                self.checkout(), SEAMS, release=version)

    def test_failure_while_writing_takes_everything_back(self):
        checkout = self.checkout(MODULE, 'nova/usb/second.py')
        made = plan.to_graft(self.tree, checkout=checkout, declared=SEAMS)
        replace = os.replace
        for number in range(len(made.steps)):
            results = [replace] * number + [OSError('disk full')]
            with mock.patch.object(os, 'replace', lambda *paths: _next(
                    results, replace)(*paths)):
                self.assertRaisesRegex(OSError, 'disk full', write.apply,
                                       made.steps)
            self.assertEqual(self.plain, helpers.contents(self.tree))
            self.assertFalse((self.tree / 'nova/usb').exists())

    def test_modes_are_kept(self):
        os.chmod(str(self.tree / helpers.ROUTES), 0o640)
        self.graft(self.tree, self.checkout(), SEAMS)
        self.assertEqual(0o640, os.stat(
            str(self.tree / helpers.ROUTES)).st_mode & 0o777)


def _next(results, default):
    """What the next call does: one failure, then as usual."""
    result = results.pop(0) if results else default
    if isinstance(result, Exception):
        raise result
    return result
