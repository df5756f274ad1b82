"""Shape arithmetic with PyTorch's error messages."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence

from .errors import with_note

Shape = tuple[int, ...]

numel: Callable[[Iterable[int]], int] = math.prod
"""The product of the sizes."""


@functools.lru_cache(4096)
def contiguous_strides(shape: Shape) -> Shape:
    """Row-major strides in elements; sizes of 0 count as 1, as in PyTorch."""
    strides = [1] * len(shape)
    step = 1
    for i in range(len(shape) - 1, -1, -1):
        strides[i] = step
        step *= max(shape[i], 1)
    return tuple(strides)


def is_contiguous(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the elements stand in row-major order without gaps; sizes of 1 have any stride."""
    step = 1
    for n, s in zip(reversed(shape), reversed(strides), strict=True):
        if n == 0:
            return True
        if n != 1:
            if s != step:
                return 0 in shape
            step *= n
    return True


@functools.lru_cache(4096)
def broadcast_shapes(*shapes: Shape) -> Shape:
    """The broadcast shape; ``RuntimeError`` with PyTorch's wording where there is none."""
    result: Shape = shapes[0] if shapes else ()
    for other in shapes[1:]:
        if result == other:
            continue
        rank = max(len(result), len(other))
        a = (1,) * (rank - len(result)) + result
        b = (1,) * (rank - len(other)) + other
        out = []
        for dim, (x, y) in enumerate(zip(a, b, strict=True)):
            if x == y or y == 1:
                out.append(x)
            elif x == 1:
                out.append(y)
            else:
                dim = _blamed_dim(a, b)
                raise with_note(
                    RuntimeError(
                        f"The size of tensor a ({a[dim]}) must match the size of tensor b "
                        f"({b[dim]}) at non-singleton dimension {dim}"
                    ),
                    "the shapes are " + " and ".join(str(list(s)) for s in shapes),
                )
        result = tuple(out)
    return result


def _blamed_dim(a: Shape, b: Shape) -> int:
    """PyTorch names the last dimension that does not match."""
    return max(i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y and 1 not in (x, y))


def wrap_dim(dim: int, rank: int) -> int:
    """A dimension in ``0 .. rank-1``; 0-d tensors count as 1-d. ``IndexError`` out of range."""
    n = rank or 1
    if -n <= dim < n:
        return dim + n if dim < 0 else dim
    raise IndexError(
        f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})"
    )


@functools.lru_cache(4096)
def view_strides(shape: Shape, strides: Shape, new_shape: Shape) -> Shape | None:
    """Strides that show the same elements as ``new_shape``, or None where a copy is needed.

    Sizes are matched in groups of old dimensions that are contiguous with each other; the rule is
    the one stated in PyTorch's documentation of ``Tensor.view``.
    """
    if numel(shape) == 0:
        return strides if shape == new_shape else contiguous_strides(new_shape)
    if not shape:
        return (1,) * len(new_shape)
    out = [0] * len(new_shape)
    at = len(new_shape) - 1
    chunk_stride = strides[-1]
    chunk = available = 1
    for dim in range(len(shape) - 1, -1, -1):
        available *= shape[dim]
        ends = dim == 0 or (shape[dim - 1] != 1 and strides[dim - 1] != available * chunk_stride)
        if not ends:
            continue
        while at >= 0 and (chunk < available or new_shape[at] == 1):
            out[at] = chunk * chunk_stride
            chunk *= new_shape[at]
            at -= 1
        if chunk != available:
            return None
        if dim > 0:
            chunk_stride = strides[dim - 1]
            chunk = available = 1
    return tuple(out) if at == -1 else None


def reduced_shape(shape: Shape, dims: tuple[int, ...], keepdim: bool) -> Shape:
    """The shape after reducing over ``dims`` (wrapped, unique)."""
    if keepdim:
        return tuple(1 if i in dims else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in dims)
