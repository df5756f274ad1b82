"""Rushlight: PyTorch's programming model for the CPU. ``import rushlight as torch``."""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

from . import dtypes as _dtypes
from . import ops as _ops  # noqa: F401 - registers the operators
from .autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .device import device
from .dtypes import (
    bfloat16,
    double,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .errors import missing_attribute as _missing_attribute
from .graph.tape import flush
from .ops.registry import FUNCTIONS as _FUNCTIONS
from .runtime.counters import counters
from .tensor import Layout as layout
from .tensor import MemoryFormat as memory_format
from .tensor import (
    Size,
    Tensor,
    channels_last,
    channels_last_3d,
    contiguous_format,
    preserve_format,
)
from .tensor import strided_layout as strided

__version__ = "0.1.0"

globals().update({name: f for name, f in _FUNCTIONS.items() if not name.startswith("_")})
float = _dtypes.float32
int = _dtypes.int32
bool = _dtypes.bool_

_SUBMODULES = frozenset(
    {
        "accelerator",
        "amp",
        "autograd",
        "backends",
        "compat",
        "cuda",
        "distributions",
        "fft",
        "func",
        "linalg",
        "mps",
        "multiprocessing",
        "nn",
        "optim",
        "profiler",
        "random",
        "return_types",
        "serialization",
        "special",
        "testing",
        "types",
        "utils",
        "version",
        "vision",
    }
)
_LAZY = {
    "save": "serialization",
    "load": "serialization",
    "set_printoptions": "printing",
    "get_printoptions": "printing",
    "Generator": "random",
    "default_generator": "random",
    "manual_seed": "random",
    "seed": "random",
    "initial_seed": "random",
    "get_rng_state": "random",
    "set_rng_state": "random",
}
_IN_NAMESPACE = """
    AcceleratorError BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatStorage
    FloatTensor GradScaler HalfTensor IntTensor LongStorage LongTensor OutOfMemoryError
    ShortTensor TypedStorage UntypedStorage _C _assert are_deterministic_algorithms_enabled
    autocast can_cast cdouble cfloat compile complex128 complex64 e explain get_autocast_dtype
    get_default_device get_deterministic_debug_mode get_float32_matmul_precision
    get_num_interop_threads get_num_threads hub inf is_anomaly_check_nan_enabled
    is_anomaly_enabled is_autocast_enabled is_complex
    is_deterministic_algorithms_warn_only_enabled is_floating_point is_inference is_nonzero
    is_same_size is_storage is_tensor is_warn_always_enabled nan newaxis numel pi result_type
    set_anomaly_enabled set_default_device set_default_tensor_type set_deterministic_debug_mode
    set_float32_matmul_precision set_flush_denormal set_num_interop_threads set_num_threads
    set_warn_always sparse_coo sparse_csr strided typename use_deterministic_algorithms vmap
"""
_LAZY.update(dict.fromkeys(_IN_NAMESPACE.split(), "namespace"))


def __getattr__(name: str) -> _Any:
    if name in _SUBMODULES:
        try:
            return _importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    elif name in _LAZY:
        module = _importlib.import_module(f"{__name__}.{_LAZY[name]}")
        try:
            value = getattr(module, name)
        except AttributeError:
            raise _missing_attribute(__name__, name) from None
        globals()[name] = value
        return value
    raise _missing_attribute(__name__, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBMODULES, *_LAZY})


__all__ = [
    "Size",
    "Tensor",
    "bfloat16",
    "bool",
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "counters",
    "device",
    "double",
    "dtype",
    "enable_grad",
    "finfo",
    "float",
    "float16",
    "float32",
    "float64",
    "flush",
    "get_default_dtype",
    "half",
    "iinfo",
    "inference_mode",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "layout",
    "long",
    "memory_format",
    "no_grad",
    "preserve_format",
    "promote_types",
    "set_default_dtype",
    "set_grad_enabled",
    "short",
    "strided",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]
