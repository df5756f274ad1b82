"""Layers that learn the sizes of their parameters from their first input."""

from __future__ import annotations

import warnings
from typing import Any

from rushlight import ops
from rushlight.autograd import no_grad
from rushlight.dtypes import int64
from rushlight.nn.modules import batchnorm, conv
from rushlight.nn.modules.linear import Linear
from rushlight.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from rushlight.tensor import Tensor

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
    "LazyModuleMixin",
]


class LazyModuleMixin:
    """Initialises a module's uninitialized parameters when it is first called.

    Attributes:
        cls_to_become: the class that the module has afterwards, if another.
    """

    cls_to_become: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        module: Any = self
        self._load_hook = module._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = module.register_forward_pre_hook(
            self._infer_parameters, with_kwargs=True
        )
        warnings.warn(
            "Lazy modules are a new feature under heavy development so changes to the API or "
            "functionality can happen at any moment.",
            stacklevel=3,
        )

    def _own(self) -> dict[str, Any]:
        module: Any = self
        return {**module._parameters, **module._buffers}

    def has_uninitialized_params(self) -> bool:
        """Whether any parameter or buffer still waits for its shape."""
        return any(is_lazy(t) for t in self._own().values())

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes, as the first input asks for."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def _lazy_load_hook(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        for name, current in self._own().items():
            value = state_dict.get(prefix + name)
            if is_lazy(current) and isinstance(value, Tensor) and not is_lazy(value):
                current.materialize(value.shape)

    def _infer_parameters(self, module: Any, args: Any, kwargs: Any = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become


class LazyLinear(LazyModuleMixin, Linear):
    """A ``Linear`` that takes ``in_features`` from its first input."""

    cls_to_become = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once they have shapes."""
        if self.in_features != 0 and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """``in_features`` is the size of the last dimension."""
        if self.has_uninitialized_params():
            with no_grad():
                self.in_features = input.shape[-1]
                _materialize(self.weight, (self.out_features, self.in_features))
                _materialize(self.bias, (self.out_features,))
                self.reset_parameters()
        if self.in_features == 0:
            self.in_features = self.weight.shape[-1]


def _materialize(t: Any, shape: tuple[int, ...]) -> None:
    if is_lazy(t):
        t.materialize(shape)


class _LazyConv(LazyModuleMixin):
    """What lazy convolutions share; arguments as in the convolution, without ``in_channels``."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        *args: Any,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(0, 0, kernel_size, *args, bias=False, **kwargs)
        where = {"device": device, "dtype": dtype}
        module: Any = self
        module.weight = UninitializedParameter(**where)
        module.out_channels = out_channels
        if bias:
            module.bias = UninitializedParameter(**where)

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once they have shapes."""
        module: Any = self
        if module.in_channels != 0 and not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """``in_channels`` is the size of the channel dimension."""
        module: Any = self
        if self.has_uninitialized_params():
            with no_grad():
                channels = module.in_channels = self._channels_of(input)
                if channels % module.groups:
                    raise ValueError("in_channels must be divisible by groups")
                pair = (module.out_channels, channels // module.groups)
                if module.transposed:
                    pair = (channels, module.out_channels // module.groups)
                _materialize(module.weight, (*pair, *module.kernel_size))
                _materialize(module.bias, (module.out_channels,))
                self.reset_parameters()
        if module.in_channels == 0:
            size = module.weight.shape[0 if module.transposed else 1]
            module.in_channels = size * (1 if module.transposed else module.groups)

    def _channels_of(self, input: Tensor) -> int:
        n: int = self._ndim  # type: ignore[attr-defined]
        if input.dim() not in (n + 1, n + 2):
            raise RuntimeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        return input.shape[-n - 1]


class _LazyNorm(LazyModuleMixin):
    """What lazy normalisations share; arguments as in the layer, without ``num_features``."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)
        where = {"device": device, "dtype": dtype}
        module: Any = self
        module.affine = affine
        module.track_running_stats = track_running_stats
        if affine:
            module.weight = UninitializedParameter(**where)
            if bias:
                module.bias = UninitializedParameter(**where)
        if track_running_stats:
            module.running_mean = UninitializedBuffer(**where)
            module.running_var = UninitializedBuffer(**where)
            module.num_batches_tracked = ops.tensor(0, dtype=int64, device=device)

    def reset_parameters(self) -> None:
        """Reset the parameters and statistics, once they have shapes."""
        module: Any = self
        if module.num_features != 0 and not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor) -> None:
        """``num_features`` is the size of the channel dimension."""
        module: Any = self
        if not self.has_uninitialized_params():
            if module.num_features == 0 and module.weight is not None:
                module.num_features = module.weight.shape[0]
            return
        module._check_input_dim(input)
        module.num_features = input.shape[1]
        for t in self._own().values():
            _materialize(t, (module.num_features,))
        self.reset_parameters()


class LazyConv1d(_LazyConv, conv.Conv1d):
    """A ``Conv1d`` that takes ``in_channels`` from its first input."""

    cls_to_become = conv.Conv1d


class LazyConv2d(_LazyConv, conv.Conv2d):
    """A ``Conv2d`` that takes ``in_channels`` from its first input."""

    cls_to_become = conv.Conv2d


class LazyConv3d(_LazyConv, conv.Conv3d):
    """A ``Conv3d`` that takes ``in_channels`` from its first input."""

    cls_to_become = conv.Conv3d


class LazyConvTranspose1d(_LazyConv, conv.ConvTranspose1d):
    """A ``ConvTranspose1d`` that takes ``in_channels`` from its first input."""

    cls_to_become = conv.ConvTranspose1d


class LazyConvTranspose2d(_LazyConv, conv.ConvTranspose2d):
    """A ``ConvTranspose2d`` that takes ``in_channels`` from its first input."""

    cls_to_become = conv.ConvTranspose2d


class LazyConvTranspose3d(_LazyConv, conv.ConvTranspose3d):
    """A ``ConvTranspose3d`` that takes ``in_channels`` from its first input."""

    cls_to_become = conv.ConvTranspose3d


class LazyBatchNorm1d(_LazyNorm, batchnorm.BatchNorm1d):
    """A ``BatchNorm1d`` that takes ``num_features`` from its first input."""

    cls_to_become = batchnorm.BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, batchnorm.BatchNorm2d):
    """A ``BatchNorm2d`` that takes ``num_features`` from its first input."""

    cls_to_become = batchnorm.BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, batchnorm.BatchNorm3d):
    """A ``BatchNorm3d`` that takes ``num_features`` from its first input."""

    cls_to_become = batchnorm.BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, batchnorm.InstanceNorm1d):
    """An ``InstanceNorm1d`` that takes ``num_features`` from its first input."""

    cls_to_become = batchnorm.InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, batchnorm.InstanceNorm2d):
    """An ``InstanceNorm2d`` that takes ``num_features`` from its first input."""

    cls_to_become = batchnorm.InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, batchnorm.InstanceNorm3d):
    """An ``InstanceNorm3d`` that takes ``num_features`` from its first input."""

    cls_to_become = batchnorm.InstanceNorm3d
