# SPDX-License-Identifier: Apache-2.0
import csv
import io
import pathlib

from graft import errors
from graft import installed
from graft.tests import helpers

SITE = 'lib/python3.11/site-packages'


class InstalledTest(helpers.TestCase):

    def install(self, version='33.0.3.dev12', extra=()):
        """What pip leaves in a virtual environment, and little else."""
        self.env = self.folder / 'env'
        info = 'nova-%s.dist-info/' % version
        files = {
            'nova/version.py': 'A = 1\n',
            'nova/__pycache__/version.cpython-311.pyc': 'x',
            info + 'METADATA': 'Name: nova\nVersion: %s\n' % version,
            info + 'WHEEL': 'Tag: py3-none-any\n',
            info + 'entry_points.txt':
                '[console_scripts]\nnova-manage = nova.cmd.manage:main\n',
            info + 'licenses/LICENSE': 'x',
            info + 'INSTALLER': 'pip', info + 'REQUESTED': '',
            info + 'direct_url.json': '{}',
            '../../../bin/nova-manage': '#!/env/bin/python\n',
            '../../../bin/nova-api-wsgi': '#!/env/bin/python\nimport nova\n',
            '../../../etc/nova/api-paste.ini': 'changed by the site\n',
            '../../../etc/nova/rootwrap.d/compute.filters': 'x'}
        files.update(extra)
        rows = io.StringIO()
        csv.writer(rows).writerows([name, 'sha256=x', 1] for name in files)
        for name, content in files.items():
            self.write_file(self.env / SITE, name, content)
        self.write_file(self.env / SITE, info + 'RECORD', rows.getvalue())
        return installed.find([str(self.env / SITE)])

    def unpack(self, found):
        root = self.folder / 'wheel'
        return installed.unpack(found, root), helpers.contents(root)

    def test_find(self):
        self.assertIsNone(installed.find([str(self.folder)]))
        self.write_file(self.folder, 'nova_x-1.dist-info/METADATA',
                        'Name: nova-x\nVersion: 1\n')
        self.assertIsNone(installed.find([str(self.folder)]))
        self.assertEqual('33.0.3.dev12', self.install().version)

    def test_the_files_of_the_wheel_and_no_others(self):
        version, files = self.unpack(self.install())
        self.assertEqual('33.0.3.dev12', version)
        name = 'nova-33.0.3.dev12'
        self.assertEqual(
            {'nova/version.py', name + '.dist-info/METADATA',
             name + '.dist-info/WHEEL', name + '.dist-info/entry_points.txt',
             name + '.dist-info/licenses/LICENSE',
             name + '.data/scripts/nova-api-wsgi',
             name + '.data/data/etc/nova/api-paste.ini',
             name + '.data/data/etc/nova/rootwrap.d/compute.filters'},
            set(files))
        self.assertEqual(b'#!python\nimport nova\n',
                         files[name + '.data/scripts/nova-api-wsgi'])
        self.assertEqual(b'changed by the site\n',
                         files[name + '.data/data/etc/nova/api-paste.ini'])

    def test_the_fork_itself(self):
        version, files = self.unpack(self.install('33.0.2+usb.0.9.0'))
        self.assertEqual('33.0.2', version)
        self.assertIn('nova-33.0.2.dist-info/METADATA', files)

    def test_a_file_that_an_image_dropped(self):
        found = self.install()
        pathlib.Path(self.env, SITE, 'nova/version.py').unlink()
        self.assertNotIn('nova/version.py', self.unpack(found)[1])

    def test_without_record(self):
        found = self.install()
        (self.env / SITE / 'nova-33.0.3.dev12.dist-info/RECORD').unlink()
        with self.assertRaisesRegex(errors.BaseUnavailable, 'no RECORD'):
            self.unpack(found)

    def test_editable(self):
        found = self.install(extra={'__editable__.nova-1.pth': '/src'})
        with self.assertRaisesRegex(errors.BaseUnavailable, 'editable mode'):
            self.unpack(found)

    def test_file_elsewhere(self):
        found = self.install(extra={'../../../../elsewhere': 'x'})
        with self.assertRaisesRegex(errors.BaseUnavailable, 'is not below'):
            self.unpack(found)
