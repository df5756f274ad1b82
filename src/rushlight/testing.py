"""``torch.testing``: assertions about tensors, and tensors to test with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from . import ops
from .device import check_device as _check_device
from .dtypes import bfloat16, dtype, float16, float32, float64, int64
from .tensor import Tensor

_TOLERANCES = {
    float16: (1e-3, 1e-5),
    bfloat16: (1.6e-2, 1e-5),
    float32: (1.3e-6, 1e-5),
    float64: (1e-7, 1e-7),
}
_Message = str | Callable[[str], str] | None


class _Settings:
    """What ``assert_close`` was asked for."""

    def __init__(
        self, rtol: float | None, atol: float | None, equal_nan: bool, checks: dict[str, bool]
    ) -> None:
        self.rtol = rtol
        self.atol = atol
        self.equal_nan = equal_nan
        self.checks = checks

    def tolerances(self, *types: dtype) -> tuple[float, float]:
        """The given tolerances, or the widest of the defaults of these types."""
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        defaults = [_TOLERANCES.get(d, (0.0, 0.0)) for d in types]
        return max(r for r, _ in defaults), max(a for _, a in defaults)


class _Difference(Exception):
    def __init__(self, message: str, path: tuple[Any, ...], plain: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.plain = plain


def _attribute(name: str, a: Any, b: Any) -> str:
    return f"The values for attribute '{name}' do not match: {a} != {b}."


def _compare_tensors(a: Tensor, b: Tensor, settings: _Settings, path: tuple[Any, ...]) -> None:
    checks = settings.checks
    if a.shape != b.shape:
        raise _Difference(_attribute("shape", a.shape, b.shape), path)
    if checks["dtype"] and a.dtype is not b.dtype:
        raise _Difference(_attribute("dtype", a.dtype, b.dtype), path)
    if checks["stride"] and a.stride() != b.stride():
        raise _Difference(_attribute("stride()", a.stride(), b.stride()), path)
    rtol, atol = settings.tolerances(a.dtype, b.dtype)
    x, y = (t.detach()._wide().astype(np.float64) for t in (a, b))
    exact = not (a.dtype.is_floating_point or b.dtype.is_floating_point)
    _compare_arrays(x, y, rtol, atol, settings.equal_nan, "Tensor-likes", exact, path)


def _compare_arrays(
    x: np.ndarray,
    y: np.ndarray,
    rtol: float,
    atol: float,
    equal_nan: bool,
    what: str,
    exact: bool,
    path: tuple[Any, ...],
) -> None:
    bad = ~np.isclose(x, y, rtol, atol, equal_nan)
    if not bad.any():
        return
    with np.errstate(all="ignore"):
        gap = np.abs(x - y)
        ratio = gap / np.abs(y)
    gap, ratio = np.where(bad, gap, 0), np.where(bad, ratio, 0)
    word = "equal" if rtol == atol == 0 else "close"
    if x.ndim == 0:
        number: Any = int if exact else float
        lines = [
            f"Scalars are not {word}!",
            "",
            f"Expected {number(y)} but got {number(x)}.",
            f"Absolute difference: {number(gap)}{_allowed(atol, word)}",
            f"Relative difference: {float(ratio)}{_allowed(rtol, word)}",
        ]
        raise _Difference("\n".join(lines), path)
    count = int(bad.sum())
    lines = [
        f"{what} are not {word}!",
        "",
        f"Mismatched elements: {count} / {bad.size} ({count / bad.size:.1%})",
    ]
    for name, values, limit in (("absolute", gap, atol), ("relative", ratio, rtol)):
        at = np.unravel_index(int(np.argmax(values)), values.shape)
        worst = values[at]
        shown = (
            int(worst) if exact and math.isfinite(worst) and worst == int(worst) else float(worst)
        )
        where = f"({', '.join(str(int(i)) for i in at)}{',' if len(at) == 1 else ''})"
        lines.append(f"Greatest {name} difference: {shown} at index {where}{_allowed(limit, word)}")
    raise _Difference("\n".join(lines), path)


def _allowed(limit: float, word: str) -> str:
    return "" if word == "equal" else f" (up to {limit} allowed)"


def _compare(a: Any, b: Any, settings: _Settings, path: tuple[Any, ...]) -> None:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        _compare_tensors(a, b, settings, path)
    elif isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        _compare_tensors(ops.from_numpy(a.copy()), ops.from_numpy(b.copy()), settings, path)
    elif isinstance(a, Mapping) and isinstance(b, Mapping):
        missing, more = sorted(set(b) - set(a), key=str), sorted(set(a) - set(b), key=str)
        if missing or more:
            raise _Difference(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {missing}\n"
                f"Additional keys in the actual mapping: {more}",
                path,
            )
        for key in a:
            _compare(a[key], b[key], settings, (*path, key))
    elif _is_sequence(a) and _is_sequence(b):
        if len(a) != len(b):
            raise _Difference(f"The length of the sequences mismatch: {len(a)} != {len(b)}", path)
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            _compare(x, y, settings, (*path, i))
    elif isinstance(a, bool | np.bool_) and isinstance(b, bool | np.bool_):
        if a is not b:
            raise _Difference(f"Booleans mismatch: {a} is not {b}", path)
    elif _is_number(a) and _is_number(b):
        exact = isinstance(a, int) and isinstance(b, int)
        rtol, atol = settings.tolerances(int64 if exact else float64)
        x, y = np.array(float(a)), np.array(float(b))
        _compare_arrays(x, y, rtol, atol, settings.equal_nan, "Scalars", exact, path)
    else:
        raise TypeError(
            f"No comparison pair was able to handle inputs of type {type(a)} and {type(b)}."
        )


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float | np.number) and not isinstance(x, bool)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: _Message = None,
) -> None:
    """Assert that tensors, numbers, or sequences and mappings of them are close.

    Raises:
        AssertionError: they are not, with where and by how much.
        ValueError: only one of ``rtol`` and ``atol`` is given.
        TypeError: they are of kinds that cannot be compared.
    """
    if (rtol is None) != (atol is None):
        raise ValueError(
            "Both 'rtol' and 'atol' must be either specified or omitted, but got no "
            f"{'rtol' if rtol is None else 'atol'}."
        )
    settings = _Settings(rtol, atol, equal_nan, {"dtype": check_dtype, "stride": check_stride})
    try:
        _compare(actual, expected, settings, ())
    except _Difference as found:
        message = found.message
        if found.path:
            place = "".join(f"[{p!r}]" for p in found.path)
            message += f"\n\nThe failure occurred for item {place}"
        if msg is not None:
            message = msg(message) if callable(msg) else msg
        raise AssertionError(message) from None


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """``assert_close`` in its old form, which ignores dtypes."""
    a = actual if isinstance(actual, Tensor) else ops.tensor(actual)
    b = expected if isinstance(expected, Tensor) else ops.tensor(expected, dtype=a.dtype)
    assert_close(
        a, b, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None
    )


def make_tensor(
    *shape: Any,
    dtype: dtype,
    device: Any = "cpu",
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of random numbers in [low, high): by default [-9, 9), [0, 10) unsigned.

    Raises:
        ValueError: the interval is empty.
    """
    _check_device(device)
    sizes = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    if dtype.category == 0:
        least, most = 0.0, 2.0
    else:
        least, most = (-9.0 if dtype.is_signed else 0.0), (9.0 if dtype.is_signed else 10.0)
    least, most = (least if low is None else low), (most if high is None else high)
    if least >= most:
        raise ValueError(f"make_tensor: low must be less than high, but got {least} >= {most}")
    if noncontiguous and math.prod(sizes) > 1:
        wide = make_tensor(*sizes, 2, dtype=dtype, low=low, high=high, exclude_zero=exclude_zero)
        result = wide.select(-1, 0)
    elif dtype.is_floating_point:
        result = ops.empty(sizes).uniform_(least, most).to(dtype)
    else:
        result = ops.randint(math.floor(least), math.ceil(most), sizes).to(dtype)
    if exclude_zero:
        least_positive = 1 if not dtype.is_floating_point else 2.0**-14
        result = ops.where(result == 0, least_positive, result).to(dtype)
    return result.detach().requires_grad_() if requires_grad else result


__all__ = ["assert_allclose", "assert_close", "make_tensor"]
