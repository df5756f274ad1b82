"""Each layer imports only what stands below it (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import rushlight

ROOT = Path(rushlight.__file__).parent
LAYERS = (
    {"dtypes", "device", "shapes", "errors", "naming"},
    {"runtime"},
    {"compiler"},
    {"graph"},
    None,  # tensors, operators, autograd and what belongs to them: everything not named elsewhere
    {"nn", "optim", "utils"},
    {"vision", "cli", "compat", "__main__"},
)
TENSORS = LAYERS.index(None)


def level(module: str) -> int:
    """The layer of a top-level module of the package."""
    for number, names in enumerate(LAYERS):
        if names is not None and module in names:
            return number
    return TENSORS


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """(top-level module of the package, line) of each import that runs."""
    package = ("rushlight", *path.relative_to(ROOT).parent.parts)
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            pending.extend(node.orelse)
            continue
        pending.extend(ast.iter_child_nodes(node))
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join((*base, *([node.module] if node.module else [])))
            names = [f"{stem}.{alias.name}" for alias in node.names] if stem else []
        for name in names:
            parts = name.split(".")
            if parts[0] == "rushlight" and len(parts) > 1:
                yield parts[1], node.lineno  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", range(TENSORS))
def test_the_engine_knows_nothing_of_what_stands_above(number: int) -> None:
    names = LAYERS[number] or set()
    files = [
        path
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0].removesuffix(".py") in names
    ]
    assert files
    upward = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in files
        for module, line in imported(path)
        if level(module) > number
    ]
    assert not upward


def test_tensors_know_nothing_of_modules_and_datasets() -> None:
    """But for the root, which offers every name, and what pickles and compiles whole modules."""
    upward = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in ROOT.rglob("*.py")
        if level(path.relative_to(ROOT).parts[0].removesuffix(".py")) == TENSORS
        and path.name != "__init__.py"
        for module, line in imported(path)
        if level(module) > TENSORS
    ]
    allowed = ("serialization",)
    assert not [entry for entry in upward if not entry.startswith(allowed)]
