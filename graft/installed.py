# SPDX-License-Identifier: Apache-2.0
"""The Nova that is installed in the target environment, as a wheel again.

Images carry builds that no index has (33.0.3.dev12), and sites patch what
they install: what is there is the base, not what its version number says.
"""

import csv
from importlib import metadata
import pathlib
import shutil
import site
import sys
import sysconfig

from graft import errors
from graft import release

# What pip writes about an installation, not about the distribution.
_OF_THE_INSTALLATION = ('RECORD', 'INSTALLER', 'REQUESTED', 'direct_url.json')


def find(folders=None):
    """The installed distribution, or None.

    :param folders: where to look; as a rule the environment of this Python,
        which a build that pip isolates cannot import from but can read
    """
    for folder in folders or _folders():
        for found in metadata.distributions(name='nova', path=[folder]):
            if (found.metadata['Name'] or '').lower() == 'nova':
                return found
    return None


def _folders():
    paths = [sysconfig.get_path('purelib'), sysconfig.get_path('platlib')]
    paths += site.getsitepackages()
    if sys.prefix == sys.base_prefix:
        paths.append(site.getusersitepackages())
    return list(dict.fromkeys(paths))


def unpack(found, root):
    """Put the installed distribution `found` into `root` as a wheel has it.

    :returns: upstream's version
    :raises graft.errors.BaseUnavailable: when its files cannot be told
    """
    version = release.base_of(found.version)
    record = found.read_text('RECORD')
    if record is None:
        raise errors.BaseUnavailable(
            'Nova %s in %s has no RECORD of its files: it was not installed '
            'by pip; graft its source tree instead (python -m graft TREE)' % (
                found.version, found.locate_file('')))
    paths = [row[0] for row in csv.reader(record.splitlines()) if row]
    if any(path.startswith('__editable__') for path in paths):
        raise errors.BaseUnavailable(
            'Nova %s is installed in editable mode: graft its source tree '
            'instead (python -m graft TREE)' % found.version)
    layout = _Layout(found, version)
    for path in paths:
        place = layout.in_wheel(path)
        file = pathlib.Path(found.locate_file(path))
        # Images drop files, tests for one: what is needed is checked later.
        if place and file.is_file():
            target = pathlib.Path(root, place)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file), str(target))
            if '.data/scripts/' in place:
                _portable(target)
    return version


class _Layout:
    """Where the files of an installation were in their wheel."""

    def __init__(self, found, version):
        self.site = pathlib.Path(found.locate_file('')).resolve()
        # lib/pythonX.Y/site-packages in the prefix
        self.prefix = self.site.parents[2]
        self.name = 'nova-%s' % version
        self.generated = {
            point.name for point in found.entry_points
            if point.group in ('console_scripts', 'gui_scripts')}

    def in_wheel(self, path):
        """The place in the wheel, or None for what pip made itself.

        :raises graft.errors.BaseUnavailable: for a file out of the prefix
        """
        parts = pathlib.PurePosixPath(path).parts
        if path.endswith('.pyc'):
            return None
        if parts[0] not in ('..', '/'):
            if not parts[0].endswith('.dist-info'):
                return path
            inside = '/'.join(parts[1:])
            return (None if inside in _OF_THE_INSTALLATION
                    else '%s.dist-info/%s' % (self.name, inside))
        outside = self._in_prefix(path)
        if outside[0] in ('bin', 'Scripts'):
            return (None if outside[-1] in self.generated
                    else '%s.data/scripts/%s' % (self.name, outside[-1]))
        return '%s.data/data/%s' % (self.name, '/'.join(outside))

    def _in_prefix(self, path):
        file = pathlib.Path(self.site, path)
        try:
            # Of the file's folder: the file itself may be a link.
            return (file.parent.resolve() / file.name).relative_to(
                self.prefix).parts
        except ValueError:
            raise errors.BaseUnavailable(
                '%s belongs to the installed Nova but is not below %s: '
                'install into a virtual environment' % (file, self.prefix))


def _portable(script):
    """Undo what pip did to a script's first line, it does so again."""
    first, end, rest = script.read_bytes().partition(b'\n')
    if first.startswith(b'#!') and b'python' in first:
        script.write_bytes(b'#!python' + end + rest)
