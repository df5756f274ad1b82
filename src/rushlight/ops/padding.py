"""``pad`` in all modes, ``one_hot``, and rearrangements of channels and pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..graph import primitives as P
from ..graph.expr import Shape
from ..graph.tape import record
from ..tensor import Tensor, new_tensor
from .common import check_tensor, constant
from .indexing import index_select
from .movement import reshape, unsqueeze
from .registry import function, nn_function, operator

Widths = tuple[tuple[int, int], ...]


@operator(
    "ConstantPadNdBackward0",
    method=False,
    name="_pad_constant",
    function=False,
    input=lambda grad, widths: _pad_constant(grad, tuple((-lo, -hi) for lo, hi in widths), 0),
)
def _pad_constant(input: Tensor, widths: Widths, value: Any) -> Tensor:
    fill = constant(value, input._dtype)
    return new_tensor(record(P.PAD, (input._expr(), fill), (widths,)))


def _widths(rank: int, pad: Any, shape: Shape) -> Widths:
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) // 2 > rank:
        raise RuntimeError(
            f"Length of pad should be no more than twice the number of dimensions of the input. "
            f"Pad length is {len(pad)} while the input has {rank} dimensions."
        )
    pairs = [(int(pad[2 * i]), int(pad[2 * i + 1])) for i in range(len(pad) // 2)][::-1]
    widths = ((0, 0),) * (rank - len(pairs)) + tuple(pairs)
    for i, ((lo, hi), n) in enumerate(zip(widths, shape, strict=True)):
        if n + lo + hi < 0:
            raise RuntimeError(
                f"The input size {n}, plus negative padding {lo} and {hi} resulted in a negative "
                f"output size, which is invalid. Check dimension {i} of your input."
            )
    return widths


def _mirror_index(n: int, lo: int, hi: int, mode: str) -> np.ndarray:
    """Which element stands at each place of the padded dimension."""
    at = np.arange(-lo, n + hi)
    if mode == "replicate":
        return np.clip(at, 0, n - 1)
    if mode == "circular":
        return at % n
    return n - 1 - np.abs(n - 1 - np.abs(at))


_RANKS = {2: (2, 3), 4: (3, 4), 6: (4, 5)}


@nn_function
def pad(input: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
    """Grow (or crop, with negative widths) the last dimensions.

    Args:
        pad: (lo, hi) of the last dimension, then of the one before, and so on.
        mode: ``"constant"`` (with ``value``), ``"reflect"``, ``"replicate"`` or ``"circular"``.

    Raises:
        RuntimeError, NotImplementedError: widths that do not fit the input.
    """
    check_tensor(input, "pad")
    rank = len(input._shape)
    widths = _widths(rank, pad, input._shape)
    if mode == "constant":
        if not any(lo or hi for lo, hi in widths):
            return input.clone()
        return _pad_constant(input, widths, 0 if value is None else value)
    if value not in (None, 0):
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if rank not in _RANKS.get(len(pad), ()):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    out = input
    for dim, (lo, hi) in enumerate(widths):
        if not lo and not hi:
            continue
        n = input._shape[dim]
        if mode == "reflect" and max(lo, hi) >= n:
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input "
                "dimension, but "
                f"got: padding ({lo}, {hi}) at dimension {dim} of input {list(input._shape)}"
            )
        if mode == "circular" and max(lo, hi) > n:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        index = Tensor._from_array(_mirror_index(n, lo, hi, mode).astype(np.int64))
        out = index_select(out, dim, index)
    return out.clone() if out is input else out


@function("constant_pad_nd")
def constant_pad_nd(input: Tensor, pad_: Any, value: Any = 0) -> Tensor:
    """``pad`` with a constant."""
    return pad(input, pad_, "constant", value)


@nn_function
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """(...,) class indices as (..., num_classes) rows with a single 1, int64.

    Raises:
        RuntimeError: not int64, a negative index, or one not below ``num_classes``.
    """
    check_tensor(tensor, "one_hot")
    if tensor._dtype is not dtypes.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    array = tensor._array()
    if not array.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if array.size and array.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(array.max()) + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif array.size and array.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    classes = new_tensor(record(P.IOTA, (), (num_classes, dtypes.int64), (0, 1)))
    return (unsqueeze(tensor, -1) == classes).to(dtypes.int64)


# --- pixels and channels -------------------------------------------------------------------------


@function()
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., C * r * r, H, W) as (..., C, H * r, W * r)."""
    r = upscale_factor
    if input.ndim < 3:
        raise RuntimeError(
            "pixel_shuffle expects input to have at least 3 dimensions, but got input with "
            f"{input.ndim} dimension(s)"
        )
    *lead, c, h, w = input._shape
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            "of "
            f"upscale_factor, but input.size(-3)={c} is not divisible by {r * r}"
        )
    n = len(lead)
    split = reshape(input, (*lead, c // (r * r), r, r, h, w))
    moved = split.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return reshape(moved, (*lead, c // (r * r), h * r, w * r))


@function()
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H * r, W * r) as (..., C * r * r, H, W)."""
    r = downscale_factor
    *lead, c, h, w = input._shape
    if h % r or w % r:
        raise RuntimeError(
            "pixel_unshuffle expects height and width to be divisible by downscale_factor, but "
            f"input.size(-2)={h}, input.size(-1)={w} and downscale_factor={r}"
        )
    n = len(lead)
    split = reshape(input, (*lead, c, h // r, r, w // r, r))
    moved = split.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return reshape(moved, (*lead, c * r * r, h // r, w // r))


@function()
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """(N, C, ...) with the channels of the groups interleaved."""
    n, c, *rest = input._shape
    if c % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups."
        )
    split = reshape(input, (n, groups, c // groups, *rest))
    return reshape(split.transpose(1, 2), (n, c, *rest))


# --- distances -----------------------------------------------------------------------------------


@function()
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along ``dim``; norms are at least ``eps``."""
    a: Any = x1
    b: Any = x2
    top = (a * b).sum(dim)
    squares = (a * a).sum(dim).clamp(min=eps * eps) * (b * b).sum(dim).clamp(min=eps * eps)
    return top / squares.sqrt()


@function()
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The ``p``-norm of ``x1 - x2 + eps`` over the last dimension."""
    return (x1 - x2 + eps).norm(p, -1, keepdim)
