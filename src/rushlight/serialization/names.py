"""The names in checkpoints: which may be loaded, and what they stand for in Rushlight.

Files name ``torch...`` throughout, so that PyTorch reads ours and we read PyTorch's.
"""

from __future__ import annotations

import importlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from functools import cache
from pickle import UnpicklingError
from typing import Any

import numpy as np

from ..device import device
from ..dtypes import dtype
from ..tensor import Size, Tensor
from . import arrays, tensors
from .unpickling import Maker, check_key

# Modules by which a pickle could take over the process: refused even if somebody allows them.
_BLOCKED = {"sys", "os", "posix", "nt", "subprocess", "builtins", "__builtin__", "importlib"}
_PYTHON2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_UNSUPPORTED = {
    "torch.ComplexDoubleStorage": "complex numbers",
    "torch.ComplexFloatStorage": "complex numbers",
    "torch.complex32": "complex numbers",
    "torch.complex64": "complex numbers",
    "torch.complex128": "complex numbers",
    "torch._utils._rebuild_sparse_tensor": "sparse tensors",
    "torch._utils._rebuild_sparse_csr_tensor": "sparse tensors",
    "torch._utils._rebuild_qtensor": "quantized tensors",
    "torch._utils._rebuild_meta_tensor_no_storage": "meta tensors",
    "torch._utils._rebuild_nested_tensor": "nested tensors",
}


def _make_ordered_dict(items: Any = ()) -> OrderedDict[Any, Any]:
    pairs = items.items() if isinstance(items, dict) else items
    result: OrderedDict[Any, Any] = OrderedDict()
    if not isinstance(items, (dict, list, tuple)):
        raise UnpicklingError(f"an OrderedDict cannot be made from a {type(items).__name__}")
    for pair in pairs:
        key, value = pair
        check_key(key)
        result[key] = value
    return result


def _build_ordered_dict(d: Any, state: Any) -> None:
    """A state dict keeps its ``_metadata`` as an attribute; methods cannot be replaced."""
    if not isinstance(state, dict):
        raise UnpicklingError(f"the state of an OrderedDict cannot be a {type(state).__name__}")
    for name, value in state.items():
        if type(name) is not str or hasattr(OrderedDict, name):
            raise UnpicklingError(f"an OrderedDict's attribute {name!r:.40} cannot be loaded")
        setattr(d, name, value)


def _make_counter(counts: Any = ()) -> Counter[Any]:
    return Counter(dict(_make_ordered_dict(counts)))


def _make_size(sizes: Any = ()) -> Size:
    if not isinstance(sizes, (tuple, list)) or any(type(n) is not int for n in sizes):
        raise UnpicklingError(f"a torch.Size cannot be made from {sizes!r:.40}")
    return Size(sizes)


def _make_bytes(text: Any = "", encoding: Any = "latin1") -> bytes:
    """``_codecs.encode``, by which protocol 2 writes bytes."""
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise UnpicklingError(f"_codecs.encode to {encoding!r:.40} cannot be loaded")
    try:
        return text.encode("latin1")
    except UnicodeEncodeError as e:
        raise UnpicklingError(f"malformed bytes: {e}") from e


def _make_bytearray(data: Any = b"", encoding: Any = "latin1") -> bytearray:
    if isinstance(data, str):
        return bytearray(_make_bytes(data, encoding))
    if not isinstance(data, bytes):
        raise UnpicklingError(f"a bytearray cannot be made from a {type(data).__name__}")
    return bytearray(data)


def _make_set(items: Any = ()) -> set[Any]:
    if not isinstance(items, (list, tuple)):
        raise UnpicklingError(f"a set cannot be made from a {type(items).__name__}")
    for item in items:
        check_key(item)
    return set(items)


def _make_frozenset(items: Any = ()) -> frozenset[Any]:
    return frozenset(_make_set(items))


def _make_complex(real: Any, imag: Any = 0.0) -> complex:
    if type(real) not in (int, float) or type(imag) not in (int, float):
        raise UnpicklingError("a complex number is made of two floats")
    return complex(real, imag)


def _make_device(kind: Any, index: Any = None) -> device:
    if type(kind) is not str or not (index is None or type(index) is int):
        raise UnpicklingError("a torch.device is made of a name and a number")
    return device(kind, index)


def _no_call(*args: Any) -> Any:
    raise UnpicklingError("this class cannot be called in a checkpoint")


