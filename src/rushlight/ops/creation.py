"""Creation functions: from data, filled, ranges, ``*_like`` and ``new_*``."""

from __future__ import annotations

import builtins
import math
import warnings
from typing import Any

import numpy as np

from .. import dtypes
from ..device import check_device
from ..dtypes import dtype
from ..graph import primitives as P
from ..graph.expr import leaf
from ..graph.tape import record
from ..runtime.narrow import compute_type, narrow
from ..tensor import Tensor, new_tensor, view_of_storage
from .common import is_number, sizes_of
from .layout import storage_order, stored_in
from .registry import function, method


def _finish(t: Tensor, requires_grad: bool) -> Tensor:
    if requires_grad and not t._dtype.is_floating_point:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    return t.requires_grad_() if requires_grad else t


# --- from data -----------------------------------------------------------------------------------


def _infer_shape(data: Any) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(data, list | tuple):
        shape.append(len(data))
        if not data:
            break
        data = data[0]
    if isinstance(data, Tensor | np.ndarray):
        shape.extend(data.shape)
    return tuple(shape)


def _flat(data: Any, shape: tuple[int, ...], depth: int, out: list[Any]) -> None:
    """Append the scalars of nested sequences; PyTorch's errors where they are ragged."""
    if depth == len(shape):
        if isinstance(data, list | tuple):
            raise TypeError(f"only number values can be converted, got {type(data).__name__}")
        out.append(data)
        return
    if isinstance(data, Tensor | np.ndarray):
        data = data.tolist()
    if not isinstance(data, list | tuple):
        raise TypeError("not a sequence")
    if len(data) != shape[depth]:
        raise ValueError(
            f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})"
        )
    for item in data:
        _flat(item, shape, depth + 1, out)


def _scalar_kind(values: list[Any]) -> dtype:
    kind = dtypes.bool_
    for v in values:
        if isinstance(v, bool | np.bool_):
            continue
        if isinstance(v, int | np.integer):
            if kind.category < 1:
                kind = dtypes.int64
        elif isinstance(v, float | np.floating):
            return dtypes.get_default_dtype()
        elif isinstance(v, builtins.complex):
            raise TypeError("Rushlight has no complex dtypes")
        elif isinstance(v, Tensor):
            return v._dtype
        elif isinstance(v, str):
            if v is values[0]:
                raise ValueError(f"too many dimensions '{type(v).__name__}'")
            raise TypeError(f"new(): invalid data type '{type(v).__name__}'")
        elif not hasattr(v, "__float__"):
            raise RuntimeError(f"Could not infer dtype of {type(v).__name__}")
        else:
            return dtypes.get_default_dtype()
    return kind


def array_of(data: Any, d: dtype | None) -> tuple[np.ndarray, dtype]:
    """A fresh array of the data and its dtype, by PyTorch's inference."""
    if isinstance(data, Tensor):
        source = data._wide()
        d = d or data._dtype
    elif isinstance(data, np.ndarray | np.generic):
        source = np.asarray(data)
        if d is None:
            d = dtypes.from_numpy_dtype(source.dtype)
        elif source.dtype.kind not in "fiub":
            dtypes.from_numpy_dtype(source.dtype)
    elif is_number(data):
        d = d or _scalar_kind([data])
        source = np.asarray(data)
        _check_overflow([data], d)
    else:
        if hasattr(data, "__array__"):
            return array_of(np.asarray(data), d)
        if not isinstance(data, list | tuple | range):
            if (
                hasattr(data, "__len__")
                and hasattr(data, "__getitem__")
                and not isinstance(data, str | dict | set)
            ):
                data = list(data)
            elif isinstance(data, str):
                raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
            else:
                raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
        data = list(data) if isinstance(data, range) else data
        return _array_of_sequence(data, d)
    if d in (dtypes.bfloat16, dtypes.float16):
        return narrow(source.astype(np.float32), d), d
    if source.dtype.kind == "f" and d.category == 1:
        with np.errstate(all="ignore"):
            return source.astype(np.int64).astype(d.numpy), d
    with np.errstate(all="ignore"):
        return np.array(source, dtype=d.numpy, order="C", copy=True), d


