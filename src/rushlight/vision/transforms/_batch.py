"""Transform pipelines that run on a whole batch of images at once.

``compile_pipeline`` turns a transform into a ``Pipeline`` where every part of it is known here.
Then a batch takes a handful of array operations instead of Python work for each image, and gives
bitwise the values, and consumes exactly the random numbers, of the per-image path: every random
transform known here draws a fixed number of 32-bit words an image, so the words of a batch are
drawn as one block and split by image, then by transform.

Whatever is not known exactly (a subclass, a user's function, a hook, a random loop) gives ``None``
and is left to the per-image path; so are images that the per-image path would reject, which
thereby raises its own error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from rushlight.dtypes import float32
from rushlight.nn import Sequential
from rushlight.tensor import Tensor
from rushlight.vision import _draws
from rushlight.vision._bridge import Array, default_dtype, to_array
from rushlight.vision.transforms import _array, v2
from rushlight.vision.transforms import functional as F
from rushlight.vision.transforms import transforms as T


class Images(NamedTuple):
    """What is known of the images between two transforms.

    Attributes:
        pil: whether the per-image path holds PIL images here (else tensors).
        channels, height, width: their size; a batch is always (N, channels, height, width).
        dtype: their element type.
    """

    pil: bool
    channels: int
    height: int
    width: int
    dtype: np.dtype


class Step(NamedTuple):
    """One transform: what it consumes, does and leaves.

    Attributes:
        words: 32-bit random words it draws for each image.
        run: maps the batch, and the (N, words) block it drew, to the new batch.
        after: the images it leaves.
    """

    words: int
    run: Callable[[Array, Array], Array]
    after: Images


Rule = Callable[[Any, Images], "list[Step] | None"]
_RULES: dict[type, tuple[Rule, Any]] = {}


def _rule(*kinds: type) -> Callable[[Rule], Rule]:
    """Register the rule of transform classes, valid while their code is the one seen here."""

    def register(rule: Rule) -> Rule:
        for kind in kinds:
            _RULES[kind] = (rule, _code(kind))
        return rule

    return register


def _code(kind: type) -> tuple[Any, ...]:
    return tuple(getattr(kind, name, None) for name in ("__call__", "forward", "transform"))


def _steps(transform: Any, images: Images) -> list[Step] | None:
    """The steps of one transform, or None where it is not known."""
    kind = type(transform)
    rule, code = _RULES.get(kind, (None, None))
    if rule is None or code != _code(kind) or "forward" in transform.__dict__:
        return None
    if getattr(transform, "_forward_hooks", None) or getattr(transform, "_forward_pre_hooks", None):
        return None
    return rule(transform, images)


class Pipeline:
    """The steps of a transform for images of one kind; ends with tensors."""

    def __init__(self, steps: list[Step], after: Images) -> None:
        self.steps = steps
        self.after = after
        self.words = sum(step.words for step in steps)

    def __call__(self, batch: Array) -> Array:
        """Run on uint8 images (N, C, H, W); the result owns its memory."""
        count = len(batch)
        if self.words:
            words = _draws.block(count * self.words).reshape(count, self.words)
        else:
            words = np.empty((count, 0), np.uint32)
        start = 0
        for step in self.steps:
            batch = step.run(batch, words[:, start : start + step.words])
            start += step.words
        return batch if batch.flags.c_contiguous and batch.base is None else batch.copy("C")


def compile_pipeline(transform: Any, channels: int, height: int, width: int) -> Pipeline | None:
    """The pipeline of ``transform`` for uint8 PIL images of this size, or None."""
    images = Images(True, channels, height, width, np.dtype(np.uint8))
    steps = _steps(transform, images)
    if not steps or steps[-1].after.pil:
        return None
    pipeline = Pipeline(steps, steps[-1].after)
    # A default dtype other than float32 makes rand(1) draw differently.
    if pipeline.words and default_dtype() != np.float32:
        return None
    return pipeline


def _fixed(run: Callable[[Array], Array], after: Images) -> list[Step]:
    """One step without random numbers."""
    return [Step(0, lambda batch, words: run(batch), after)]


# --- containers -------------------------------------------------------------------------------


def _chain(transforms: Any, images: Images) -> list[Step] | None:
    steps: list[Step] = []
    for transform in transforms:
        more = _steps(transform, images)
        if more is None:
            return None
        steps += more
        images = steps[-1].after if steps else images
    return steps


@_rule(T.Compose, v2.Compose)
def _compose(t: T.Compose, images: Images) -> list[Step] | None:
    return _chain(t.transforms, images)


@_rule(Sequential)
def _sequential(t: Sequential, images: Images) -> list[Step] | None:
    return _chain(t, images)


# --- conversions ------------------------------------------------------------------------------


@_rule(T.ToTensor)
def _to_tensor(t: T.ToTensor, images: Images) -> list[Step] | None:
    if not images.pil:
        return None
    dtype = default_dtype()

    def run(batch: Array) -> Array:
        return np.divide(batch, dtype.type(255), out=np.empty(batch.shape, dtype), dtype=dtype)

    return _fixed(run, images._replace(pil=False, dtype=dtype))


@_rule(T.PILToTensor, v2.PILToTensor, v2.ToImage)
def _pil_to_tensor(t: T.PILToTensor, images: Images) -> list[Step] | None:
    return _fixed(np.ascontiguousarray, images._replace(pil=False)) if images.pil else None


@_rule(T.ConvertImageDtype)
def _convert(t: T.ConvertImageDtype, images: Images) -> list[Step] | None:
    if images.pil or images.dtype != np.uint8 or t.dtype != float32:
        return None
    dtype = np.dtype(np.float32)
    return _fixed(lambda batch: _array.convert_dtype(batch, dtype), images._replace(dtype=dtype))


@_rule(v2.ToDtype)
def _to_dtype(t: v2.ToDtype, images: Images) -> list[Step] | None:
    if images.pil or images.dtype != np.uint8 or t.dtype != float32:
        return None
    dtype = np.dtype(np.float32)
    after = images._replace(dtype=dtype)
    if t.scale:
        return _fixed(lambda batch: v2.functional.scaled(batch, dtype), after)
    return _fixed(lambda batch: batch.astype(dtype), after)


@_rule(T.Normalize, v2.Normalize)
def _normalize(t: T.Normalize, images: Images) -> list[Step] | None:
    if images.pil or images.dtype.kind != "f":
        return None
    mean, std = _channel_values(t.mean, images), _channel_values(t.std, images)
    if mean is None or std is None or (std == 0).any():
        return None
    return _fixed(lambda batch: _array.normalize(batch, mean, std), images)


def _channel_values(values: Any, images: Images) -> Array | None:
    """One value a channel (or one for all); None where the shapes would broadcast otherwise."""
    if isinstance(values, Tensor):
        values = to_array(values)
    array = np.asarray(values, dtype=images.dtype)
    return array if array.ndim <= 1 and array.size in (1, images.channels) else None


@_rule(T.Grayscale, v2.Grayscale)
def _grayscale(t: T.Grayscale, images: Images) -> list[Step] | None:
    if t.num_output_channels not in (1, 3) or images.channels not in (1, 3):
        return None
    luma = _pil_luma if images.pil else _array.grayscale
    channels = t.num_output_channels if images.pil else min(t.num_output_channels, images.channels)

    def run(batch: Array) -> Array:
        grey = luma(batch)
        return np.repeat(grey, 3, axis=1) if channels == 3 else grey

    return _fixed(run, images._replace(channels=channels))


def _pil_luma(batch: Array) -> Array:
    """RGB to grey as Pillow computes it, in 16 bit fixed point."""
    if batch.shape[1] == 1:
        return batch
    r, g, b = (batch[:, c].astype(np.uint32) for c in range(3))
    luma = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16
    return luma.astype(np.uint8)[:, None]


# --- geometry ---------------------------------------------------------------------------------


@_rule(T.Resize, v2.Resize)
def _resize(t: T.Resize, images: Images) -> list[Step] | None:
    size = (images.height, images.width)
    target = F.resized_size(size, t.size, t.max_size)
    if target == size:
        return _fixed(lambda batch: batch, images)
    after = images._replace(height=target[0], width=target[1])
    mode = t.interpolation.value
    if not images.pil:
        if mode not in ("nearest", "nearest-exact", "bilinear", "bicubic"):
            return None
        smooth = bool(t.antialias) and mode in ("bilinear", "bicubic")
        stops = [target]
        if isinstance(t, v2.Resize) and smooth and images.dtype == np.uint8:
            stops = [(images.height, target[1]), target]  # rounded after each axis
        return [
            step
            for stop in stops
            for step in _fixed(
                partial(_array.resize, size=stop, mode=mode, antialias=smooth), after
            )
        ]
    if mode not in _PIL_FILTERS or t.antialias is False:
        return None
    axes = _pil_axes(size, target, mode)
    if axes is None:
        return None
    return _fixed(lambda batch: _pil_resize(batch, target, mode, axes), after)


_PIL_FILTERS = {"bilinear": _array.FILTERS["bilinear"], "bicubic": _array.FILTERS["bicubic"]}
_PIL_BITS = 22  # Pillow's fixed point: 32 bits less 8 of the pixel and 2 of head room


@lru_cache(maxsize=64)
def _pil_axes(size: tuple[int, int], out: tuple[int, int], mode: str) -> tuple[int, int] | None:
    """Which axis the installed Pillow resamples first, or None if neither order agrees with it.

    Newer versions of Pillow put the vertical pass first where that is cheaper. The result is
    rounded in between, so the order is seen in the values: a few noise images tell.
    """
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 256, (16, 1, *size), dtype=np.uint8)
    filter_ = F.pil_modes_mapping[F.InterpolationMode(mode)]
    wanted = [np.asarray(Image.fromarray(i[0]).resize(out[::-1], filter_)) for i in noise]
    for axes in ((-1, -2), (-2, -1)):
        if np.array_equal(_pil_resize(noise, out, mode, axes)[:, 0], np.stack(wanted)):
            return axes
    return None


def _pil_resize(batch: Array, size: tuple[int, int], mode: str, axes: tuple[int, int]) -> Array:
    """Pillow's resampling of 8 bit images: fixed point, rounded to 8 bits after each axis."""
    for axis in axes:
        out = size[axis]
        if batch.shape[axis] == out:
            continue
        matrix = _pil_weights(batch.shape[axis], out, mode)
        values = batch.astype(np.float64)  # exact: sums stay below 2**53
        total = values @ matrix.T if axis == -1 else matrix @ values
        total = np.floor((total + 2.0 ** (_PIL_BITS - 1)) / 2.0**_PIL_BITS)
        batch = np.clip(total, 0, 255).astype(np.uint8)
    return batch


