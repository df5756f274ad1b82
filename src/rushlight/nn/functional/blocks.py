"""Sliding blocks of images as columns, and back."""

from __future__ import annotations

from collections.abc import Sequence

from rushlight import ops
from rushlight.nn.functional._arguments import (
    Size,
    _tuple,
)
from rushlight.ops import pad
from rushlight.tensor import Tensor


def _window_index(
    size: Sequence[int], kernel: Sequence[int], dilation: Sequence[int], stride: Sequence[int]
) -> tuple[Tensor, list[int]]:
    """Flat positions of each kernel element in each window of a padded 2-d image, and the window
    counts.
    """
    counts = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, d, s in zip(size, kernel, dilation, stride, strict=True)
    ]
    rows, cols = (
        (ops.arange(k) * d).unsqueeze(1) + (ops.arange(c) * s).unsqueeze(0)
        for k, d, c, s in zip(kernel, dilation, counts, stride, strict=True)
    )
    flat = rows.view(kernel[0], 1, counts[0], 1) * size[1] + cols.view(1, kernel[1], 1, counts[1])
    return flat.reshape(-1), counts


def unfold(
    input: Tensor, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Tensor:
    """The sliding blocks of ``(N, C, H, W)`` input as columns: ``(N, C * kh * kw, L)``.

    Raises:
        RuntimeError: if the kernel does not fit.
    """
    if input.dim() == 3:
        return unfold(input.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    if input.dim() != 4:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    kernel, dilation, padding, stride = (
        _tuple(v, 2) for v in (kernel_size, dilation, padding, stride)
    )
    padded = pad(input, (padding[1], padding[1], padding[0], padding[0]))
    index, counts = _window_index(padded.shape[2:], kernel, dilation, stride)
    if min(counts) < 1:
        raise RuntimeError(
            f"Given input with spatial size {tuple(input.shape[2:])}, kernel_size={kernel}, "
            f"dilation={dilation}, padding={padding}, calculated shape of the array of sliding "
            f"blocks as {tuple(counts)}, but its components must be at least one."
        )
    columns = padded.flatten(2).index_select(2, index)
    return columns.view(
        input.shape[0], input.shape[1] * kernel[0] * kernel[1], counts[0] * counts[1]
    )


def fold(
    input: Tensor,
    output_size: Size,
    kernel_size: Size,
    dilation: Size = 1,
    padding: Size = 0,
    stride: Size = 1,
) -> Tensor:
    """Add columns of sliding blocks ``(N, C * kh * kw, L)`` up into an image ``(N, C, H, W)``.

    Raises:
        RuntimeError: if the number of columns or rows does not fit.
    """
    if input.dim() == 2:
        return fold(
            input.unsqueeze(0), output_size, kernel_size, dilation, padding, stride
        ).squeeze(0)
    out, kernel, dilation, padding, stride = (
        _tuple(v, 2) for v in (output_size, kernel_size, dilation, padding, stride)
    )
    area = kernel[0] * kernel[1]
    if input.shape[1] % area:
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            "but "
            f"got input.size(1)={input.shape[1]} and kernel_size={kernel}."
        )
    padded = [n + 2 * p for n, p in zip(out, padding, strict=True)]
    index, counts = _window_index(padded, kernel, dilation, stride)
    if input.shape[2] != counts[0] * counts[1]:
        raise RuntimeError(
            f"Given output_size={out}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, stride={stride}, expected size of input's dimension 2 to match "
            f"the "
            f"calculated number of sliding blocks {counts[0]} * {counts[1]} = "
            f"{counts[0] * counts[1]}, but got input.size(2)={input.shape[2]}."
        )
    batch, channels = input.shape[0], input.shape[1] // area
    image = ops.zeros([batch, channels, padded[0] * padded[1]], dtype=input.dtype)
    image = image.index_add(2, index, input.reshape(batch, channels, -1))
    image = image.view(batch, channels, *padded)
    return image[
        :, :, padding[0] : padding[0] + out[0], padding[1] : padding[1] + out[1]
    ].contiguous()
