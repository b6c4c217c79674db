# SPDX-License-Identifier: Apache-2.0
import io
import pathlib
import shutil
import subprocess
import tarfile
from unittest import mock

from graft import base
from graft import cli
from graft import plan
from graft import requirements
from graft import seam
from graft import seams
from graft.tests import helpers

SEAMS = (seam.append(helpers.ROUTES, 'ROUTES += 1'),
         seam.append('requirements.txt', *requirements.ours()))


class CheckoutTest(helpers.TestCase):

    def setUp(self):
        super().setUp()
        to_graft = plan.to_graft
        self.ours = self.checkout()
        for target, name, new in (
                (plan, 'to_graft', lambda *args, **kwargs: to_graft(
                    *args, checkout=self.ours, **kwargs)),
                (seams, 'SEAMS', SEAMS)):
            patch = mock.patch.object(target, name, new)
            patch.start()
            self.addCleanup(patch.stop)
        self.tree = self.folder / 'made' / 'nova'

    def archive(self, version='27.5.1'):
        tree = self.nova('nova-' + version, version)
        self.write_file(tree, 'requirements.txt', 'pbr\n')
        self.write_file(tree, 'nova.egg-info/PKG-INFO', 'old\n')
        path = self.folder / ('nova-%s.tar.gz' % version)
        with tarfile.open(str(path), 'w:gz') as made:
            made.add(str(tree), arcname=tree.name)
        shutil.rmtree(str(tree))
        return path

    def run_cli(self, *options):
        out, err = io.StringIO(), io.StringIO()
        status = cli.main(['checkout', str(self.tree), *map(str, options)],
                          out, err)
        return status, out.getvalue(), err.getvalue()

    def make(self):
        status, out, err = self.run_cli(
            '--base', '27.5.1', '--source', self.archive())
        self.assertEqual((0, ''), (status, err))
        return out

    def git(self, *arguments, where=None):
        return subprocess.run(
            ['git', '-C', str(where or self.tree), *arguments], check=True,
            stdout=subprocess.PIPE, universal_newlines=True).stdout.strip()

    def read(self, name, where=None):
        return pathlib.Path(where or self.tree, name).read_text('utf-8')

    def test_two_commits_and_a_tag(self):
        self.assertIn('branch usb, commit ', self.make())
        self.assertEqual(
            ['Nova 27.5.1 as it was released',
             'Nova 27.5.1+usb.0.1.0 with USB passthrough'],
            self.git('log', '--reverse', '--format=%s').splitlines())
        self.assertEqual('27.5.1', self.git('describe', '--tags', 'HEAD~1'))
        self.assertEqual('', self.git('status', '--porcelain'))
        self.assertNotIn('usb', self.git('show', 'HEAD~1:' + helpers.ROUTES))
        self.assertIn('ROUTES += 1', self.read(helpers.ROUTES))
        # pbr looks there first.
        self.assertIn('Version: 27.5.1+usb.0.1.0\n', self.read('PKG-INFO'))
        self.assertFalse((self.tree / 'nova.egg-info').exists())

    def test_requires_nothing_that_an_image_lacks(self):
        self.make()
        self.assertIn('SQLAlchemy', self.read('requirements.txt'))
        self.assertNotIn('pyudev', self.read('requirements.txt'))

    def test_clone(self):
        self.make()
        copy = self.folder / 'copy'
        self.git('clone', '--quiet', '--branch', 'usb', str(self.tree),
                 str(copy), where=self.folder)
        self.assertEqual(self.read(helpers.ROUTES),
                         self.read(helpers.ROUTES, copy))

    def test_again(self):
        self.make()
        before = self.git('rev-parse', 'HEAD')
        status, out, err = self.run_cli('--base', '27.5.1')
        self.assertEqual((0, ''), (status, err))
        self.assertIn('up to date with 27.5.1+usb.0.1.0', out)
        self.assertEqual(before, self.git('rev-parse', 'HEAD'))

    def test_newer_checkout(self):
        self.make()
        before = self.git('rev-parse', 'HEAD')
        self.write_file(self.ours, 'nova/usb/newer.py', 'NEW = 1\n')
        old = next(path for path in plan.our_files(self.ours)
                   if path != 'nova/usb/newer.py')
        (self.ours / old).unlink()
        self.assertEqual(0, self.run_cli('--base', '27.5.1')[0])
        self.assertEqual(before, self.git('rev-parse', 'HEAD~1'))
        self.assertEqual('NEW = 1\n', self.read('nova/usb/newer.py'))
        self.assertFalse((self.tree / old).exists())
        self.assertEqual('', self.git('status', '--porcelain'))

    def assert_refused(self, pattern, *options):
        before = self.git('rev-parse', 'HEAD')
        status, out, err = self.run_cli(*options)
        self.assertEqual((1, ''), (status, out))
        self.assertRegex(err, pattern)
        self.assertEqual(before, self.git('rev-parse', 'HEAD'))

    def test_another_base_is_another_folder(self):
        self.make()
        self.assert_refused('holds Nova 27.5.1, not 29.4.0',
                            '--base', '29.4.0')

    def test_changes_of_others_are_kept(self):
        self.make()
        self.write_file(self.tree, 'nova/mine.py', 'MINE = 1\n')
        self.assert_refused('not committed.*nova/mine.py',
                            '--base', '27.5.1')
        self.assertEqual('MINE = 1\n', self.read('nova/mine.py'))

    def test_another_branch(self):
        self.make()
        self.git('checkout', '--quiet', '-b', 'mine')
        self.assert_refused('branch mine checked out, not usb',
                            '--base', '27.5.1')

    def assert_nothing_made(self, pattern, *options):
        status, out, err = self.run_cli(*options)
        self.assertEqual((1, ''), (status, out))
        self.assertRegex(err, pattern)

    def test_folder_of_something_else(self):
        self.write_file(self.tree, 'letter.txt', 'hello\n')
        self.assert_nothing_made('neither empty nor a git repository')
        self.assertEqual(['letter.txt'],
                         [path.name for path in self.tree.iterdir()])

    def test_archive_of_another_release(self):
        self.assert_nothing_made(
            'not the source archive of Nova 27.5.1', '--base', '27.5.1',
            '--source', self.archive('29.4.0'))
        self.assertFalse(self.tree.exists())
        self.assertEqual([], list(self.tree.parent.iterdir()))

    def test_no_archive(self):
        self.assert_nothing_made(
            'no/such: not a source archive', '--source',
            self.folder / 'no' / 'such')

    def test_release_is_fetched(self):
        archive = self.archive()
        with mock.patch.object(base, 'download',
                               return_value=archive) as fetched:
            self.assertEqual(0, self.run_cli('--base', '27.5.1')[0])
        self.assertEqual('27.5.1', fetched.mock_calls[0].args[0])
        self.assertEqual({'source': True}, fetched.mock_calls[0].kwargs)

    def test_senseless_release_is_not_asked_for(self):
        with mock.patch.object(base, 'download') as fetched:
            self.assert_nothing_made('Nova 21.0.0 is not supported',
                                     '--base', '21.0.0')
        self.assertFalse(fetched.called)