@lru_cache(maxsize=64)
def _pil_weights(size: int, out: int, mode: str) -> Array:
    """The (out, size) matrix of Pillow's whole-number weights."""
    index, weight = _array.resample_taps(size, out, mode, True)
    fixed = weight * 2.0**_PIL_BITS
    matrix = np.zeros((out, size))
    np.add.at(matrix, (np.arange(out), index), np.trunc(fixed + np.copysign(0.5, fixed)))
    return matrix


@_rule(T.Pad, v2.Pad)
def _pad(t: T.Pad, images: Images) -> list[Step] | None:
    return _padding(t.padding, t.fill, t.padding_mode, images)


def _padding(padding: Any, fill: Any, mode: str, images: Images) -> list[Step] | None:
    left, top, right, bottom = amounts = F.pad_amounts(padding)
    if min(amounts) < 0 or not isinstance(fill, (int, float)):
        return None
    if mode != "constant" and max(amounts) >= min(images.height, images.width):
        return None
    value = int(fill) if images.pil else fill
    if images.dtype == np.uint8 and not 0 <= value <= 255:
        return None
    after = images._replace(height=images.height + top + bottom, width=images.width + left + right)
    return _fixed(lambda batch: _array.pad(batch, amounts, value, mode), after)


@_rule(T.CenterCrop, v2.CenterCrop)
def _center_crop(t: T.CenterCrop, images: Images) -> list[Step] | None:
    size = F.pair(t.size)
    padding = F.centre_padding(images.height, images.width, size)
    steps = (_padding(padding, 0, "constant", images) or []) if any(padding) else []
    height, width = images.height + padding[1] + padding[3], images.width + padding[0] + padding[2]
    top, left = F.centre_offset(height, width, size)
    after = images._replace(height=size[0], width=size[1])
    return steps + _fixed(lambda batch: _array.crop(batch, top, left, *size), after)


