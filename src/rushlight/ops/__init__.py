"""Operators: public functions named as in PyTorch, written with primitives or other operators."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from . import (  # noqa: F401 - importing a module registers its operators
    activations,
    convolution,
    creation,
    decompositions,
    einsum,
    indexing,
    linalg,
    losses,
    matrices,
    movement,
    normalization,
    padding,
    pointwise,
    pooling,
    random_ops,
    reductions,
    signal_windows,
    sorting,
    special,
    statistics,
    variants,
)
from .arguments import guarded, with_numpy_names
from .registry import FUNCTIONS, METHODS, NN_FUNCTIONS


def _attach() -> None:
    """Publish: methods on Tensor, functions in the table that the namespace is made of."""
    public: dict[int, Any] = {}
    for table in (METHODS, FUNCTIONS, NN_FUNCTIONS):
        for name, f in table.items():
            table[name] = public.setdefault(id(f), guarded(with_numpy_names(f)))
    for name, f in METHODS.items():
        if name not in Tensor.__dict__:
            setattr(Tensor, name, f)


_attach()


def __getattr__(name: str) -> Any:
    found = FUNCTIONS.get(name) or NN_FUNCTIONS.get(name)
    if found is None:
        raise AttributeError(f"module 'rushlight.ops' has no attribute {name!r}")
    return found


def __dir__() -> list[str]:
    return sorted({*FUNCTIONS, *NN_FUNCTIONS})