def _makers() -> list[Maker]:
    """One row per name that may be called: (name, function that checks, state setter, class)."""
    t, a = tensors, arrays
    multiarray = [f"numpy{core}.multiarray" for core in (".core", "._core")]
    numeric = [f"numpy{core}.numeric" for core in (".core", "._core")]
    return [
        Maker("collections.OrderedDict", _make_ordered_dict, _build_ordered_dict, OrderedDict),
        Maker("collections.Counter", _make_counter, None, Counter),
        Maker("builtins.set", _make_set, None, set),
        Maker("builtins.frozenset", _make_frozenset, None, frozenset),
        Maker("builtins.bytearray", _make_bytearray, None, bytearray),
        Maker("builtins.bytes", _make_bytes, None, bytes),
        Maker("builtins.complex", _make_complex, None, complex),
        Maker("_codecs.encode", _make_bytes),
        Maker("torch.Size", _make_size, None, Size),
        Maker("torch.device", _make_device, None, device),
        Maker("torch.Tensor", _no_call, None, Tensor),
        Maker("torch._utils._rebuild_tensor", t.rebuild_tensor),
        Maker("torch._utils._rebuild_tensor_v2", t.rebuild_tensor_v2),
        Maker("torch._utils._rebuild_tensor_v3", t.rebuild_tensor_v3),
        Maker("torch._utils._rebuild_parameter", t.rebuild_parameter),
        Maker("torch._utils._rebuild_parameter_with_state", t.rebuild_parameter_with_state),
        Maker("torch._tensor._rebuild_from_type_v2", t.rebuild_with_type),
        Maker("numpy.dtype", a.make_dtype, a.build_dtype, np.dtype),
        Maker("numpy.ndarray", _no_call, None, np.ndarray),
        *[Maker(f"{m}.scalar", a.make_scalar) for m in multiarray],
        *[Maker(f"{m}._reconstruct", a.make_empty) for m in multiarray],
        *[Maker(f"{m}._frombuffer", a.make_from_buffer) for m in numeric],
    ]


@cache
def _known() -> dict[str, Any]:
    """Every name that is loaded by default, and what it stands for."""
    known: dict[str, Any] = {m.name: m for m in _makers()}
    known.update((f"torch.{d.name}", d) for d in dtype._by_name.values())
    for name, kind in tensors.STORAGE_KINDS.items():
        known[f"torch.{name}"] = known[f"torch.storage.{name}"] = kind
    return known


@cache
def _parameter_maker() -> Maker:
    """Made apart: files without Parameters load without ``nn``."""
    from ..nn.parameter import Parameter

    return Maker("torch.nn.parameter.Parameter", _make_parameter, None, Parameter)


def _find_known(full: str) -> Any:
    """What a name that is loaded by default stands for, or None."""
    if full in ("torch.nn.parameter.Parameter", "torch.nn.Parameter"):
        return _parameter_maker()
    return _known().get(full)


def _make_parameter(data: Any = None, requires_grad: Any = True) -> Tensor:
    return tensors.rebuild_parameter(data, requires_grad, None)


# What the user allows


_allowed: dict[str, Any] = {}