def _array_of_sequence(data: Any, d: dtype | None) -> tuple[np.ndarray, dtype]:
    if data and all(isinstance(x, np.ndarray) and x.ndim for x in data):
        first = data[0].shape
        if any(x.shape != first for x in data):
            bad = next(x for x in data if x.shape != first)
            raise ValueError(
                f"expected sequence of length {first[0]} at dim 1 (got {bad.shape[0]})"
            )
        warnings.warn(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider "
            "converting the list to a single numpy.ndarray with numpy.array() before converting to "
            "a tensor.",
            UserWarning,
            stacklevel=4,
        )
        return array_of(np.stack(data), d)
    shape = _infer_shape(data)
    values: list[Any] = []
    _flat(data, shape, 0, values)
    values = [v.item() if isinstance(v, Tensor | np.generic) else v for v in values]
    if d is None:
        d = _scalar_kind(values) if values else dtypes.get_default_dtype()
    else:
        _scalar_kind(values)
    _check_overflow(values, d)
    if d.category == 2:
        array = np.array([float(v) for v in values], dtype=np.float64)
    elif d.category == 0:
        array = np.array([bool(v) for v in values], dtype=np.bool_)
    else:
        array = np.array([int(v) for v in values], dtype=d.numpy)
    with np.errstate(all="ignore"):
        array = array.astype(compute_type(d)).reshape(shape)
    return (narrow(array, d) if d in (dtypes.bfloat16, dtypes.float16) else array), d


def _check_overflow(values: list[Any], d: dtype) -> None:
    if d.category != 1:
        return
    limits = dtypes.iinfo(d)
    for v in values:
        if isinstance(v, int) and not isinstance(v, bool) and not limits.min <= v <= limits.max:
            if not -(1 << 63) <= v < (1 << 63):
                raise ValueError("Overflow when unpacking long long")
            if d.is_signed or v > limits.max or v < -limits.max:
                raise RuntimeError(f"value cannot be converted to type {d.name}_t without overflow")
        elif isinstance(v, float) and not math.isfinite(v):
            raise RuntimeError(f"value cannot be converted to type {d.name}_t without overflow")


@function()
def tensor(
    data: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor that holds a copy of ``data`` (numbers, nested sequences, arrays).

    Raises:
        ValueError: ragged sequences. TypeError, RuntimeError: elements that are not numbers.
    """
    check_device(device)
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use "
            "sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than "
            "torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
    array, d = array_of(data, dtype)
    return _finish(new_tensor(leaf(array, d)), requires_grad)


@function()
def scalar_tensor(
    s: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A 0-d tensor, of the default dtype unless given."""
    return tensor(s, dtype=dtype or dtypes.get_default_dtype(), requires_grad=requires_grad)


@function("as_tensor")
def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """``data`` as a tensor: itself, sharing memory with an array, or a copy."""
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray) and data.dtype.kind in "fiub" and data.flags.writeable:
        shared = from_numpy(data)
        return shared if dtype is None else shared.to(dtype)
    return tensor(data, dtype=dtype)


