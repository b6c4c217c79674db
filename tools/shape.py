# SPDX-License-Identifier: Apache-2.0
"""Checks of one file at a time; each returns a list of findings."""

import ast
import pathlib
import sys

import tools

#: A module of the fork's own in nova/, and any other one.
NOVA_LINES = 300
MODULE_LINES = 400
#: Where classes are measured, too.
COMPUTE = ('nova', 'compute', 'usb')
CLASS_LINES = 200
PUBLIC_METHODS = 12
FUNCTION_LINES = 40
SPDX = '# SPDX-License-Identifier: Apache-2.0'
#: Nova 22 runs on Python 3.8, and the fork is to reach it.
OLDEST_SYNTAX = (3, 8)


def name_of(path, root=tools.ROOT):
    """:returns: a path as it is called in the checkout"""
    return path.relative_to(root) if path.is_relative_to(root) else path


def is_product(parts):
    """Whether a module is of Nova's and no test."""
    return parts[0] == 'nova' and 'tests' not in parts


def long_modules(paths, root=tools.ROOT):
    """Modules of NOVA_LINES or MODULE_LINES lines or more."""
    findings = []
    for path in paths:
        count = len(path.read_text().splitlines())
        short = is_product(path.relative_to(root).parts)
        limit = NOVA_LINES if short else MODULE_LINES
        if count >= limit:
            findings.append(
                f'{name_of(path, root)}: {count} lines; such a module has '
                f'fewer than {limit}. Split it.')
    return findings


def large_classes(paths, root=tools.ROOT):
    """Classes below COMPUTE that are too long or can do too much."""
    findings = []
    for path in paths:
        name = path.relative_to(root)
        if name.parts[:len(COMPUTE)] != COMPUTE:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ClassDef):
                continue
            lines = node.end_lineno - node.lineno + 1
            methods = [child for child in node.body
                       if isinstance(child, ast.FunctionDef) and
                       not child.name.startswith('_')]
            if lines >= CLASS_LINES or len(methods) > PUBLIC_METHODS:
                findings.append(
                    f'{name}:{node.lineno}: {node.name} has {lines} lines '
                    f'and {len(methods)} public methods; a class has fewer '
                    f'than {CLASS_LINES} and at most {PUBLIC_METHODS}. '
                    f'Split it.')
    return findings


def long_functions(paths):
    """Functions of FUNCTION_LINES lines or more, docstring included."""
    findings = []
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            count = node.end_lineno - node.lineno + 1
            if count >= FUNCTION_LINES:
                findings.append(
                    f'{name_of(path)}:{node.lineno}: {node.name}() has '
                    f'{count} lines; a function has fewer than '
                    f'{FUNCTION_LINES}. Split it.')
    return findings


def without_spdx(paths):
    """Files whose first line, after a #!, is not the licence."""
    findings = []
    for path in paths:
        lines = path.read_text().splitlines()
        if lines and lines[0].startswith('#!'):
            lines = lines[1:]
        if lines and lines[0] != SPDX:
            findings.append(f'{name_of(path)}:1: the first line is to be '
                            f'"{SPDX}"')
    return findings


def newer_syntax(paths):
    """Modules of Nova's that Python 3.8 could not read."""
    findings = []
    for path in paths:
        if 'nova' not in path.parts[:len(tools.ROOT.parts) + 1]:
            continue
        try:
            ast.parse(path.read_text(), feature_version=OLDEST_SYNTAX)
        except SyntaxError as error:
            findings.append(f'{name_of(path)}:{error.lineno}: {error.msg}')
    return findings


def machine_paths(paths, root=tools.ROOT):
    """Files that name a place of the machine they were written on."""
    places = {str(root)}
    home = pathlib.Path.home()
    # Images and guests have a /root, too.
    if home not in (pathlib.Path('/'), pathlib.Path('/root')):
        places.add(f'{home}/')
    if not sys.base_prefix.startswith('/usr'):
        places.add(sys.base_prefix)
    findings = []
    for path in paths:
        text = path.read_text(errors='replace')
        for number, line in enumerate(text.splitlines(), 1):
            findings.extend(
                f'{name_of(path)}:{number}: names {place}, which only this '
                f'machine has' for place in sorted(places) if place in line)
    return findings
