"""Window functions: tapers for signals, as in ``torch.hann_window``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor
from .creation import tensor
from .registry import function


def _window(name: str, shape: Callable[..., np.ndarray], doc: str, **defaults: float) -> None:
    def make(window_length: int, periodic: bool = True, *values: float, **options: Any) -> Tensor:
        settings = dict(defaults)
        settings.update(zip(defaults, values, strict=False))
        settings.update({k: options.pop(k) for k in list(options) if k in defaults})
        d = options.pop("dtype", None) or dtypes.get_default_dtype()
        if not d.is_floating_point:
            raise RuntimeError(f"{name}_window expects floating point dtypes, got: {d}")
        if window_length < 0:
            raise RuntimeError(
                f"{name}_window requires non-negative window_length, got "
                f"window_length={window_length}"
            )
        requires_grad = options.pop("requires_grad", False)
        n = window_length + (1 if periodic else 0)
        if window_length <= 1:
            taper = np.ones(window_length)
        else:
            taper = shape(np.arange(n, dtype=np.float64), n - 1, **settings)[:window_length]
        return tensor(taper, dtype=d, requires_grad=requires_grad)

    make.__name__ = make.__qualname__ = f"{name}_window"
    make.__doc__ = doc + " ``periodic`` leaves out the last point of a symmetric window."
    function(f"{name}_window")(make)


def _kaiser(k: np.ndarray, n: int, beta: float) -> np.ndarray:
    place = 2 * k / n - 1
    return np.i0(beta * np.sqrt(np.maximum(1 - place * place, 0))) / np.i0(beta)


_window(
    "hamming",
    lambda k, n, alpha, beta: alpha - beta * np.cos(2 * math.pi * k / n),
    "The Hamming window ``alpha - beta * cos(2 pi k / n)``.",
    alpha=0.54,
    beta=0.46,
)
_window(
    "hann",
    lambda k, n: 0.5 - 0.5 * np.cos(2 * math.pi * k / n),
    "The Hann window, one period of a raised cosine.",
)
_window(
    "blackman",
    lambda k, n: 0.42 - 0.5 * np.cos(2 * math.pi * k / n) + 0.08 * np.cos(4 * math.pi * k / n),
    "The Blackman window, a sum of two cosines.",
)
_window("bartlett", lambda k, n: 1 - np.abs(2 * k / n - 1), "The triangular window.")
_window("kaiser", _kaiser, "The Kaiser window, from a Bessel function.", beta=12.0)