@function("asarray")
def asarray(
    obj: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """``obj`` as a tensor, sharing memory where it can (unless ``copy``)."""
    t = as_tensor(obj, dtype, device)
    if copy and (t is obj or isinstance(obj, np.ndarray)):
        t = t.clone()
    return _finish(t, requires_grad)


@function()
def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the array's memory, both ways.

    Raises:
        TypeError: not an array, or of a type that tensors do not have.
        ValueError: negative strides.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    d = dtypes.from_numpy_dtype(ndarray.dtype)
    if not ndarray.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion "
            "between byte orders is currently not supported."
        )
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. (You can probably work around this by making a "
            "copy of your array  with array.copy().) "
        )
    if not ndarray.flags.writeable:
        warnings.warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable "
            "tensors. "
            "This means writing to this tensor will result in undefined behavior. You may want "
            "to copy "
            "the array to protect its data or make it writable before converting it to a tensor. "
            "This type of warning will be suppressed for the rest of this program.",
            UserWarning,
            stacklevel=2,
        )
        return Tensor._from_array(ndarray.copy(), d)
    size = ndarray.itemsize
    if any(s % size for s in ndarray.strides):
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy "
            "array to reallocate the memory."
        )
    if ndarray.flags.c_contiguous:
        t = new_tensor(leaf(ndarray, d))
        t._storage.exposed = ndarray
        return t
    strides = tuple(s // size for s in ndarray.strides)
    extent = 1 + sum((n - 1) * s for n, s in zip(ndarray.shape, strides, strict=True))
    flat = np.lib.stride_tricks.as_strided(ndarray, (extent,), (size,))
    memory = new_tensor(leaf(flat, d))
    memory._storage.exposed = flat
    return view_of_storage(memory._storage, ndarray.shape, strides, 0, d)


@function()
def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares the memory of any object with ``__dlpack__``."""
    if isinstance(ext_tensor, Tensor):
        return ext_tensor._alias()
    return from_numpy(np.from_dlpack(ext_tensor))


@function()
def frombuffer(
    buffer: Any, *, dtype: dtype, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A 1-d tensor that shares the memory of a Python buffer."""
    array = np.frombuffer(buffer, dtype.numpy, count, offset)
    if not array.flags.writeable:
        return _finish(Tensor._from_array(array.copy(), dtype), requires_grad)
    t = new_tensor(leaf(array, dtype))
    t._storage.exposed = array
    return _finish(t, requires_grad)


def legacy_tensor(cls: type, args: tuple[Any, ...], d: dtype | None, where: Any) -> Tensor:
    """``Tensor(2, 3)`` (sizes), ``Tensor([1, 2])`` (data), ``Tensor()``: of the default dtype."""
    check_device(where)
    d = d or dtypes.get_default_dtype()
    if not args:
        t = new_tensor(leaf(np.empty(0, d.numpy), d))
    elif len(args) == 1 and isinstance(args[0], Tensor):
        t = args[0]._alias()
    elif (
        all(isinstance(a, int) and not isinstance(a, bool) for a in args)
        or type(args[0]).__name__ == "Size"
    ):
        t = full_expr(sizes_of(args), 0, d)
    elif len(args) == 1:
        if isinstance(args[0], float | bool):
            raise TypeError(f"new(): data must be a sequence (got {type(args[0]).__name__})")
        array, d = array_of(args[0], d)
        t = new_tensor(leaf(array, d))
    else:
        raise TypeError(
            "new() received an invalid combination of arguments - got ("
            + ", ".join(type(a).__name__ for a in args)
            + ")"
        )
    if cls is not Tensor:
        t.__class__ = cls
    return t


# --- filled --------------------------------------------------------------------------------------


def full_expr(shape: tuple[int, ...], value: Any, d: dtype) -> Tensor:
    """A tensor of one value (recorded, not computed)."""
    if any(n < 0 for n in shape):
        bad = min(shape)
        raise RuntimeError(f"Trying to create tensor with negative dimension {bad}: {list(shape)}")
    return new_tensor(record(P.FULL, (), (shape, d), (value,)))


def _filled(name: str, value: float, doc: str) -> Any:
    def create(
        *size: Any,
        out: Tensor | None = None,
        dtype: dtype | None = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        memory_format: Any = None,
        names: Any = None,
    ) -> Tensor:
        if device is not None:
            check_device(device)
        t = full_expr(sizes_of(size), value, dtype or dtypes.get_default_dtype())
        if out is not None:
            from .registry import write_out

            result: Tensor = write_out(name, t.to(out._dtype), out, (), {})
            return result
        return _finish(t, requires_grad)

    def with_size(*size: Any, **kwargs: Any) -> Tensor:
        if "size" in kwargs:
            size = (kwargs.pop("size"),)
        if not size:
            raise TypeError(
                f"{name}() received an invalid combination of arguments - got (), but expected "
                f"one of:\n"
                " * (tuple of ints size, *, tuple of names names, torch.dtype dtype, ...)"
            )
        return create(*size, **kwargs)

    with_size.__name__ = name
    with_size.__doc__ = doc
    return function(name)(with_size)


zeros = _filled("zeros", 0, "A tensor of zeros of these sizes.")
ones = _filled("ones", 1, "A tensor of ones of these sizes.")
empty = _filled("empty", 0, "A tensor of these sizes whose values are not set (they are zero).")


@function("empty_strided")
def empty_strided(
    size: Any,
    stride: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **kwargs: Any,
) -> Tensor:
    """A tensor of these sizes and strides whose values are not set (they are zero)."""
    size, stride = tuple(size), tuple(stride)
    extent = 0 if 0 in size else 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    memory = full_expr((extent,), 0, dtype or dtypes.get_default_dtype())
    t = view_of_storage(memory._storage, size, stride, 0, memory._dtype)
    return _finish(t, requires_grad)


@function()
def full(
    size: Any,
    fill_value: Any,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of one value; its dtype follows the value unless given."""
    check_device(device)
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    d = dtype or _scalar_kind([fill_value])
    size = (size,) if isinstance(size, int) else size
    return _finish(full_expr(sizes_of((size,)), fill_value, d), requires_grad)


def _like(name: str, value: float) -> None:
    def create(
        input: Tensor,
        *,
        dtype: dtype | None = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        check_device(device)
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not "
                f"{type(input).__name__}"
            )
        return _finish(_like_layout(input, value, dtype or input._dtype), requires_grad)

    create.__name__ = name
    create.__doc__ = f"``{name[:-5]}`` with the shape and dtype of ``input``."
    function(name)(create)


def _like_layout(t: Tensor, value: Any, d: dtype) -> Tensor:
    """Filled, with the strides of a dense tensor (so that fills run in PyTorch's order)."""
    order = storage_order(t)
    if order is None:
        return full_expr(t._shape, value, d)
    filled = full_expr(tuple(t._shape[i] for i in order), value, d)
    return stored_in(filled._expr(), order)


_like("zeros_like", 0)
_like("ones_like", 1)
_like("empty_like", 0)


@function()
def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **kwargs: Any,
) -> Tensor:
    """``full`` with the shape and dtype of ``input``."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    return _finish(_like_layout(input, fill_value, dtype or input._dtype), requires_grad)


def _new(name: str, value: float) -> None:
    def create(
        self: Tensor,
        *size: Any,
        dtype: dtype | None = None,
        device: Any = None,
        requires_grad: bool = False,
        **kwargs: Any,
    ) -> Tensor:
        check_device(device)
        if "size" in kwargs:
            size = (kwargs["size"],)
        return _finish(full_expr(sizes_of(size), value, dtype or self._dtype), requires_grad)

    create.__name__ = name
    create.__doc__ = f"``{name[4:]}`` with the dtype of this tensor."
    method(name)(create)


_new("new_zeros", 0)
_new("new_ones", 1)
_new("new_empty", 0)


@method()
def new_full(
    self: Tensor,
    size: Any,
    fill_value: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **kwargs: Any,
) -> Tensor:
    """``full`` with the dtype of this tensor."""
    return full(size, fill_value, dtype=dtype or self._dtype, requires_grad=requires_grad)


@method("new_tensor")
def _new_tensor(
    self: Tensor,
    data: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A copy of ``data`` with the dtype of this tensor."""
    return tensor(data, dtype=dtype or self._dtype, requires_grad=requires_grad)


@method()
def new(self: Tensor, *args: Any, device: Any = None) -> Tensor:
    """The old constructor: sizes or data, with the dtype of this tensor."""
    return legacy_tensor(Tensor, args, self._dtype, device)


# --- ranges --------------------------------------------------------------------------------------


def _range_dtype(values: tuple[Any, ...], d: dtype | None) -> dtype:
    if d is not None:
        return d
    if any(isinstance(v, float | np.floating) for v in values):
        return dtypes.get_default_dtype()
    return dtypes.int64


@function()
def arange(
    *args: Any,
    start: Any = None,
    end: Any = None,
    step: Any = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers from ``start`` (0) up to but without ``end`` in steps of ``step`` (1)."""
    check_device(device)
    values = [a.item() if isinstance(a, Tensor) else a for a in args]
    if len(values) == 1:
        if end is not None:
            start = values[0]
        else:
            end = values[0]
    elif len(values) >= 2:
        start, end = values[0], values[1]
        if len(values) == 3:
            step = values[2]
    start = 0 if start is None else start
    step = 1 if step is None else step
    if end is None:
        raise TypeError("arange() missing 1 required positional argument: 'end'")
    d = _range_dtype((start, end, step), dtype)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (step > 0 and start > end) or (step < 0 and start < end):
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    whole = all(isinstance(v, int) for v in (start, end, step))
    n = -((start - end) // step) if whole else math.ceil((end - start) / step)
    if not d.is_floating_point:
        start, step = int(start), int(step)
    t = new_tensor(record(P.IOTA, (), (int(n), d), (start, step)))
    if out is not None:
        from .registry import write_out

        return write_out("arange", t, out, (), {})
    return _finish(t, requires_grad)


@function("range")
def range_(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: dtype | None = None, **kw: Any
) -> Tensor:
    """Numbers from ``start`` to ``end`` inclusive (deprecated in PyTorch)."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior "
        "is inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).",
        stacklevel=2,
    )
    if end is None:
        start, end = 0, start
    n = math.floor((end - start) / step) + 1
    d = dtype or dtypes.get_default_dtype()
    return new_tensor(record(P.IOTA, (), (n, d), (start, step)))


def _spaced(start: Any, end: Any, steps: int) -> np.ndarray:
    """``steps`` points: from the start in the first half, back from the end in the second."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    i = np.arange(steps, dtype=np.float64)
    if steps == 1:
        return np.full(1, float(start))
    step = (end - start) / (steps - 1) if steps else 0.0
    return np.where(i < steps // 2, start + step * i, end - step * (steps - 1 - i))


@function()
def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **kw: Any,
) -> Tensor:
    """``steps`` evenly spaced numbers from ``start`` to ``end`` inclusive."""
    check_device(device)
    a, b = (x.item() if isinstance(x, Tensor) else x for x in (start, end))
    d = dtype or dtypes.get_default_dtype()
    if d is dtypes.float32:
        a32, b32 = np.float32(a), np.float32(b)
        i = np.arange(steps, dtype=np.float32)
        if steps == 1:
            array = np.full(1, a32)
        else:
            step = (b32 - a32) / np.float32(max(steps - 1, 1))
            low = (np.float64(a32) + np.float64(step) * i).astype(np.float32)
            high = (np.float64(b32) - np.float64(step) * (steps - 1 - i.astype(np.float64))).astype(
                np.float32
            )
            array = np.where(np.arange(steps) < steps // 2, low, high)
    else:
        array = _spaced(a, b, steps)
    made, d = array_of(array, d)
    return _finish(new_tensor(leaf(made, d)), requires_grad)


@function()
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: dtype | None = None,
    requires_grad: bool = False,
    **kw: Any,
) -> Tensor:
    """``base`` to the power of ``steps`` evenly spaced exponents."""
    array, d = array_of(
        float(base) ** _spaced(start, end, steps), dtype or dtypes.get_default_dtype()
    )
    return _finish(new_tensor(leaf(array, d)), requires_grad)


@function()
def eye(
    n: int,
    m: int | None = None,
    *,
    out: Any = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **kw: Any,
) -> Tensor:
    """Ones on the diagonal of an ``n`` x ``m`` matrix of zeros."""
    if n < 0 or (m is not None and m < 0):
        raise RuntimeError(f"n must be greater or equal to 0, got {n}")
    d = dtype or dtypes.get_default_dtype()
    array, d = array_of(np.eye(n, m), d)
    return _finish(new_tensor(leaf(array, d)), requires_grad)


@function()
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinate grids of 1-d tensors; ``indexing`` is ``"ij"`` or ``"xy"``."""
    items = (
        list(tensors[0])
        if len(tensors) == 1 and isinstance(tensors[0], list | tuple)
        else list(tensors)
    )
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
            UserWarning,
            stacklevel=2,
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    swap = indexing == "xy" and len(items) >= 2
    if swap:
        items[0], items[1] = items[1], items[0]
    shape = tuple(x.numel() for x in items)
    grids = [
        x.reshape([-1 if i == k else 1 for k in range(len(items))]).expand(shape)
        for i, x in enumerate(items)
    ]
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


@function()
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of the elements of 1-d tensors, as rows."""
    from .movement import stack

    if len(tensors) == 1:
        return tensors[0]
    grids = meshgrid(*tensors, indexing="ij")
    return stack([g.reshape(-1) for g in grids], -1)


@function()
def complex(*args: Any, **kwargs: Any) -> Tensor:
    """Always raises ``RuntimeError``: there are no complex dtypes."""
    raise RuntimeError("Rushlight has no complex dtypes")
