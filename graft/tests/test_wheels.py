# SPDX-License-Identifier: Apache-2.0
import csv
import zipfile

from graft import backend
from graft import errors
from graft import plan
from graft.tests import helpers
from graft import wheels

METADATA = '''
Metadata-Version: 2.1
Name: nova
Version: 34.0.0
Requires-Dist: pbr>=5.8.0
Provides-Extra: zvm
Requires-Dist: zvm; extra == "zvm"

A text.

Version: not this one
'''


class WheelTest(helpers.TestCase):

    def unpacked(self, name='wheel', version='34.0.0', path=None):
        root = path or self.folder / name
        info = 'nova-%s.dist-info' % version
        self.write_file(root, 'nova/version.py', 'A = 1\n')
        self.write_file(root, info + '/METADATA',
                        METADATA.replace('34.0.0', version))
        self.write_file(root, info + '/WHEEL', 'Wheel-Version: 1.0\n'
                        'Tag: py2-none-any\nTag: py3-none-any\n')
        self.write_file(root, info + '/RECORD', 'stale')
        script = self.write_file(
            root, 'nova-%s.data/scripts/nova-api-wsgi' % version,
            '#!python\n')
        script.chmod(0o755)
        return root

    def test_metadata(self):
        plain = helpers.text(METADATA)
        self.assertEqual(
            plain.replace('34.0.0', '34.0.0+usb.1').replace(
                'Provides', 'Requires-Dist: pyudev>=0.24\nProvides'),
            wheels.metadata(plain, '34.0.0+usb.1', ['pyudev>=0.24']))

    def test_metadata_without_extras_and_text(self):
        self.assertEqual(
            'Name: nova\nVersion: 2\nRequires-Dist: a\n',
            wheels.metadata('Name: nova\nVersion: 1\n', '2', ['a']))

    def test_rename_again_starts_from_upstreams_metadata(self):
        root = self.unpacked()
        wheels.rename(root, '34.0.0+usb.1', ['a', 'b'])
        wheels.rename(root, '34.0.0+usb.2', ['c'])
        info = root / 'nova-34.0.0+usb.2.dist-info'
        self.assertEqual(
            wheels.metadata(helpers.text(METADATA), '34.0.0+usb.2', ['c']),
            (info / 'METADATA').read_text())
        self.assertTrue((root / 'nova-34.0.0+usb.2.data').is_dir())
        self.assertEqual(info, wheels.dist_info(root))

    def test_pack_and_unpack(self):
        root = self.unpacked()
        name = wheels.pack(root, str(self.folder))
        self.assertEqual('nova-34.0.0-py2.py3-none-any.whl', name)
        again = self.folder / 'again'
        wheels.unpack(str(self.folder / name), again)
        before, after = helpers.contents(root), helpers.contents(again)
        record = after.pop('nova-34.0.0.dist-info/RECORD').decode()
        del before['nova-34.0.0.dist-info/RECORD']
        self.assertEqual(before, after)
        rows = {row[0]: row[1:] for row in csv.reader(record.splitlines())}
        self.assertEqual(set(before) | {'nova-34.0.0.dist-info/RECORD'},
                         set(rows))
        self.assertEqual(['', ''], rows['nova-34.0.0.dist-info/RECORD'])
        self.assertEqual(
            # sha256 of 'A = 1\n' as sha256sum has it, in base64
            ['sha256=Bu289DNhZaJx5lJAJaZDnDyqMkb9B5bxFncieXB6UyU', '6'],
            rows['nova/version.py'])

    def test_same_input_same_bytes_and_modes(self):
        names = []
        for folder in ('one', 'two'):
            root = self.unpacked(folder)
            names.append(self.folder / folder / wheels.pack(
                root, str(self.folder / folder)))
        self.assertEqual(names[0].read_bytes(), names[1].read_bytes())
        with zipfile.ZipFile(str(names[0])) as archive:
            modes = {item.filename: item.external_attr >> 16 & 0o777
                     for item in archive.infolist()}
        self.assertEqual(
            0o755, modes['nova-34.0.0.data/scripts/nova-api-wsgi'])
        self.assertEqual(0o644, modes['nova/version.py'])

    def test_not_a_wheel_of_nova(self):
        path = self.write_file(self.folder, 'a.whl', 'x')
        with self.assertRaisesRegex(errors.BaseUnavailable, 'not a wheel'):
            wheels.unpack(str(path), self.folder / 'a')
        with self.assertRaisesRegex(errors.BaseUnavailable, '0 folders'):
            wheels.dist_info(self.folder)


class BackendTest(helpers.TestCase):

    def test_one_version_for_all(self):
        self.assertRegex(backend.version(), r'^\d+\.\d+\.\d+$')
        self.assertIn('version = %s\n' % backend.version(),
                      (plan.CHECKOUT / 'setup.cfg').read_text())

    def test_refusals_are_one_line(self):
        for hook in (backend.build_editable, backend.build_sdist):
            with self.assertRaises(SystemExit) as caught:
                hook(str(self.folder))
            self.assertRegex(str(caught.exception), r'^graft: .*[^\n]$')
