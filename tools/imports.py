# SPDX-License-Identifier: Apache-2.0
"""Who imports whom among the fork's modules."""

import ast

import tools

#: From the ground up: each floor knows itself and what is below it.  A
#: package of upstream's is on the floor of ours that is in it.
FLOORS = (
    ('the domain', ('nova.usb',)),
    ('the records', ('nova.objects', 'nova.db')),
    ('the drivers', ('nova.virt',)),
    ('compute', ('nova.compute',)),
    ('the API', ('nova.api',)),
)
#: States of servers, which Nova keeps in nova/compute and uses on all floors.
CONSTANTS = ('nova.compute.power_state', 'nova.compute.task_states',
             'nova.compute.vm_states')


def module_name(path, root=tools.ROOT):
    """:returns: the dotted name of a file of the checkout"""
    parts = path.relative_to(root).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def within(name, package):
    """Whether a dotted name is a package or lies in it."""
    return name == package or name.startswith(package + '.')


def imported(path):
    """What a file imports, wherever in it.

    :returns: list of (dotted name, line number, whether at import time)
    """
    tree = ast.parse(path.read_text())
    late = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            late.update(id(child) for child in ast.walk(node))
    found = []
    for node in ast.walk(tree):
        early = id(node) not in late
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, early)
                      for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(f'{node.module}.{alias.name}', node.lineno, early)
                      for alias in node.names]
    return found


def floor_of(name):
    """:returns: the number of the floor of a dotted name, None without"""
    for number, (_, packages) in enumerate(FLOORS):
        if any(within(name, package) for package in packages):
            return number
    return None


def upward(paths, root=tools.ROOT):
    """Imports of what is on a higher floor, wherever in a module."""
    findings = []
    for path in paths:
        floor = floor_of(module_name(path, root))
        if floor is None:
            continue
        for name, line, _ in imported(path):
            other = floor_of(name)
            if other is None or other <= floor or any(
                    within(name, known) for known in CONSTANTS):
                continue
            findings.append(
                f'{path.relative_to(root)}:{line}: {FLOORS[floor][0]} '
                f'imports {name}, which is above it ({FLOORS[other][0]}); '
                f'pass in what is needed')
    return findings


def graph(paths, root=tools.ROOT):
    """:returns: module -> set of the fork's modules that it loads"""
    names = {module_name(path, root): path for path in paths}
    edges = {}
    for module, path in names.items():
        edges[module] = set()
        for name, _, early in imported(path):
            # `from package import name`: a module, or something in one.
            target = name if name in names else name.rpartition('.')[0]
            if early and target in names and target != module:
                edges[module].add(target)
    return edges


def cycles(paths, root=tools.ROOT):
    """Modules that, at import, need each other."""
    edges = graph(paths, root)
    # Take away what depends on nothing that is left, until nothing changes.
    while True:
        done = {name for name, targets in edges.items() if not targets}
        if not done:
            break
        edges = {name: targets - done for name, targets in edges.items()
                 if name not in done}
    # The same from the other side: who only leads to a cycle is in none.
    while edges:
        needed = set().union(*edges.values())
        if needed >= set(edges):
            break
        edges = {name: targets for name, targets in edges.items()
                 if name in needed}
    return [f'{name} is in a cycle of imports with '
            f'{", ".join(sorted(targets))}'
            for name, targets in sorted(edges.items())]
