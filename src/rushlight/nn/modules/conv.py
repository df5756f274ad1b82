"""Convolutions and transposed convolutions in one, two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rushlight import ops
from rushlight.nn import functional as F
from rushlight.nn import init
from rushlight.nn.modules._tuples import ntuple
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter
from rushlight.tensor import Tensor

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolutions share: parameters, checks, repr.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: number, or one per dimension.
        stride: step of the window.
        padding: zeros put on both sides, or "same" or "valid".
        dilation: distance of the kernel's elements.
        groups: blocks of channels that are convolved separately.
        bias: whether there is a bias.
        padding_mode: zeros, reflect, replicate or circular.
        device: where the parameters are created.
        dtype: of which type.

    Attributes:
        weight: ``(out_channels, in_channels / groups, *kernel_size)`` (transposed: in and out
            swapped), drawn uniformly from ``±1/sqrt(fan_in)``.
        bias: ``(out_channels,)``, drawn likewise, or None.

    Raises:
        ValueError: for arguments that do not fit each other.
    """

    _ndim: int
    _transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        n = self._ndim
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = ntuple(kernel_size, n)
        self.stride = ntuple(stride, n)
        self.padding: Any = padding if isinstance(padding, str) else ntuple(padding, n)
        self.dilation = ntuple(dilation, n)
        self.transposed = self._transposed
        self.output_padding = (0,) * n
        self.groups = groups
        self._check_padding(padding_mode)
        self.padding_mode = padding_mode
        self._pad_widths = self._both_sides()
        channels = (out_channels, in_channels // groups)
        if self.transposed:
            channels = (in_channels, out_channels // groups)
        self.weight = Parameter(
            ops.empty((*channels, *self.kernel_size), device=device, dtype=dtype)
        )
        if bias:
            self.bias = Parameter(ops.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _check_padding(self, padding_mode: str) -> None:
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {self.padding!r}, should be one of {{'valid', 'same'}}"
                )
            if self.padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(
                "padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, "
                f"but got padding_mode='{padding_mode}'"
            )

    def _both_sides(self) -> list[int]:
        """The padding as ``F.pad`` takes it: last dimension first, both sides."""
        widths = []
        for i in reversed(range(self._ndim)):
            if self.padding == "valid":
                widths += [0, 0]
            elif self.padding == "same":
                total = self.dilation[i] * (self.kernel_size[i] - 1)
                widths += [total // 2, total - total // 2]
            else:
                widths += [self.padding[i]] * 2
        return widths

    def reset_parameters(self) -> None:
        """Draw the parameters anew, weight before bias."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """Channels, kernel size, stride, and what differs from its default."""
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        n = len(self.kernel_size)
        if self.padding != (0,) * n:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * n:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * n:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "padding_mode" not in self.__dict__:
            self.padding_mode = "zeros"


class _Conv(_ConvNd):
    """A convolution."""

    _operator: Callable[..., Tensor]

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        convolve = type(self)._operator
        if self.padding_mode == "zeros":
            return convolve(
                input, weight, bias, self.stride, self.padding, self.dilation, self.groups
            )
        padded = F.pad(input, self._pad_widths, mode=self.padding_mode)
        return convolve(padded, weight, bias, self.stride, 0, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """``(N, in_channels, *)`` or unbatched ``(in_channels, *)`` to the same with
        ``out_channels``.
        """
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """Convolution over ``(N, C, L)``; arguments as in ``_ConvNd``."""

    _ndim = 1
    _operator = staticmethod(F.conv1d)


class Conv2d(_Conv):
    """Convolution over ``(N, C, H, W)``; arguments as in ``_ConvNd``."""

    _ndim = 2
    _operator = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Convolution over ``(N, C, D, H, W)``; arguments as in ``_ConvNd``."""

    _ndim = 3
    _operator = staticmethod(F.conv3d)


class _ConvTranspose(_ConvNd):
    """A transposed convolution: the input gradient of a convolution as a layer of its own."""

    _transposed = True
    _operator: Callable[..., Tensor]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )
        self.output_padding = ntuple(output_padding, self._ndim)

    def _output_padding(self, input: Tensor, output_size: Any) -> Any:
        """What has to be added on one side to get ``output_size``.

        Raises:
            ValueError: if that size cannot be reached.
        """
        if output_size is None:
            return self.output_padding
        n, size = self._ndim, list(output_size)
        extra = 2 if input.dim() == n + 2 else 1
        if len(size) == n + extra:
            size = size[extra:]
        if len(size) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} or "
                f"{n + extra} elements (got {len(size)})"
            )
        smallest = [
            (input.size(d + extra) - 1) * s - 2 * p + dil * (k - 1) + 1
            for d, (s, p, dil, k) in enumerate(
                zip(self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
            )
        ]
        largest = [low + s - 1 for low, s in zip(smallest, self.stride, strict=True)]
        if any(not low <= n <= high for n, low, high in zip(size, smallest, largest, strict=True)):
            raise ValueError(
                f"requested an output size of {output_size}, but valid sizes range from "
                f"{smallest} to "
                f"{largest} (for an input of {input.size()[extra:]})"
            )
        return [n - low for n, low in zip(size, smallest, strict=True)]

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """Batched or unbatched input; ``output_size`` chooses among the sizes a stride allows."""
        return type(self)._operator(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self._output_padding(input, output_size),
            self.groups,
            self.dilation,
        )


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution over ``(N, C, L)``."""

    _ndim = 1
    _operator = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution over ``(N, C, H, W)``."""

    _ndim = 2
    _operator = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution over ``(N, C, D, H, W)``."""

    _ndim = 3
    _operator = staticmethod(F.conv_transpose3d)
