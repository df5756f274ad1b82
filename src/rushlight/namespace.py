"""Functions and constants of the ``torch`` namespace that are neither operators nor modules."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from . import dtypes
from .amp import GradScaler, autocast
from .autograd.anomaly import (
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_detect_anomaly,
)
from .batching import vmap
from .device import check_device, cpu, device
from .dtypes import dtype
from .inspector import explain
from .legacy_types import (
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    dtype_of_type,
)
from .ops.common import check_tensor, result_dtype
from .runtime.threads import get_num_threads, set_num_threads
from .shapes import numel as _numel
from .storage_view import TypedStorage, UntypedStorage
from .tensor import Layout, Tensor

pi = math.pi
e = math.e
inf = math.inf
nan = math.nan
newaxis = None


class OutOfMemoryError(RuntimeError):
    """Memory ran out. Named as in PyTorch; Rushlight raises ``MemoryError`` or ``RuntimeError``."""


class AcceleratorError(RuntimeError):
    """An accelerator failed. Named as in PyTorch; there are none."""


class _Absent:
    """A PyTorch dtype or layout that Rushlight does not have: it can be named and compared."""

    is_floating_point = False

    def __init__(self, name: str, is_complex: bool = False) -> None:
        self.name = name
        self.is_complex = is_complex

    def __repr__(self) -> str:
        return f"torch.{self.name}"


sparse_coo = _Absent("sparse_coo")
sparse_csr = _Absent("sparse_csr")
complex64 = cfloat = _Absent("complex64", True)
complex128 = cdouble = _Absent("complex128", True)
FloatStorage = LongStorage = TypedStorage


# --- questions about tensors ---------------------------------------------------------------------


def is_tensor(obj: Any) -> bool:
    """Whether ``obj`` is a Tensor."""
    return isinstance(obj, Tensor)


def is_storage(obj: Any) -> bool:
    """Whether ``obj`` is what ``untyped_storage()`` or ``storage()`` returns."""
    return isinstance(obj, UntypedStorage | TypedStorage)


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is floating point."""
    check_tensor(input, "is_floating_point")
    return input._dtype.is_floating_point


def is_complex(input: Tensor) -> bool:
    """Always False: there are no complex dtypes."""
    check_tensor(input, "is_complex")
    return False


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero; ``RuntimeError`` if there is not exactly one."""
    check_tensor(input, "is_nonzero")
    return bool(input)


def is_inference(input: Tensor) -> bool:
    """Whether the tensor was made inside ``inference_mode``."""
    return input._inference


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return input._shape == other._shape


def numel(input: Tensor) -> int:
    """The number of elements."""
    check_tensor(input, "numel")
    return _numel(input._shape)


def typename(obj: Any) -> str:
    """The name of an object's type, with its module; a tensor's legacy type name."""
    if isinstance(obj, Tensor):
        from .legacy_types import type_name

        return type_name(obj)
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(kind, "__module__", "") or ""
    qualname = getattr(kind, "__qualname__", kind.__name__)
    return qualname if module in ("", "builtins") else f"{module}.{qualname}"


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype of an operation on two tensors or numbers."""
    return result_dtype(tensor1, tensor2)


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of the first dtype may be written into a tensor of the second."""
    return dtypes.can_cast(from_, to)


# --- settings of the process ---------------------------------------------------------------------

_settings: dict[str, Any] = {
    "interop": 1,
    "deterministic": False,
    "warn_only": False,
    "precision": "highest",
    "warn_always": False,
    "debug_mode": 0,
}


def set_num_interop_threads(n: int) -> None:
    """Stored for ``get_num_interop_threads``: Programs of one thread run one after the other."""
    if n <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    _settings["interop"] = n


def get_num_interop_threads() -> int:
    """What ``set_num_interop_threads`` stored."""
    found: int = _settings["interop"]
    return found


def set_default_device(where: Any) -> None:
    """Accepts the CPU (or ``None``); other devices raise PyTorch's errors."""
    check_device(where)


def get_default_device() -> device:
    """The CPU."""
    return cpu


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by a type or its name (deprecated in PyTorch)."""
    dtypes.set_default_dtype(dtype_of_type(t))


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Stored: Rushlight is deterministic either way."""
    _settings["deterministic"], _settings["warn_only"] = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """What ``use_deterministic_algorithms`` stored."""
    return bool(_settings["deterministic"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether ``warn_only`` was given to ``use_deterministic_algorithms``."""
    return bool(_settings["warn_only"])


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """``"default"``, ``"warn"`` or ``"error"``, or 0 to 2: another way to say the same."""
    modes = {"default": 0, "warn": 1, "error": 2, 0: 0, 1: 1, 2: 2}
    if debug_mode not in modes:
        raise RuntimeError(
            "invalid value of debug_mode, expected `default`, `warn`, or `error`, but got "
            f"{debug_mode}"
        )
    level = _settings["debug_mode"] = modes[debug_mode]
    use_deterministic_algorithms(level > 0, warn_only=level == 1)


def get_deterministic_debug_mode() -> int:
    """What ``set_deterministic_debug_mode`` stored."""
    found: int = _settings["debug_mode"]
    return found


def set_flush_denormal(mode: bool) -> bool:
    """Returns False: the NumPy executor keeps subnormal numbers."""
    return False


def set_float32_matmul_precision(precision: str) -> None:
    """Stored: products of float32 are computed in float32 whatever is set."""
    if precision not in ("highest", "high", "medium"):
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
            "setFloat32MatmulPrecision call has no effect.",
            UserWarning,
            stacklevel=2,
        )
        return
    _settings["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What ``set_float32_matmul_precision`` stored."""
    found: str = _settings["precision"]
    return found


def set_warn_always(b: bool) -> None:
    """Stored for ``is_warn_always_enabled``: Python's own warning filters decide."""
    _settings["warn_always"] = bool(b)


def is_warn_always_enabled() -> bool:
    """What ``set_warn_always`` stored."""
    return bool(_settings["warn_always"])


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switch anomaly detection on or off."""
    set_detect_anomaly(mode, check_nan)


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Always False: ``autocast`` computes in the types that it is given."""
    return False


def get_autocast_dtype(device_type: str) -> dtype:
    """The narrow type that PyTorch would choose: bfloat16 on the CPU."""
    return dtypes.bfloat16 if device_type == "cpu" else dtypes.float16


# --- running -------------------------------------------------------------------------------------


def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable[..., Any] = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """``model`` itself: the engine traces and caches every step as it is.

    PyTorch's options are accepted and change nothing. Also a decorator, with or without arguments.
    """
    if model is None:
        return compile
    if not callable(model):
        raise RuntimeError(
            f"torch.compile expects a callable or Module, got {type(model).__name__}"
        )
    return model


def _assert(condition: Any, message: str) -> None:
    """``AssertionError`` with ``message`` unless the condition holds."""
    if not condition:
        raise AssertionError(message)


def _no_tracing(*args: Any, **kwargs: Any) -> None:
    return None


_C = SimpleNamespace(
    _log_api_usage_once=_no_tracing,
    _get_tracing_state=_no_tracing,
    _cuda_getDeviceCount=lambda: 0,
)


def __getattr__(name: str) -> Any:
    if name == "strided":
        from .tensor import strided_layout

        return strided_layout
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "GradScaler",
    "HalfTensor",
    "IntTensor",
    "Layout",
    "LongTensor",
    "ShortTensor",
    "autocast",
    "explain",
    "get_num_threads",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "set_num_threads",
    "vmap",
]
