"""Which module imports which: read from the source, relative levels resolved."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("engine", "export", "plugin", "ui")
# `ui` may use of the engine what the standard library alone can load.
LIGHT = {
    "hitpoint.engine.types",
    "hitpoint.engine.timebase",
    "hitpoint.engine.errors",
    "hitpoint.engine.paths",
    "hitpoint.engine.progress",
    "hitpoint.engine.serial",
    "hitpoint.engine.names",
    "hitpoint.engine.manifest",
    "hitpoint.engine.urls",
    "hitpoint.engine.generator",
    "hitpoint.engine.cutting",
    "hitpoint.engine.style",
    "hitpoint.engine.wishes",
}
ALLOWED = {
    "engine": {"engine"},
    "export": {"engine", "export"},
    "ui": {"ui"},
    "plugin": {"engine", "export", "ui", "plugin"},
}


def imports(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """Absolute names of everything that `source`, the text of `module`, imports."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            target = ".".join([*base, *(node.module.split(".") if node.module else [])])
            yield target
            yield from (f"{target}.{alias.name}" for alias in node.names)


def violations(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """What `module` imports against the one-way rule, as sentences."""
    folder = module.split(".")[1]
    found = []
    for target in imports(source, module, is_package=is_package):
        parts = target.split(".")
        if parts[0] in FOLDERS:
            found.append(f"{module} imports the flat name {target}")
        if parts[0] != "hitpoint" or len(parts) < 2:
            continue
        light = any(target == name or target.startswith(name + ".") for name in LIGHT)
        if parts[1] not in ALLOWED[folder] and not (folder == "ui" and light):
            found.append(f"{module} imports {target}")
    return found


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the product: its absolute name and its file."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(("hitpoint", *(parts[:-1] if parts[-1] == "__init__" else parts))), path
