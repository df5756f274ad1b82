"""Primitives of random numbers.

A draw takes a generator's state (see ``runtime/reference/randomness.py``) and gives one array,
``new state || words``. The generator keeps the first part, ``sample`` turns the second into values.
So the engine advances in program order whether or not anybody reads the values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import bool_, dtype, float32, float64, int64, uint32
from ..runtime.reference import randomness as R
from ..shapes import numel
from .expr import Attrs, Expr, Shape
from .primitives import primitive

Inputs = tuple[Expr, ...]

DRAW = primitive(  # attrs (count,): 32-bit outputs of the engine
    "draw",
    lambda inputs, attrs: ((R.STATE_WORDS + attrs[0],), uint32),
    lambda attrs, args, state: R.draw(state, attrs[0]),
    "random",
)
DRAW_NORMALS = (
    primitive(  # attrs (count,): two words for each normal, which may come from the cache
        "draw_normals",
        lambda inputs, attrs: ((R.STATE_WORDS + 2 * attrs[0],), uint32),
        lambda attrs, args, state: R.draw_normals(state, attrs[0]),
        "random",
    )
)

Sampler = Callable[..., np.ndarray]

# Name: the dtype of the values, and (words, how many values, *args) -> values.
SAMPLERS: dict[str, tuple[dtype, Sampler]] = {
    "uniform32": (float32, lambda w, n, low, high: R.uniform_range(R.uniform32(w), low, high)),
    "uniform64": (float64, lambda w, n, low, high: R.uniform_range(R.uniform64(w), low, high)),
    "normal32": (float32, lambda w, n, mean, std: R.normal_fill(R.uniform32(w), n, mean, std)),
    "normal64": (float64, lambda w, n, mean, std: R.normal_fill(R.uniform64(w), n, mean, std)),
    "normals": (float64, lambda w, n, mean, std: R.decode_normals(w, mean, std)),
    "log_normals": (
        float64,
        lambda w, n, mean, std: R.log_normal(R.decode_normals(w, mean, std)),
    ),
    "integers32": (int64, lambda w, n, low, span: R.integers(w, low, span)),
    "integers64": (int64, lambda w, n, low, span: R.integers(R.words64(w), low, span)),
    "bits64": (int64, lambda w, n: R.words64(w).astype(np.int64)),
    "permutation": (int64, lambda w, n: R.shuffle(w, n)),
    "bernoulli": (bool_, lambda w, n, p: R.uniform64(w) < p),
    "exponential": (float64, lambda w, n, rate: R.exponential(R.uniform64(w), rate)),
    "geometric": (float64, lambda w, n, p: R.geometric(R.uniform64(w), p)),
    "cauchy": (float64, lambda w, n, median, sigma: R.cauchy(R.uniform64(w), median, sigma)),
}


def _sample_reference(attrs: Attrs, args: tuple[Any, ...], drawn: np.ndarray) -> np.ndarray:
    name, shape = attrs
    return SAMPLERS[name][1](drawn[R.STATE_WORDS :], numel(shape), *args).reshape(shape)


SAMPLE = primitive(  # what a draw gave; attrs (sampler, shape), args as the sampler takes them
    "sample",
    lambda inputs, attrs: (attrs[1], SAMPLERS[attrs[0]][0]),
    _sample_reference,
    "random",
)


def _multinomial_rule(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    return (inputs[0].shape[0], attrs[0]), int64


def _multinomial_reference(
    attrs: Attrs, args: Any, weights: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    unit = R.uniform64(drawn[R.STATE_WORDS :])
    return R.multinomial(weights, unit.reshape(len(weights), attrs[0]))


MULTINOMIAL = primitive(  # attrs (samples,): weights[rows, n], what a draw of the uniforms gave
    "multinomial", _multinomial_rule, _multinomial_reference, "random"
)

# --- checks of values ----------------------------------------------------------------------------


def check_weights(a: np.ndarray) -> None:
    """``RuntimeError`` unless the rows can be multinomial weights."""
    if not (np.isfinite(a).all() and (a >= 0).all()):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if a.size and (a.sum(axis=-1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


def check_probabilities(a: np.ndarray) -> None:
    """``RuntimeError`` unless all elements are probabilities."""
    if not ((a >= 0) & (a <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false: every element must be a "
            "probability"
        )


def check_deviations(a: np.ndarray) -> None:
    """``RuntimeError`` unless no standard deviation is negative."""
    if not (a >= 0).all():
        raise RuntimeError("normal expects all elements of std >= 0.0")


def check_loss_input(a: np.ndarray) -> None:
    """``RuntimeError`` unless binary cross entropy can take the logarithms of all elements."""
    if a.size and not ((a >= 0) & (a <= 1)).all():
        raise RuntimeError("all elements of input should be between 0 and 1")


def check_loss_target(a: np.ndarray) -> None:
    """``RuntimeError`` unless all targets of binary cross entropy are probabilities."""
    if a.size and not ((a >= 0) & (a <= 1)).all():
        raise RuntimeError("all elements of target should be between 0 and 1")


CHECKS = {
    "loss input": check_loss_input,
    "loss target": check_loss_target,
    "weights": check_weights,
    "probabilities": check_probabilities,
    "deviations": check_deviations,
}


def _checked_reference(attrs: Attrs, args: Any, a: np.ndarray) -> np.ndarray:
    CHECKS[attrs[0]](a)
    return a


CHECKED = primitive(  # attrs (name of the check,): the operand itself, if it passes
    "checked",
    lambda inputs, attrs: (inputs[0].shape, inputs[0].dtype),
    _checked_reference,
    "host",
    fallible=True,
    aliases=True,
)
