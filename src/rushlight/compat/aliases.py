"""The import hooks that make ``torch.x`` and ``rushlight.x`` one and the same module object."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

from rushlight.compat.missing import missing_module

ROOTS = {"torch": "rushlight", "torchvision": "rushlight.vision"}

# Parts of Rushlight whose names mean something else in PyTorch, or nothing at all.
INTERNAL = frozenset({
    "batching", "cli", "compat", "compiler", "dtypes", "errors", "graph", "inspector",
    "legacy_types", "namespace", "naming", "ops", "printing", "runtime", "shapes", "storage_view",
    "tensor", "vision",
})  # fmt: skip


class AliasFinder:
    """Finds ``torch.x`` by importing ``rushlight.x``; stands first on ``sys.meta_path``."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that aliases ``name``, or None for names that are not PyTorch's.

        Raises ModuleNotFoundError for a module of PyTorch that Rushlight does not have, so that
        the search never reaches an installed PyTorch.
        """
        root, dot, rest = name.partition(".")
        if root not in ROOTS:
            return None
        real = ROOTS[root] + dot + rest
        found = None if root == "torch" and rest in INTERNAL else find_spec(real)
        if found is None:
            raise missing_module(name)
        is_package = found.submodule_search_locations is not None
        return ModuleSpec(name, _AliasLoader(real), origin=found.origin, is_package=is_package)


class MissingFinder:
    """Explains ``from torch import x`` where there is no ``x``; stands last on ``sys.meta_path``.

    Python looks for such a name as the submodule ``rushlight.x``, for that is what the module
    calls itself.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for names outside Rushlight; raises ModuleNotFoundError for the others."""
        if not name.startswith("rushlight."):
            return None
        if name.startswith("rushlight.vision."):
            raise missing_module("torchvision" + name.removeprefix("rushlight.vision"))
        raise missing_module("torch" + name.removeprefix("rushlight"))


class _AliasLoader(Loader):
    """Puts the real module in the place of the empty one that the import system made."""

    def __init__(self, real: str) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        # The real module cannot be handed out here: the import system would overwrite its
        # __spec__ with the alias's.
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = importlib.import_module(self.real)
