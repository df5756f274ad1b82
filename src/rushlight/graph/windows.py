"""Primitives over sliding windows: convolution and its gradients, pooling, fold and unfold.

All of them take batched operands ``[N, C, *spatial]`` with one to three spatial dimensions. Each
linear one stands next to its adjoint, so derivatives of any order stay among these rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dtypes import dtype, int64
from ..runtime.reference import convolution, pooling
from .expr import Attrs, Expr, Shape
from .primitives import primitive

Inputs = tuple[Expr, ...]


# --- convolution: attrs end in stride, padding ((low, high), ...), dilation, groups --------------


def _conv_rule(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    x, w = inputs[0].shape, inputs[1].shape
    stride, padding, dilation, _ = attrs
    out = convolution.output_size(x[2:], w[2:], stride, padding, dilation)
    return (x[0], w[0], *out), inputs[0].dtype


def _shape_in_attrs(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    return attrs[0], inputs[0].dtype


CONV = primitive(  # x[N, C, *], w[O, C / groups, *kernel]
    "conv",
    _conv_rule,
    lambda attrs, args, x, w: convolution.conv_forward(x, w, *attrs),
    "contraction",
)
CONV_INPUT_GRAD = primitive(  # attrs (input shape, ...); g[N, O, *out], w
    "conv_input_grad",
    _shape_in_attrs,
    lambda attrs, args, g, w: convolution.conv_input_grad(g, w, *attrs),
    "contraction",
)
CONV_WEIGHT_GRAD = primitive(  # attrs (weight shape, ...); x, g
    "conv_weight_grad",
    _shape_in_attrs,
    lambda attrs, args, x, g: convolution.conv_weight_grad(x, g, *attrs),
    "contraction",
)


def _unfold_rule(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    batch, channels, *spatial = inputs[0].shape
    kernel, stride, padding, dilation = attrs
    out = convolution.output_size(tuple(spatial), kernel, stride, padding, dilation)
    return (batch, channels * math.prod(kernel), math.prod(out)), inputs[0].dtype


UNFOLD = primitive(  # attrs (kernel, stride, padding, dilation)
    "unfold",
    _unfold_rule,
    lambda attrs, args, x: convolution.unfold(x, *attrs),
    "movement",
    moves_bits=True,
)
FOLD = primitive(  # attrs (shape of the result, kernel, stride, padding, dilation)
    "fold",
    _shape_in_attrs,
    lambda attrs, args, columns: convolution.fold(columns, *attrs),
    "window",
)

# --- pooling -------------------------------------------------------------------------------------


def _indices_rule(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    return (*inputs[0].shape[:2], *attrs[-1]), int64


def _windows_rule(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    return (*inputs[0].shape[:2], *attrs[-1]), inputs[0].dtype


def _scatter_reference(attrs: Attrs, args: Any, g: np.ndarray, indices: np.ndarray) -> np.ndarray:
    shape, unique = attrs
    return pooling.scatter_planes(g, indices, shape, bool(unique))


MAX_POOL_INDICES = primitive(  # attrs (kernel, stride, padding, dilation, out size)
    "max_pool_indices",
    _indices_rule,
    lambda attrs, args, x: pooling.max_pool_indices(x, *attrs),
    "window",
)
ADAPTIVE_MAX_POOL_INDICES = primitive(  # attrs (out size,)
    "adaptive_max_pool_indices",
    _indices_rule,
    lambda attrs, args, x: pooling.adaptive_max_pool_indices(x, *attrs),
    "window",
)
PLANE_TAKE = primitive(  # x[N, C, *], indices[N, C, *out] into each flat plane, made by a pooling
    "plane_take",
    lambda inputs, attrs: (inputs[1].shape, inputs[0].dtype),
    lambda attrs, args, x, indices: pooling.take_planes(x, indices),
    "index",
    moves_bits=True,
)
PLANE_SCATTER = primitive(  # attrs (shape of the result, whether indices are unique); g, indices
    "plane_scatter", _shape_in_attrs, _scatter_reference, "index"
)
WINDOW_SUM = primitive(  # attrs (kernel, stride, padding, out size)
    "window_sum",
    _windows_rule,
    lambda attrs, args, x: pooling.window_sum(x, *attrs),
    "window",
)
WINDOW_SPREAD = primitive(  # attrs (shape of the result, kernel, stride, padding)
    "window_spread",
    _shape_in_attrs,
    lambda attrs, args, g: pooling.window_spread(g, *attrs),
    "window",
)
ADAPTIVE_WINDOW_SUM = primitive(  # attrs (out size,)
    "adaptive_window_sum",
    _windows_rule,
    lambda attrs, args, x: pooling.adaptive_window_sum(x, *attrs),
    "window",
)
ADAPTIVE_WINDOW_SPREAD = primitive(  # attrs (shape of the result,)
    "adaptive_window_spread",
    _shape_in_attrs,
    lambda attrs, args, g: pooling.adaptive_window_spread(g, *attrs),
    "window",
)
