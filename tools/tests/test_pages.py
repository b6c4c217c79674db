# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks of pages."""

import pathlib
import tempfile
import unittest

import tools
from tools import pages

SOURCE = '''
LOG.warning('Host %(host)s is '
            'away: %(error)s', {})
LOG.exception("It's over")
LOG.info('Nothing to explain')
LOG.error(message)
LOG.error('%s', message)
say(LOG.warning, 'Handed on')
'''

PAGE = '''
Messages
========

.. code-block:: text

   WARNING Host <host> is
   away: <why it is away>

What to do.

.. code-block:: text

   ERROR It's over

.. code-block:: ini

   [usb]
'''


class LoggedTest(unittest.TestCase):

    def test_levels_and_texts(self):
        self.assertEqual(
            [('WARNING', 'Host %(host)s is away: %(error)s'),
             ('ERROR', "It's over"), ('ERROR', None), ('ERROR', '%s'),
             ('WARNING', None)],
            [tuple(message) for _line, message in pages.logged(SOURCE)])


class ShownTest(unittest.TestCase):

    def test_blocks_of_text_alone(self):
        self.assertEqual(
            [('WARNING', 'Host <host> is away: <why it is away>'),
             ('ERROR', "It's over")],
            [tuple(message) for message in pages.shown(PAGE)])


class LogMessagesTest(unittest.TestCase):

    def findings(self, source, page, name='nova/usb/made_up.py'):
        class Module(pathlib.PosixPath):
            def read_text(self, encoding=None):
                return source
        return pages.log_messages([Module(tools.ROOT / name)], page)

    def test_all_explained(self):
        source = SOURCE.split('LOG.error')[0]
        self.assertEqual([], self.findings(source, PAGE))

    def test_not_explained(self):
        found = self.findings("LOG.error('Host %s is down', host)", '')
        self.assertEqual(1, len(found), found)
        self.assertIn('made_up.py:1', found[0])
        self.assertIn('is not on the page', found[0])

    def test_another_level(self):
        found = self.findings("LOG.warning('It\\'s over')", PAGE)
        self.assertIn('is not on the page', found[0])

    def test_not_in_the_code_any_more(self):
        found = self.findings('', PAGE)
        self.assertEqual(2, len(found), found)
        self.assertIn('but not in the code', found[0])

    def test_computed_texts(self):
        found = self.findings("LOG.error(text)\nLOG.error('%s: %s', a, b)",
                              '')
        self.assertEqual(2, len(found), found)
        self.assertIn('not in the code', found[0])

    def test_tests_may_log_what_they_like(self):
        self.assertEqual([], self.findings(
            "LOG.error('Host %s is down', host)", '',
            'nova/tests/unit/usb/made_up.py'))


def written(test, name, text):
    """:returns: the path of a new file below the checkout"""
    folder = tempfile.TemporaryDirectory(dir=tools.ROOT / 'tools')
    test.addCleanup(folder.cleanup)
    path = pathlib.Path(folder.name, name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


class NamedTest(unittest.TestCase):

    def test_paths(self):
        page = written(self, 'page.rst', '``tools/pages.py``, ``nova/usb/``, '
                       '``nova/no_such.py``, ``/etc/nova/nova.conf``')
        found = pages.named_paths([page])
        self.assertEqual(1, len(found), found)
        self.assertIn('there is no nova/no_such.py', found[0])

    def test_tests(self):
        page = written(self, 'page.rst', '``test_module``, ``GoodTest``, '
                       '``test_method``, ``test_gone``, ``GoneTest``')
        module = written(
            self, 'tests/test_module.py',
            'class GoodTest:\n    def test_method(self):\n        pass\n')
        self.assertEqual(
            ['test_gone.', 'GoneTest.'],
            [finding.split()[-1]
             for finding in pages.named_tests([page], [module])])


class ReferenceTest(unittest.TestCase):
    """The checkout's own pages; the checks themselves are in the style."""

    def test_samples_and_fields_are_found(self):
        self.assertEqual([], pages.api_samples())
        self.assertEqual([], pages.api_fields())