@_rule(T.RandomCrop)
def _random_crop(t: T.RandomCrop, images: Images) -> list[Step] | None:
    steps: list[Step] = []
    paddings: list[Any] = [] if t.padding is None else [t.padding]
    while paddings or t.pad_if_needed:
        paddings = paddings or t._missing(images.height, images.width)
        if not paddings:
            break
        more = _padding(paddings.pop(0), t.fill, t.padding_mode, images)
        if more is None:
            return None
        steps += more
        images = steps[-1].after
    rows, columns = images.height - t.size[0] + 1, images.width - t.size[1] + 1
    if rows < 1 or columns < 1:
        return None
    if rows == columns == 1:
        return steps or _fixed(lambda batch: batch, images)
    return [*steps, _window(t.size, rows, columns, 2, images)]


@_rule(v2.RandomCrop)
def _random_crop_v2(t: v2.RandomCrop, images: Images) -> list[Step] | None:
    if t.pad_if_needed:
        return None
    steps = _padding(t.padding or 0, t.fill, t.padding_mode, images)
    if steps is None:
        return None
    images = steps[-1].after
    rows, columns = images.height - t.size[0] + 1, images.width - t.size[1] + 1
    if rows < 1 or columns < 1:
        return None
    return [*steps, _window(t.size, rows, columns, (rows > 1) + (columns > 1), images)]


