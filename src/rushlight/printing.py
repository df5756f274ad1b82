"""Printing tensors exactly as PyTorch does.

The text of the elements is made by :func:`array_str` from a NumPy array alone; :func:`tensor_repr`
adds the ``tensor(`` prefix and the suffixes (``dtype=``, ``grad_fn=`` ...).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes

if TYPE_CHECKING:
    from .tensor import Tensor

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options: dict[str, Any] = {**_PROFILES["default"], "sci_mode": None}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; options left out keep their value.

    Args:
        precision: digits after the decimal point.
        threshold: tensors with more elements are summarised with ``...``.
        edgeitems: how many items a summary shows at both ends of each dimension.
        linewidth: characters a line; longer vectors are wrapped.
        profile: ``"default"``, ``"short"`` or ``"full"``: the four options above at once. They can
            still be given one by one beside it.
        sci_mode: always (True) or never (False) use scientific notation. As in PyTorch this one is
            reset by each call that leaves it out: ``None`` means to choose by the values.
    """
    chosen = dict(_PROFILES.get(profile, {})) if profile is not None else {}
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    chosen.update((name, value) for name, value in given.items() if value is not None)
    _options.update(chosen, sci_mode=sci_mode)


def get_printoptions() -> dict[str, Any]:
    """The options in force, as keyword arguments for :func:`set_printoptions`."""
    return dict(_options)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Set print options for the length of a ``with`` block."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


Format = Callable[[Any], str]


def _uses_sci_mode(magnitudes: np.ndarray) -> bool:
    """Whether PyTorch would choose scientific notation for these non-zero finite magnitudes."""
    if _options["sci_mode"] is not None:
        return bool(_options["sci_mode"])
    low, high = float(magnitudes.min()), float(magnitudes.max())
    return high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4


def _float_format(values: np.ndarray) -> tuple[Format, int]:
    """How to write a float so that all of ``values`` line up, and their common width."""
    with np.errstate(invalid="ignore"):
        numbers = values[np.isfinite(values) & (values != 0)].astype(np.float64)
    if numbers.size == 0:
        return _whole, 1
    precision = _options["precision"]
    whole = bool((numbers == np.ceil(numbers)).all())
    if _uses_sci_mode(np.abs(numbers)):
        spec = f".{precision}e"
        return lambda v: format(v, spec), max(len(format(v, spec)) for v in numbers.tolist())
    # In fixed notation the widest number is the largest or the smallest.
    extremes = float(numbers.min()), float(numbers.max())
    if whole:
        return _whole, max(len(_whole(v)) for v in extremes)
    spec = f".{precision}f"
    return lambda v: format(v, spec), max(len(format(v, spec)) for v in extremes)


def _whole(value: float) -> str:
    """A float without fraction: ``3.``; ``inf`` and ``nan`` get no point."""
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def _element_format(sample: np.ndarray) -> tuple[Format, int]:
    """The text of one element, padded to the width of ``sample``'s widest, and that width."""
    write: Format
    if sample.dtype.kind == "f":
        write, width = _float_format(sample.reshape(-1))
    elif sample.size == 0:
        write, width = str, 1
    else:
        write, width = str, max(len(str(v.item())) for v in (sample.min(), sample.max()))
        if sample.dtype.kind == "b" and not sample.all():
            width = len("False")
    return lambda value: write(value).rjust(width), width


def _shown_elements(a: np.ndarray) -> np.ndarray:
    """The elements that a summary shows: they alone decide about notation and width."""
    edge = _options["edgeitems"]
    if edge == 0 and a.ndim > 1:
        return a[:0]
    for axis, n in enumerate(a.shape):
        if n > 2 * edge:
            head, tail = [slice(None)] * axis + [slice(edge)], [slice(None)] * axis
            tail.append(slice(n - edge, None) if edge else slice(None))
            a = np.concatenate((a[tuple(head)], a[tuple(tail)]), axis)
    return a


class _Layout:
    """Arranges the texts of elements in brackets, lines and summaries."""

    def __init__(self, a: np.ndarray) -> None:
        self.summarize = a.size > _options["threshold"]
        self.write, self.width = _element_format(_shown_elements(a) if self.summarize else a)

    def _is_cut(self, n: int) -> bool:
        return self.summarize and n > 2 * int(_options["edgeitems"])

    def vector(self, a: np.ndarray, indent: int) -> str:
        edge = _options["edgeitems"]
        if self.summarize and not edge:
            texts = ["..."]
        elif self._is_cut(len(a)):
            head, tail = a[:edge].tolist(), a[-edge:].tolist()
            texts = [*map(self.write, head), " ...", *map(self.write, tail)]
        else:
            texts = [self.write(v) for v in a.tolist()]
        per_line = max(1, math.floor((_options["linewidth"] - indent) / (self.width + 2)))
        lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

    def block(self, a: np.ndarray, indent: int) -> str:
        if a.ndim == 0:
            return self.write(a.item())
        if a.ndim == 1:
            return self.vector(a, indent)
        n, edge = len(a), _options["edgeitems"]
        if self._is_cut(n):
            head = [self.block(a[i], indent + 1) for i in range(edge)]
            tail = [self.block(a[i], indent + 1) for i in range(n - edge, n)]
            parts = [*head, "...", *tail]
        else:
            parts = [self.block(a[i], indent + 1) for i in range(n)]
        return "[" + ("," + "\n" * (a.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def array_str(a: np.ndarray, indent: int = 0) -> str:
    """The elements of ``a`` (bool, integer or floating point) as PyTorch prints them.

    Args:
        a: any shape; bfloat16 values must have been widened to a NumPy float.
        indent: the column at which the text will start, for wrapping and for the lines that follow.
    """
    return _Layout(a).block(a, indent) if a.size else "[]"


def add_suffixes(text: str, suffixes: Sequence[str], indent: int) -> str:
    """Append ``, suffix`` for each suffix, breaking lines that would get too long, and close."""
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > _options["linewidth"]:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"


def size_suffixes(shape: Sequence[int], dtype: dtypes.dtype) -> list[str]:
    """The ``size=`` and ``dtype=`` suffixes of a tensor, where PyTorch prints them."""
    empty, default = 0 in shape, dtypes.get_default_dtype()
    suffixes = []
    if len(shape) != 1 if empty else not _options["edgeitems"]:
        suffixes.append(f"size={tuple(shape)}")
    # Elements show that they are integers or bools; an empty tensor shows nothing.
    if dtype not in ((default,) if empty else (default, dtypes.int64, dtypes.bool_)):
        suffixes.append(f"dtype={dtype}")
    return suffixes


def _prefix(t: Tensor) -> str:
    """``tensor(``, or the class name of a user's subclass."""
    kind = type(t)
    is_plain = kind.__module__.partition(".")[0] == __package__
    return "tensor(" if is_plain else f"{kind.__name__}("


def tensor_repr(t: Tensor, *, tensor_contents: str | None = None) -> str:
    """``repr(t)`` as PyTorch prints it.

    Args:
        t: any tensor. Its pending work is run.
        tensor_contents: text to show in place of the elements.
    """
    prefix = _prefix(t)
    contents = tensor_contents
    if contents is None:
        contents = array_str(t._wide(), len(prefix))
    suffixes = size_suffixes(t.shape, t.dtype)
    grad_fn = t.grad_fn
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{type(grad_fn).__name__}>")
    elif t.requires_grad:
        suffixes.append("requires_grad=True")
    return add_suffixes(prefix + contents, suffixes, len(prefix))
