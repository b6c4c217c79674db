# SPDX-License-Identifier: Apache-2.0
"""An unpacked wheel of Nova: its metadata, and how it is packed again.

Written by hand rather than with a library, so that a build has no
requirement to fetch: a compute host may have no way to a package index.
"""

import base64
import csv
import hashlib
import io
import os
import pathlib
import zipfile

from graft import errors

# Upstream's own METADATA, for the next graft on top of this one.
KEPT = 'graft/METADATA'
_EPOCH = (1980, 1, 1, 0, 0, 0)


def unpack(wheel, root):
    """Unpack the file `wheel` into the folder `root`.

    :raises graft.errors.BaseUnavailable: when it is not a wheel of Nova
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(root)
    except (OSError, zipfile.BadZipFile) as error:
        raise errors.BaseUnavailable('%s: not a wheel: %s' % (wheel, error))
    dist_info(root)


def dist_info(root):
    """The folder of the metadata in the unpacked wheel `root`.

    :raises graft.errors.BaseUnavailable: unless there is exactly one
    """
    found = list(pathlib.Path(root).glob('nova-*.dist-info'))
    if len(found) != 1:
        raise errors.BaseUnavailable(
            '%s: %d folders nova-*.dist-info, not one' % (root, len(found)))
    return found[0]


def rename(root, version, requirements):
    """Give the unpacked wheel `root` a version and more requirements.

    :param version: the fork's version
    :param requirements: iterable of str as in requirements.txt
    """
    root = pathlib.Path(root)
    old = dist_info(root)
    new = root / ('nova-%s.dist-info' % version)
    old.rename(new)
    data = root / (old.name[:-len('dist-info')] + 'data')
    if data.is_dir():
        data.rename(root / ('nova-%s.data' % version))
    kept = new / KEPT
    if not kept.is_file():
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes((new / 'METADATA').read_bytes())
    plain = kept.read_bytes().decode('utf-8')
    (new / 'METADATA').write_bytes(
        metadata(plain, version, requirements).encode('utf-8'))


def metadata(plain, version, requirements):
    """Upstream's metadata `plain` as the fork's."""
    header, blank, body = plain.partition('\n\n')
    fields = [line for line in header.split('\n') if line]
    fields = ['Version: ' + version if line.startswith('Version:') else line
              for line in fields]
    place = next((index for index, line in enumerate(fields)
                  if line.startswith('Provides-Extra:')), len(fields))
    fields[place:place] = ['Requires-Dist: ' + item for item in requirements]
    return '\n'.join(fields) + (blank or '\n') + body


def pack(root, folder):
    """Pack the unpacked wheel `root` into a file in `folder`.

    The same input gives the same bytes.

    :returns: the name of the file
    """
    root = pathlib.Path(root)
    info = dist_info(root)
    record = info.name + '/RECORD'
    name = '%s-%s.whl' % (info.name[:-len('.dist-info')], _tag(info))
    paths = sorted(path.relative_to(root).as_posix()
                   for path in root.rglob('*') if path.is_file())
    # Metadata last, as the format recommends.
    paths.sort(key=lambda path: path.startswith(info.name))
    rows = []
    with zipfile.ZipFile(os.path.join(folder, name), 'w',
                         zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            if path == record:
                continue
            content = (root / path).read_bytes()
            mode = 0o755 if os.access(root / path, os.X_OK) else 0o644
            _write(archive, path, content, mode)
            rows.append((path, _digest(content), len(content)))
        rows.append((record, '', ''))
        text = io.StringIO()
        csv.writer(text, lineterminator='\n').writerows(rows)
        _write(archive, record, text.getvalue().encode('utf-8'), 0o644)
    return name


def _write(archive, path, content, mode):
    entry = zipfile.ZipInfo(path, _EPOCH)
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _digest(content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return 'sha256=' + digest.decode('ascii').rstrip('=')


def _tag(info):
    """The tags in the file WHEEL, as a file's name has them."""
    tags = [line.partition(':')[2].strip().split('-')
            for line in (info / 'WHEEL').read_text('utf-8').splitlines()
            if line.startswith('Tag:')]
    return '-'.join('.'.join(sorted(set(part))) for part in zip(*tags))