def _window(size: tuple[int, ...], rows: int, columns: int, words: int, images: Images) -> Step:
    """Cut a window out of each image: its top is the first word drawn, its left the last."""
    th, tw = size

    def run(batch: Array, drawn: Array) -> Array:
        windows = np.lib.stride_tricks.sliding_window_view(batch, (th, tw), axis=(2, 3))
        nothing = np.zeros(len(batch), np.uint32)
        top = drawn[:, 0] % np.uint32(rows) if rows > 1 else nothing
        left = drawn[:, -1] % np.uint32(columns) if columns > 1 else nothing
        return windows[np.arange(len(batch)), :, top, left]

    return Step(words, run, images._replace(height=th, width=tw))


def _chosen(p: float, act: Callable[[Array], Array], images: Images) -> list[Step]:
    """Act on the images for which ``rand(1) < p``."""

    def run(batch: Array, words: Array) -> Array:
        drawn = (words[:, 0] & np.uint32(0xFFFFFF)).astype(np.float32) * np.float32(2.0**-24)
        return np.where((drawn < np.float32(p))[:, None, None, None], act(batch), batch)

    return [Step(1, run, images)]


@_rule(T.RandomHorizontalFlip, v2.RandomHorizontalFlip)
def _horizontal_flip(t: T.RandomHorizontalFlip, images: Images) -> list[Step] | None:
    return _chosen(t.p, _array.hflip, images)


@_rule(T.RandomVerticalFlip, v2.RandomVerticalFlip)
def _vertical_flip(t: T.RandomVerticalFlip, images: Images) -> list[Step] | None:
    return _chosen(t.p, _array.vflip, images)


@_rule(T.RandomInvert, v2.RandomInvert)
def _invert(t: T.RandomInvert, images: Images) -> list[Step] | None:
    return _chosen(t.p, _array.invert, images)


@_rule(T.RandomGrayscale)
def _random_grayscale(t: T.RandomGrayscale, images: Images) -> list[Step] | None:
    if images.channels != 3:
        return None
    luma = _pil_luma if images.pil else _array.grayscale
    return _chosen(t.p, lambda batch: np.repeat(luma(batch), 3, axis=1), images)
