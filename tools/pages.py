# SPDX-License-Identifier: Apache-2.0
"""Checks that pages of the documentation say what the code does."""

import ast
import collections
import json
import re

import tools

SAMPLES = tools.ROOT / 'nova' / 'tests' / 'functional' / 'usb' / 'api_samples'
API = tools.ROOT / 'doc' / 'source' / 'api'
LOG_PAGE = tools.ROOT / 'doc' / 'source' / 'admin' / 'usb-log-messages.rst'
#: Methods of a logger, and what the log calls them.
LEVELS = {'warning': 'WARNING', 'error': 'ERROR', 'exception': 'ERROR',
          'critical': 'CRITICAL'}
#: A value that is filled in: in a message of the code, and on the page.
PLACEHOLDER = re.compile(r'%(?:\(\w+\))?[sdr]')
SHOWN_VALUE = re.compile(r'<[^<>]+>')
#: A message on the page: a block whose first word is the level.
SHOWN = re.compile(
    r'^\.\. code-block:: text\n\n((?:   .*\n)+)', re.MULTILINE)

Message = collections.namedtuple('Message', 'level text')


def api_samples():
    """:returns: samples that the API reference does not include once"""
    included = collections.Counter(re.findall(
        r'literalinclude:: \S*/api_samples/(\S+)',
        (API / 'usb-devices.rst').read_text(encoding='utf-8')))
    names = {path.name for path in SAMPLES.iterdir()}
    return [f'{name} is included {included[name]} times in '
            f'doc/source/api/usb-devices.rst. Include each sample once.'
            for name in sorted(names | set(included)) if included[name] != 1]


def api_fields():
    """:returns: fields of a device that the API reference does not describe

    And fields that it describes and no administrator gets.
    """
    sample = SAMPLES / 'usb-device-show-resp.json'
    fields = set(json.loads(sample.read_text())['usb_device'])
    page = 'usb-device-fields.inc'
    described = set(re.findall(
        r'^  - (\w+): \w+$', (API / page).read_text(encoding='utf-8'),
        re.MULTILINE))
    return [f'{name} is {"not " if name in fields else ""}described in '
            f'doc/source/api/{page} and is {"" if name in fields else "not "}'
            f'in {sample.name}.' for name in sorted(fields ^ described)]


def _text(node):
    """:returns: the message of a call of a logger, None if it is computed"""
    argument = node.args[0] if node.args else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return None


def _is_logger_method(node):
    """:returns: whether a node of the syntax tree is LOG.warning and such"""
    return (isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == 'LOG' and node.attr in LEVELS)


def logged(source):
    """The warnings and errors that a module logs.

    :param source: the text of the module
    :returns: a sorted list of (line, Message); the text is None where the
        code computes it or hands the logger's method on, so that the text
        cannot be found by reading
    """
    nodes = list(ast.walk(ast.parse(source)))
    calls = {id(node.func): node for node in nodes
             if isinstance(node, ast.Call)}
    found = [(node.lineno, Message(
        LEVELS[node.attr],
        _text(calls[id(node)]) if id(node) in calls else None))
        for node in nodes if _is_logger_method(node)]
    return sorted(found, key=lambda item: item[0])


def shown(page):
    """:param page: the text of the page of log messages

    :returns: the Messages on it, in which each value is like ``<host>``
    """
    messages = []
    for block in SHOWN.findall(page):
        level, _, text = ' '.join(block.split()).partition(' ')
        messages.append(Message(level, text))
    return messages


def _same(message):
    """:returns: the message with all values alike, to be compared"""
    text = SHOWN_VALUE.sub('<>', PLACEHOLDER.sub('<>', message.text))
    return Message(message.level, ' '.join(text.split()))


def log_messages(paths, page=None):
    """Compare the warnings and errors of nova/ with the page of them.

    :param paths: the paths of the checkout's modules
    :param page: the text of the page, LOG_PAGE's if None
    :returns: findings
    """
    if page is None:
        page = LOG_PAGE.read_text(encoding='utf-8')
    on_page = {_same(message) for message in shown(page)}
    findings, known = [], set()
    for path in paths:
        name = path.relative_to(tools.ROOT)
        if name.parts[0] != 'nova' or 'tests' in name.parts:
            continue
        for line, message in logged(path.read_text(encoding='utf-8')):
            if message.text is None or not re.search(
                    r'\w', PLACEHOLDER.sub('', message.text)):
                findings.append(
                    f'{name}:{line}: the text of this message is not in the '
                    f'code, so no page can explain it. Log a fixed text, '
                    f'with values.')
                continue
            known.add(_same(message))
            if _same(message) not in on_page:
                findings.append(
                    f'{name}:{line}: {message.level} {message.text!r} is not '
                    f'on the page of log messages. Explain it in '
                    f'{LOG_PAGE.relative_to(tools.ROOT)}.')
    findings += [
        f'{message.level} {message.text!r} is on the page of log messages '
        f'but not in the code. Remove it.'
        for message in sorted(on_page - known)]
    return findings


#: What a page names in double backticks: a path of the checkout that begins
#: with one of its packages, or a test.
NAMED_PATH = re.compile(
    r'``((?:bench|cloud|constraints|doc|etc|graft|lab|nova|releasenotes'
    r'|toolbox|tools)/[\w./-]*)``')
NAMED_TEST = re.compile(r'``(test_\w+|[A-Z]\w*Test)``')


def named_paths(pages):
    """:param pages: paths of the checkout's pages

    :returns: paths of the checkout that a page names and that do not exist
    """
    return [f'{page.relative_to(tools.ROOT)}: there is no {name} here.'
            for page in pages
            for name in NAMED_PATH.findall(page.read_text(encoding='utf-8'))
            if not (tools.ROOT / name).exists()]


def named_tests(pages, sources):
    """:param pages: paths of the checkout's pages
    :param sources: paths of the checkout's modules

    :returns: tests that a page names and that do not exist
    """
    known = set()
    for path in sources:
        if 'tests' in path.parts:
            known.add(path.stem)
            known.update(re.findall(r'^\s*(?:def|class) (\w+)',
                                    path.read_text(encoding='utf-8'),
                                    re.MULTILINE))
    return [f'{page.relative_to(tools.ROOT)}: there is no test {name}.'
            for page in pages
            for name in NAMED_TEST.findall(page.read_text(encoding='utf-8'))
            if name not in known]
