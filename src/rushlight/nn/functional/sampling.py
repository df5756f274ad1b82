"""Sampling an image at the points of a grid (Jaderberg et al. 2015)."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence

from rushlight import ops
from rushlight.dtypes import float64, int64
from rushlight.tensor import Tensor


def _warn_align_corners() -> bool:
    warnings.warn(
        "Default grid_sample and affine_grid behavior has changed to align_corners=False since "
        "1.3.0. Please specify align_corners=True if the old behavior is desired. See the "
        "documentation of grid_sample for details.",
        stacklevel=3,
    )
    return False


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The points of an output image under affine maps.

    Args:
        theta: ``(N, 2, 3)`` for images, ``(N, 3, 4)`` for volumes.
        size: of the output: ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        align_corners: whether -1 and 1 are the centres of the corner pixels or their outer edges.

    Returns:
        ``(N, H, W, 2)`` or ``(N, D, H, W, 3)``, coordinates from -1 to 1, x first.

    Raises:
        ValueError: if shapes do not fit each other, or ``theta`` is not floating point.
    """
    if align_corners is None:
        align_corners = _warn_align_corners()
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    spatial = len(size) - 2
    if spatial not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {size}."
        )
    if theta.dim() != 3 or tuple(theta.shape[1:]) != (spatial, spatial + 1):
        raise ValueError(
            f"Expected a batch of {spatial}D affine matrices of shape Nx{spatial}x{spatial + 1} "
            f"for size {size}. Got {theta.shape}."
        )
    sizes = list(size[2:])
    columns = []
    for axis in reversed(range(spatial)):
        n = sizes[axis]
        line = ops.linspace(-1, 1, n, dtype=theta.dtype) if n > 1 else ops.zeros(1).to(theta.dtype)
        if not align_corners:
            line = line * (n - 1) / n  # in this order: the last bit decides which pixels are met
        shape = [1] * spatial
        shape[axis] = n
        columns.append(line.view(shape).expand(sizes))
    columns.append(ops.ones(sizes, dtype=theta.dtype))
    points = ops.stack(columns, -1).view(1, -1, spatial + 1)
    return points.matmul(theta.transpose(1, 2)).view(size[0], *sizes, spatial)


def _to_pixels(x: Tensor, size: int, align_corners: bool) -> Tensor:
    """Coordinates from -1 to 1 in pixels."""
    if align_corners:
        return (x + 1) * ((size - 1) / 2)
    # Rounded once, as PyTorch's fused multiply-add does.
    return ((x + 1).to(float64) * (size / 2) - 0.5).to(x.dtype)


def _keep_inside(x: Tensor, size: int, padding_mode: str, align_corners: bool) -> Tensor:
    """Move coordinates outside the image as the padding mode says."""
    if padding_mode == "zeros":
        return x
    if padding_mode == "reflection":
        low, span = (0.0, size - 1.0) if align_corners else (-0.5, float(size))
        if span == 0:
            return x * 0
        distance = (x - low).abs()
        flips = (distance.detach() / span).floor()
        rest = distance - flips * span
        x = ops.where(flips % 2 == 0, rest, span - rest) + low
    return x.clamp(0, size - 1)


def _cubic_weights(t: Tensor) -> list[Tensor]:
    """The weights of four neighbours, ``t`` beyond the second (Keys 1981, a = -0.75)."""
    a = -0.75

    def near(x: Tensor) -> Tensor:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Tensor) -> Tensor:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _fetch(input: Tensor, places: Sequence[Tensor]) -> Tensor:
    """The pixels at whole coordinates ``(N, points)``, zero outside: ``(N, C, points)``."""
    sizes = input.shape[2:]
    inside, flat = None, None
    for place, size in zip(places, sizes, strict=True):
        within = (place >= 0) & (place < size)
        step = place.clamp(0, size - 1).to(int64)
        inside = within if inside is None else inside & within
        flat = step if flat is None else flat * size + step
    index = flat.unsqueeze(1).expand(-1, input.shape[1], -1)  # type: ignore[union-attr]
    picked = input.flatten(2).gather(2, index)
    return picked * inside.unsqueeze(1).to(input.dtype)  # type: ignore[union-attr]


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The values of an image at the points of a grid.

    Args:
        input: ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        grid: ``(N, Ho, Wo, 2)`` or ``(N, Do, Ho, Wo, 3)``, coordinates from -1 to 1, x first.
        mode: bilinear, nearest or (images only) bicubic.
        padding_mode: what is outside: zeros, border or reflection.
        align_corners: whether -1 and 1 are the centres of the corner pixels or their outer edges.

    Raises:
        ValueError: for an unknown mode.
        RuntimeError: if shapes do not fit each other.
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        align_corners = _warn_align_corners()
    spatial = input.dim() - 2
    if spatial not in (2, 3) or grid.dim() != input.dim() or grid.shape[0] != input.shape[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with "
            f"sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if grid.shape[-1] != spatial:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {spatial} in last dimension, but got grid "
            f"with sizes {list(grid.shape)}"
        )
    if mode == "bicubic" and spatial == 3:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    sizes = list(input.shape[2:])
    # x comes first in the grid, the last dimension of the image
    raw = [
        _to_pixels(grid[..., spatial - 1 - d].flatten(1), sizes[d], align_corners)
        for d in range(spatial)
    ]

    def settle(x: Tensor, d: int) -> Tensor:
        return _keep_inside(x, sizes[d], padding_mode, align_corners)

    taps: list[list[tuple[Tensor, Tensor | None]]] = []  # per dimension: places and weights
    for d, x in enumerate(raw):
        if mode == "bicubic":
            base = x.detach().floor()
            weights = _cubic_weights(x - base)
            taps.append([(settle(base + k - 1, d), w) for k, w in enumerate(weights)])
            continue
        x = settle(x, d)
        if mode == "nearest":
            taps.append([(x.detach().round(), None)])
        else:
            base = x.detach().floor()
            taps.append([(base, base + 1 - x), (base + 1, x - base)])
    total: Tensor | None = None
    for corner in itertools.product(*taps):
        part = _fetch(input, [place for place, _ in corner])
        for _, weight in corner:
            part = part if weight is None else part * weight.unsqueeze(1)
        total = part if total is None else total + part
    out = input.new_zeros(0) if total is None else total
    return out.view(input.shape[0], input.shape[1], *grid.shape[1:-1])
