"""Anomaly detection: find the forward line whose gradient is NaN or whose backward fails."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..graph.expr import line_of

if TYPE_CHECKING:
    from ..tensor import Tensor
    from .node import Node


class _State:
    enabled = False
    check_nan = True


state = _State()


def describe(node: Node) -> None:
    """Warn which line of the forward pass a failing node belongs to."""
    where = line_of(node.site)
    trace = "no line is known" if where is None else f'  File "{where[0]}", line {where[1]}\n'
    if where is not None:
        import linecache

        trace += f"    {linecache.getline(*where).strip()}\n"
    warnings.warn(
        f"Error detected in {node.name()}. Traceback of forward call that caused the "
        f"error:\n{trace}",
        UserWarning,
        stacklevel=2,
    )


def check(node: Node, results: Sequence[Tensor | None]) -> None:
    """Raise ``RuntimeError`` if a gradient is NaN, naming the node that computed it."""
    if not state.check_nan:
        return
    for i, grad in enumerate(results):
        if grad is not None and bool(grad.detach().isnan().any()):
            describe(node)
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")


class set_detect_anomaly:
    """Switch anomaly detection on or off: at once when called, undone at the end of a ``with``."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.previous = state.enabled, state.check_nan
        state.enabled, state.check_nan = bool(mode), bool(check_nan)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        state.enabled, state.check_nan = self.previous


class detect_anomaly:
    """A context in which each gradient is checked for NaN as it is computed; it is slow."""

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = bool(check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self.previous: tuple[Any, Any] = state.enabled, state.check_nan
        state.enabled, state.check_nan = True, self.check_nan

    def __exit__(self, *exc: object) -> None:
        state.enabled, state.check_nan = self.previous


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return state.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether gradients are checked for NaN when anomaly detection is on."""
    return state.check_nan


__all__ = ["detect_anomaly", "set_detect_anomaly"]
