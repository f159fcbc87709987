"""The host's side as files of its own: which modules a host loads, read from their imports, and what is in
them. Standard library only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ...engine.errors import EngineFault

# What each host's own script loads first; all else follows from there.
RESOLVE_SIDE = ("plugin.hosts.resolve.run",)
BLENDER_SIDE = ("plugin.hosts.blender.addon",)

_ROOT = Path(__file__).resolve().parents[2]
_MANIFEST = "manifest.json"
_LICENCE = "LICENSE"


@cache
def host_side(entries: tuple[str, ...]) -> tuple[str, ...]:
    """The files that modules `entries` ("plugin.hosts.serving") need, themselves among them: paths from the
    package's root with "/", sorted. What only a type checker reads is left out."""
    found: set[str] = set()
    waiting = list(entries)
    while waiting:
        module = waiting.pop()
        path = _file_of(module)
        if path is None:
            raise EngineFault(f"the installation is broken, {module} is missing: install Hitpoint again")
        if path not in found:
            found.add(path)
            waiting += _needed(module, path)
    return tuple(sorted(found))


def host_files(entries: tuple[str, ...]) -> dict[str, bytes]:
    """Those files, the manifest and the licence: bytes by path from the package's root, with "/"."""
    files = {name: (_ROOT / name).read_bytes() for name in host_side(entries)}
    # Beside the module that reads it, as in a wheel.
    files[f"engine/{_MANIFEST}"] = _manifest().read_bytes()
    files[_LICENCE] = _licence()
    return files


def _needed(module: str, path: str) -> Iterator[str]:
    """The modules that `module` imports, with the packages that they and itself lie in."""
    package = module.split(".") if path.endswith("__init__.py") else module.split(".")[:-1]
    yield from _packages(module)
    for node in _running(ast.parse((_ROOT / path).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package[: len(package) - node.level + 1]
        target = ".".join([*base, *(node.module.split(".") if node.module else [])])
        if _file_of(target):
            yield target
        for alias in node.names:
            if _file_of(f"{target}.{alias.name}"):
                yield from (f"{target}.{alias.name}", *_packages(f"{target}.{alias.name}"))


def _packages(module: str) -> Iterator[str]:
    parts = module.split(".")
    for count in range(1, len(parts)):
        if _file_of(".".join(parts[:count])):
            yield ".".join(parts[:count])


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """All of a tree but what stands under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if (
            isinstance(child, ast.If)
            and isinstance(child.test, ast.Name)
            and child.test.id == "TYPE_CHECKING"
        ):
            for other in child.orelse:
                yield other
                yield from _running(other)
        else:
            yield child
            yield from _running(child)


def _file_of(module: str) -> str | None:
    base = "/".join(module.split("."))
    for name in (f"{base}.py", f"{base}/__init__.py"):
        if base and (_ROOT / name).is_file():
            return name
    return None


def _manifest() -> Path:
    for path in (_ROOT / "engine" / _MANIFEST, _ROOT / _MANIFEST):
        if path.is_file():
            return path
    raise EngineFault("the installation is broken, manifest.json is missing: install Hitpoint again")


def _licence() -> bytes:
    """Of a checkout, or of an installed wheel."""
    if (_ROOT / _LICENCE).is_file():
        return (_ROOT / _LICENCE).read_bytes()
    try:
        files = distribution("hitpoint").files or ()
    except PackageNotFoundError:
        files = ()
    for file in files:
        if file.name == _LICENCE:
            return Path(str(file.locate())).read_bytes()
    raise EngineFault("the installation is broken, its licence is missing: install Hitpoint again")