def _name_of(entry: Any) -> tuple[str, Any]:
    if isinstance(entry, tuple):
        if len(entry) != 2 or not callable(entry[0]) or not isinstance(entry[1], str):
            raise ValueError(
                f"Expected a tuple of (callable, full name as a string), got {entry!r}"
            )
        return entry[1], entry[0]
    name = getattr(entry, "__qualname__", None) or getattr(entry, "__name__", None)
    if name is None:
        raise ValueError(f"{entry!r} has no name; pass (object, 'module.name')")
    return f"{entry.__module__}.{name}", entry


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Allow these classes and functions in files loaded with ``weights_only=True``.

    Args:
        safe_globals: classes and functions, or pairs of one and the full name it has in files.
            They will be called with whatever a file says.
    """
    _allowed.update(_name_of(entry) for entry in safe_globals)


def get_safe_globals() -> list[Any]:
    """What :func:`add_safe_globals` has allowed."""
    return list(_allowed.values())


def clear_safe_globals() -> None:
    """Forget what :func:`add_safe_globals` has allowed."""
    _allowed.clear()


class safe_globals:
    """Allow classes and functions for the length of a ``with`` block."""

    def __init__(self, safe_globals: Iterable[Any]) -> None:
        self._entries = list(safe_globals)
        self._before: dict[str, Any] = {}

    def __enter__(self) -> None:
        self._before = dict(_allowed)
        add_safe_globals(self._entries)

    def __exit__(self, *exc: object) -> None:
        _allowed.clear()
        _allowed.update(self._before)


def _set_state(obj: Any, state: Any) -> None:
    """What the standard unpickler does with the state of an instance."""
    setter = getattr(obj, "__setstate__", None)
    if setter is not None:
        setter(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if attributes:
        obj.__dict__.update(attributes)
    for name, value in (slots or {}).items():
        setattr(obj, name, value)


def _allowed_maker(name: str, value: Any) -> Maker:
    if not isinstance(value, type):
        return Maker(name, value, None, value)

    def new(*args: Any) -> Any:
        return value.__new__(value, *args)

    return Maker(name, value, _set_state, value, new)


def _equivalent(name: str) -> Any:
    """The allowed object whose name in Rushlight this name in PyTorch stands for, or None."""
    module, _, attribute = name.rpartition(".")
    if not module.startswith("torch"):
        return None
    try:
        found = find_torch_name(module, attribute)
    except (ImportError, AttributeError, UnpicklingError):
        return None
    return found if any(found is a for a in _allowed.values()) else None


def resolve(module: str, name: str) -> Any:
    """What a name in a file stands for when only safe names may be loaded.

    Raises:
        UnpicklingError: the name is not allowed; the message says which, and how to allow it.
    """
    module = _PYTHON2.get(module, module)
    full = f"{module}.{name}"
    found = _find_known(full)
    if found is not None:
        return found
    if full in _UNSUPPORTED:
        raise UnpicklingError(f"{full}: Rushlight has no {_UNSUPPORTED[full]}")
    if module.partition(".")[0] in _BLOCKED:
        raise UnpicklingError(
            f"Trying to load unsupported GLOBAL {full} whose module {module} is blocked."
        )
    value = _allowed.get(full)
    if value is None:
        value = _equivalent(full)
    if value is None:
        raise UnpicklingError(
            f"Unsupported global: GLOBAL {full} was not an allowed global by default. Please use "
            f"`torch.serialization.add_safe_globals([{full}])` or the "
            f"`torch.serialization.safe_globals([{full}])` context manager to allowlist this "
            "global if you trust this class/function."
        )
    return _allowed_maker(full, value)


def builder_of(obj: Any) -> Callable[[Any, Any], None] | None:
    """The function that sets the state of an object of a class that may have one, or None."""
    kind = type(obj)
    if kind is OrderedDict:
        return _build_ordered_dict
    if isinstance(obj, np.dtype):
        return arrays.build_dtype
    if kind is np.ndarray:
        return arrays.build_array
    if isinstance(obj, Tensor) and type(obj).__module__.partition(".")[0] == "rushlight":
        return tensors.set_attributes
    return _set_state if any(kind is a for a in _allowed.values()) else None


def can_extend(obj: Any) -> bool:
    """Whether items may be added to an object because the user allowed its class."""
    return any(type(obj) is a for a in _allowed.values())


# Names in PyTorch and their counterparts here, for files that are trusted


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def find_torch_name(module: str, name: str) -> Any:
    """Rushlight's counterpart of ``torch...module.name``.

    Raises:
        AttributeError: there is none.
    """
    known = _find_known(f"{module}.{name}")
    if known is not None:
        return known
    root = "rushlight.vision" if module.partition(".")[0] == "torchvision" else "rushlight"
    rest = module.partition(".")[2]
    parts = rest.split(".") if rest else []
    # PyTorch's module, or the package above it that exports the same names (nn.modules.conv: nn).
    for depth in range(len(parts), -1, -1):
        found: Any = _import(".".join([root, *parts[:depth]]))
        for attribute in name.split("."):
            found = getattr(found, attribute, None)
        if found is not None:
            return found
    raise AttributeError(f"Rushlight has no counterpart of {module}.{name}")


def find_trusted(module: str, name: str) -> Any:
    """What a name in a trusted file stands for: callables as themselves.

    Raises:
        UnpicklingError: PyTorch has it and Rushlight does not.
    """
    if module.partition(".")[0] not in ("torch", "torchvision"):
        return None
    full = f"{module}.{name}"
    try:
        found = find_torch_name(module, name)
    except AttributeError as e:
        reason = f": Rushlight has no {_UNSUPPORTED[full]}" if full in _UNSUPPORTED else ""
        raise UnpicklingError(f"{e}{reason}") from e
    if isinstance(found, Maker):
        return found.value or found.make
    return found
