"""Random operators: sampling functions, in-place fills and dropout, with PyTorch's streams.

Every fill runs in memory order, as PyTorch's do: a transposed tensor is filled along its storage.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import mode
from ..device import check_device
from ..dtypes import SCALAR_TYPE_NAMES, dtype
from ..graph import primitives as P
from ..graph import sampling as S
from ..graph.expr import Expr, Shape
from ..graph.tape import record
from ..random import Generator, default_generator
from ..runtime.narrow import NARROW
from ..runtime.reference.randomness import normal_uniforms
from ..shapes import contiguous_strides, numel
from ..tensor import Tensor, new_tensor, view_of_storage
from .common import cast, check_tensor, constant, sizes_of
from .pointwise import add, mul
from .registry import assign, check_inplace, function, method, operator

_WIDE_SPAN = 1 << 28
_C_NAMES = {
    dtypes.float64: "double",
    dtypes.float32: "float",
    dtypes.float16: "c10::Half",
    dtypes.bfloat16: "c10::BFloat16",
    dtypes.uint8: "unsigned char",
    dtypes.int8: "signed char",
    dtypes.int16: "short",
    dtypes.int32: "int",
    dtypes.int64: "long int",
    dtypes.bool_: "bool",
}
# Integers up to here are exact, hence the bounds of random_() for floating point dtypes.
_EXACT = {
    dtypes.float64: 1 << 53,
    dtypes.float32: 1 << 24,
    dtypes.float16: 1 << 11,
    dtypes.bfloat16: 1 << 8,
}


# --- values --------------------------------------------------------------------------------------


def _generator(generator: Generator | None, name: str) -> Generator:
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise TypeError(
            f"{name}(): argument 'generator' must be Generator, not {type(generator).__name__}"
        )
    return generator


def _sampled(
    sampler: str, words: int, shape: Shape, d: dtype, g: Generator, args: tuple[Any, ...]
) -> Expr:
    """``words`` draws for each element of ``shape``, made into values of dtype ``d``."""
    n = numel(shape)
    if not n:
        return record(P.FULL, (), (shape, d), (0,))
    return cast(record(S.SAMPLE, (g._draw(n * words),), (sampler, shape), args), d)


def _uniform(shape: Shape, d: dtype, low: float, high: float, g: Generator) -> Expr:
    if d is dtypes.float64:
        return _sampled("uniform64", 2, shape, d, g, (low, high))
    return _sampled("uniform32", 1, shape, d, g, (low, high))


def _normal(
    shape: Shape, d: dtype, mean: float, std: float, g: Generator, contiguous: bool = True
) -> Expr:
    n = numel(shape)
    if n < 16 or not contiguous:
        return _serial_normal("normals", shape, d, mean, std, g)
    uniforms = normal_uniforms(n, half=d in NARROW)
    wide = d is dtypes.float64
    drawn = g._draw(uniforms * 2 if wide else uniforms)
    name = "normal64" if wide else "normal32"
    return cast(record(S.SAMPLE, (drawn,), (name, shape), (mean, std)), d)


def _serial_normal(
    sampler: str, shape: Shape, d: dtype, mean: float, std: float, g: Generator
) -> Expr:
    n = numel(shape)
    if not n:
        return record(P.FULL, (), (shape, d), (0,))
    return cast(record(S.SAMPLE, (g._draw_normals(n),), (sampler, shape), (mean, std)), d)


def _integers(shape: Shape, d: dtype, low: int, span: int, g: Generator) -> Expr:
    if span >= 1 << 64:
        return _sampled("bits64", 2, shape, d, g, ())
    if span >= _WIDE_SPAN:
        return _sampled("integers64", 2, shape, d, g, (low, span))
    return _sampled("integers32", 1, shape, d, g, (low, span))


def _bernoulli(shape: Shape, d: dtype, p: float, g: Generator) -> Expr:
    return _sampled("bernoulli", 2, shape, d, g, (p,))


def _checked(e: Expr, check: str) -> Expr:
    """A value that is checked: now if it is known, else when it is computed."""
    if e.buffer is not None and e.dtype not in NARROW:
        S.CHECKS[check](e.buffer)
        return e
    return record(S.CHECKED, (e,), (check,))


# --- memory order --------------------------------------------------------------------------------


def _slowest_first(shape: Shape, strides: Shape) -> list[int]:
    """Dimensions from the slowest to the fastest in memory.

    Expanded dimensions (stride 0) keep their place, and so does whatever cannot be told apart.
    """
    order = list(reversed(range(len(shape))))
    for i in range(1, len(order)):
        at = i
        for j in range(i - 1, -1, -1):
            a, b = order[j], order[at]
            if strides[a] == 0 or strides[b] == 0:
                continue
            if (strides[a], shape[a]) > (strides[b], shape[b]):
                order[j], order[at] = b, a
                at = j
            elif strides[a] < strides[b]:
                break
    return order[::-1]


def _dense(t: Tensor) -> tuple[Shape, Shape]:
    """The sizes of ``t`` in memory order, and the strides that give ``t``'s shape from them."""
    order = _slowest_first(t._shape, t.stride())
    shape = tuple(t._shape[i] for i in order)
    steps = dict(zip(order, contiguous_strides(shape), strict=True))
    return shape, tuple(steps[i] for i in range(len(order)))


def _like(t: Tensor, make: Callable[[Shape], Expr]) -> Tensor:
    """A new tensor with the shape and memory order of ``t``, filled along its memory."""
    if t.is_contiguous():
        return new_tensor(make(t._shape))
    shape, strides = _dense(t)
    memory = new_tensor(make(shape))
    return view_of_storage(memory._storage, t._shape, strides, 0, memory._dtype)


def _rewriter(name: str, grad_fn: str) -> Callable[..., Any]:
    """The history of a random in-place op: no gradient reaches what was overwritten."""

    def rewrite(input: Tensor, value: Expr) -> Tensor:
        return new_tensor(value)

    rewrite.__name__ = f"_{name}_rewrite"
    row = operator(grad_fn, input=lambda grad: grad * 0, method=False, function=False)
    return row(rewrite)


_REWRITERS = {
    name: _rewriter(name, grad_fn)
    for name, grad_fn in (
        ("uniform", "UniformBackward0"),
        ("normal", "NormalBackward0"),
        ("random", "RandomBackward0"),
        ("bernoulli", "BernoulliBackward2"),
        ("exponential", "ExponentialBackward0"),
        ("geometric", "GeometricBackward0"),
        ("cauchy", "CauchyBackward0"),
        ("log_normal", "LogNormalBackward0"),
    )
}


def _fill(t: Tensor, name: str, make: Callable[[Shape], Expr]) -> Tensor:
    """Overwrite ``t`` with the values of ``make``, in memory order."""
    check_inplace(t)
    return _overwrite(t, name, _like(t, make)._expr())


def _overwrite(t: Tensor, name: str, value: Expr) -> Tensor:
    if t._req and mode.enabled:
        return assign(t, _REWRITERS[name](t._shadow(), value))
    t._put(value)
    return t


# --- in-place fills ------------------------------------------------------------------------------


def _check_float(t: Tensor, kernel: str) -> None:
    if not t._dtype.is_floating_point:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{_type_name(t)}'")


def _type_name(t: Tensor) -> str:
    return SCALAR_TYPE_NAMES[t._dtype]


def _check_uniform(d: dtype, low: float, high: float) -> None:
    if not d.is_floating_point:
        raise NotImplementedError(
            f"\"check_uniform_bounds\" not implemented for '{SCALAR_TYPE_NAMES[d]}'"
        )
    limit = dtypes.finfo(d).max
    for name, value in (("from", low), ("to", high)):
        if not -limit <= value <= limit:
            raise RuntimeError(f"{name} is out of bounds for {_C_NAMES[d]}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > limit:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{SCALAR_TYPE_NAMES[d]}>::max(), but "
            f"found to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )


@method()
def uniform_(
    self: Tensor,
    from_: float = 0.0,
    to: float = 1.0,
    *,
    generator: Generator | None = None,
    **keywords: float,
) -> Tensor:
    """Fill with uniform numbers in ``[from, to)``; ``from`` may be given by keyword through a dict.

    Raises:
        RuntimeError: bounds out of order or out of range.
        NotImplementedError: not a floating point dtype.
    """
    low, high = float(keywords.pop("from", from_)), float(to)
    if keywords:
        raise TypeError(f"uniform_() got an unexpected keyword argument '{next(iter(keywords))}'")
    g = _generator(generator, "uniform_")
    d = self._dtype
    _check_uniform(d, low, high)
    return _fill(self, "uniform", lambda shape: _uniform(shape, d, low, high, g))


def _check_std(std: float) -> None:
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


@method()
def normal_(
    self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with normal numbers.

    Raises:
        RuntimeError: a negative ``std``. NotImplementedError: not a floating point dtype.
    """
    mean, std = float(mean), float(std)
    _check_std(std)
    _check_float(self, "normal_kernel_cpu")
    g, d, flat = _generator(generator, "normal_"), self._dtype, self.is_contiguous()
    return _fill(self, "normal", lambda shape: _normal(shape, d, mean, std, g, flat))


def _largest(d: dtype) -> int:
    """The largest integer that ``random_`` draws for a dtype."""
    if d.is_floating_point:
        return _EXACT[d]
    return 1 if d is dtypes.bool_ else dtypes.iinfo(d).max


def _check_integers(low: int, high: int, d: dtype) -> None:
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    if d is dtypes.bool_:
        least, most = 0.0, 1.0
    elif d.is_floating_point:
        least, most = dtypes.finfo(d).min, dtypes.finfo(d).max
    else:
        least, most = dtypes.iinfo(d).min, dtypes.iinfo(d).max
    for name, value in (("from", low), ("to - 1", high - 1)):
        if not least <= value <= most:
            raise RuntimeError(f"{name} is out of bounds for {_C_NAMES.get(d, d.name)}")


@method()
def random_(
    self: Tensor, *args: Any, generator: Generator | None = None, **keywords: Any
) -> Tensor:
    """Fill with integers: ``random_()``, ``random_(to)`` or ``random_(from, to)``, ``to`` excluded.

    Without ``to`` all integers from 0 or ``from`` that the dtype represents exactly can occur.
    """
    bounds = list(args)
    if "from" in keywords:
        bounds.insert(0, keywords.pop("from"))
    if "to" in keywords:
        bounds.append(keywords.pop("to"))
    if keywords or len(bounds) > 2:
        raise TypeError("random_() takes a lower and an upper bound and a generator")
    g, d = _generator(generator, "random_"), self._dtype
    low, high = 0, _largest(d) + 1
    if len(bounds) == 2:
        low = bounds[0].__index__()
        high = high if bounds[1] is None else bounds[1].__index__()
    elif bounds:
        high = bounds[0].__index__()
    if bounds:
        _check_integers(low, high, d)
    # Without bounds PyTorch chooses the width of a draw by dtype, else by the span.
    span = high - low
    if not bounds and d in (dtypes.int64, dtypes.float64):
        return _fill(
            self, "random", lambda shape: _sampled("integers64", 2, shape, d, g, (low, span))
        )
    if not bounds:
        return _fill(
            self, "random", lambda shape: _sampled("integers32", 1, shape, d, g, (low, span))
        )
    return _fill(self, "random", lambda shape: _integers(shape, d, low, span, g))


def _check_p(p: float) -> None:
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")


@method()
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with ones of probability ``p`` (a number, or a tensor that broadcasts) and zeros."""
    g, d = _generator(generator, "bernoulli_"), self._dtype
    if isinstance(p, Tensor):
        check_inplace(self)
        wide = _coin_dtype(p)
        unit = _like(self, lambda shape: _uniform(shape, wide, 0.0, 1.0, g))
        chances = p.expand(self._shape)
        return _overwrite(self, "bernoulli", cast(_coin(unit._expr(), chances._expr()), d))
    _check_p(p)
    return _fill(self, "bernoulli", lambda shape: _bernoulli(shape, d, float(p), g))


def _coin(unit: Expr, chances: Expr) -> Expr:
    """True where a uniform number falls below the probability of its element."""
    return record(P.LT, (unit, _checked(cast(chances, unit.dtype), "probabilities")))


def _coin_dtype(chances: Tensor) -> dtype:
    """The dtype of the uniforms that decide: float64 for float64 probabilities, else float32."""
    _check_float(chances, "bernoulli_tensor_cpu_p_")
    return dtypes.float64 if chances._dtype is dtypes.float64 else dtypes.float32


def _continuous(t: Tensor, name: str) -> None:
    if not t._dtype.is_floating_point:
        found = _C_NAMES.get(t._dtype, "") if name == "Cauchy" else _type_name(t)
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {found}"
        )


@method()
def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponentially distributed numbers of rate ``lambd``."""
    _continuous(self, "Exponential")
    if not lambd > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    g, d, rate = _generator(generator, "exponential_"), self._dtype, float(lambd)
    return _fill(
        self, "exponential", lambda shape: _sampled("exponential", 2, shape, d, g, (rate,))
    )


@method()
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of trials up to the first success of probability ``p``."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    g, d = _generator(generator, "geometric_"), self._dtype
    return _fill(self, "geometric", lambda shape: _sampled("geometric", 2, shape, d, g, (p,)))


@method()
def cauchy_(
    self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with Cauchy distributed numbers."""
    _continuous(self, "Cauchy")
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    g, d, args = _generator(generator, "cauchy_"), self._dtype, (float(median), float(sigma))
    return _fill(self, "cauchy", lambda shape: _sampled("cauchy", 2, shape, d, g, args))


@method()
def log_normal_(
    self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers whose logarithm is normal with ``mean`` and ``std``."""
    _check_float(self, "log_normal_cpu")
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    g, d, args = _generator(generator, "log_normal_"), self._dtype, (float(mean), float(std))
    return _fill(
        self, "log_normal", lambda shape: _serial_normal("log_normals", shape, d, *args, g)
    )


# --- new tensors ---------------------------------------------------------------------------------


def _finish(e: Expr, name: str, out: Tensor | None, device: Any, requires_grad: bool) -> Tensor:
    check_device(device)
    t = new_tensor(e)
    if out is not None:
        from .registry import write_out

        found: Tensor = write_out(name, t, out, (), {})
        return found
    return t.requires_grad_() if requires_grad else t


def _size(size: tuple[Any, ...], keywords: dict[str, Any], name: str) -> Shape:
    """Sizes from positional arguments or ``size=``; drops options that mean nothing on a CPU."""
    if "size" in keywords:
        size = (keywords.pop("size"),)
    for ignored in ("layout", "pin_memory", "names", "memory_format"):
        keywords.pop(ignored, None)
    if keywords:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(keywords))}'")
    if not size:
        raise TypeError(
            f"{name}() received an invalid combination of arguments - got (), but expected "
            "one of:\n * (tuple of ints size, *, Generator generator, torch.dtype dtype, ...)"
        )
    if len(size) == 1 and isinstance(size[0], float):
        raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not float")
    return _checked_size(sizes_of(size))


def _checked_size(shape: Shape) -> Shape:
    if any(n < 0 for n in shape):
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}"
        )
    return shape


def _default(d: dtype | None, out: Tensor | None) -> dtype:
    if d is not None:
        return d
    return dtypes.get_default_dtype() if out is None else out._dtype


@function()
def rand(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **keywords: Any,
) -> Tensor:
    """Uniform numbers in ``[0, 1)`` of these sizes."""
    shape, d = _size(size, keywords, "rand"), _default(dtype, out)
    _check_uniform(d, 0.0, 1.0)
    e = _uniform(shape, d, 0.0, 1.0, _generator(generator, "rand"))
    return _finish(e, "rand", out, device, requires_grad)


@function()
def randn(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **keywords: Any,
) -> Tensor:
    """Standard normal numbers of these sizes."""
    shape, d = _size(size, keywords, "randn"), _default(dtype, out)
    if not d.is_floating_point:
        raise NotImplementedError(
            f"\"normal_kernel_cpu\" not implemented for '{SCALAR_TYPE_NAMES[d]}'"
        )
    e = _normal(shape, d, 0.0, 1.0, _generator(generator, "randn"))
    return _finish(e, "randn", out, device, requires_grad)


def _bounds(
    args: tuple[Any, ...], keywords: dict[str, Any], name: str
) -> tuple[int, int, list[Any]]:
    """Low, high and the remaining positional arguments of ``randint`` and its kin."""
    rest = list(args)
    numbers: list[Any] = []
    while rest and hasattr(rest[0], "__index__") and len(numbers) < 2:
        numbers.append(rest.pop(0))
    if "low" in keywords:
        numbers.insert(0, keywords.pop("low"))
    if "high" in keywords:
        numbers.append(keywords.pop("high"))
    if len(numbers) not in (1, 2):
        raise TypeError(
            f"{name}() received an invalid combination of arguments: give 'high', or 'low' and "
            "'high'"
        )
    low, high = (0, numbers[0]) if len(numbers) == 1 else numbers
    low, high = low.__index__(), high.__index__()
    if not (-(1 << 63) <= low < 1 << 63 and -(1 << 63) <= high < 1 << 63):
        raise ValueError("Overflow when unpacking long long")
    return low, high, rest


@function()
def randint(
    *args: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **keywords: Any,
) -> Tensor:
    """``randint(high, size)`` or ``randint(low, high, size)``: integers in ``[low, high)``."""
    low, high, rest = _bounds(args, keywords, "randint")
    size = rest[0] if rest else keywords.get("size")
    if not isinstance(size, list | tuple):
        raise TypeError(
            "randint() received an invalid combination of arguments: 'size' must be a tuple of ints"
        )
    shape = _size(tuple(rest), keywords, "randint")
    d = dtype or (dtypes.int64 if out is None else out._dtype)
    _check_integers(low, high, d)
    e = _integers(shape, d, low, high - low, _generator(generator, "randint"))
    return _finish(e, "randint", out, device, requires_grad)


@function()
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """A random permutation of ``0 .. n - 1``, int64 unless ``dtype`` is given."""
    if not hasattr(n, "__index__"):
        raise TypeError(
            f"randperm(): argument 'n' (position 1) must be int, not {type(n).__name__}"
        )
    n = n.__index__()
    d = dtype or (dtypes.int64 if out is None else out._dtype)
    (n,) = _checked_size((n,))
    if d.category == 1 and n > dtypes.iinfo(d).max + 1:
        raise RuntimeError(f"value cannot be converted to type {d.name}_t without overflow")
    g = _generator(generator, "randperm")
    if n < 2:
        e = record(P.FULL, (), ((n,), d), (0,))
    else:
        e = cast(record(S.SAMPLE, (g._draw(n - 1),), ("permutation", (n,)), ()), d)
    return _finish(e, "randperm", out, device, requires_grad)


@function()
def rand_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
) -> Tensor:
    """Uniform numbers in ``[0, 1)`` with the shape and dtype of ``input``."""
    check_tensor(input, "rand_like")
    d, g = dtype or input._dtype, _generator(generator, "rand_like")
    _check_uniform(d, 0.0, 1.0)
    check_device(device)
    t = _like(input, lambda shape: _uniform(shape, d, 0.0, 1.0, g))
    return t.requires_grad_() if requires_grad else t


@function()
def randn_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
) -> Tensor:
    """Standard normal numbers with the shape and dtype of ``input``."""
    check_tensor(input, "randn_like")
    d, g = dtype or input._dtype, _generator(generator, "randn_like")
    if not d.is_floating_point:
        raise NotImplementedError(
            f"\"normal_kernel_cpu\" not implemented for '{SCALAR_TYPE_NAMES[d]}'"
        )
    flat = input.is_contiguous()
    check_device(device)
    t = _like(input, lambda shape: _normal(shape, d, 0.0, 1.0, g, flat))
    return t.requires_grad_() if requires_grad else t


@function()
def randint_like(
    input: Tensor,
    *args: Any,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
    **keywords: Any,
) -> Tensor:
    """``randint_like(x, high)`` or ``randint_like(x, low, high)``: integers like ``x``."""
    check_tensor(input, "randint_like")
    low, high, rest = _bounds(args, keywords, "randint_like")
    if rest or keywords:
        raise TypeError("randint_like() received an invalid combination of arguments")
    d, g = dtype or input._dtype, _generator(generator, "randint_like")
    _check_integers(low, high, d)
    check_device(device)
    t = _like(input, lambda shape: _integers(shape, d, low, high - low, g))
    return t.requires_grad_() if requires_grad else t


@function()
def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers: ``mean`` and ``std`` are tensors (broadcast), or numbers with a ``size``.

    Raises:
        RuntimeError: a negative ``std``.
    """
    g = _generator(generator, "normal")
    if not isinstance(std, Tensor):
        _check_std(float(std))
    if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
        if size is None:
            raise TypeError(
                "normal() received an invalid combination of arguments: 'size' is missing"
            )
        shape = _checked_size(sizes_of((size,)))
        e = _normal(shape, _default(dtype, out), float(mean), float(std), g)
        return _finish(e, "normal", out, device, requires_grad)
    like = (
        add(mean, std)
        if isinstance(mean, Tensor) and isinstance(std, Tensor)
        else (mean if isinstance(mean, Tensor) else std)
    )
    scale: Any = std
    if isinstance(std, Tensor):
        scale = new_tensor(_checked(std._expr(), "deviations"))
    sample = new_tensor(_normal(like._shape, like._dtype, 0.0, 1.0, g))
    t = add(mul(sample, scale), mean)
    return _finish(t._expr(), "normal", out, device, requires_grad)


@operator("BernoulliBackward0", input=lambda grad: grad * 0, function=False, method=False)
def _bernoulli_of(input: Tensor, generator: Generator) -> Tensor:
    unit = _uniform(input._shape, _coin_dtype(input), 0.0, 1.0, generator)
    return new_tensor(cast(_coin(unit, input._expr()), input._dtype))


@function(method=True)
def bernoulli(
    input: Tensor,
    p: float | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Ones with the probability each element of ``input`` gives (or with ``p``), else zeros.

    Raises:
        RuntimeError: not probabilities. NotImplementedError: not a floating point dtype.
    """
    check_tensor(input, "bernoulli")
    g = _generator(generator, "bernoulli")
    if p is None:
        t: Tensor = _bernoulli_of(input, g)
    else:
        _check_p(p)
        t = new_tensor(_bernoulli(input._shape, input._dtype, float(p), g))
    if out is None:
        return t
    return _finish(t._expr(), "bernoulli", out, None, False)


@function(method=True)
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn from the rows of weights ``input[n]`` or ``input[rows, n]``, int64.

    Raises:
        RuntimeError: weights that are no weights; more samples than there are, without replacement.
    """
    check_tensor(input, "multinomial")
    shape = input._shape
    if len(shape) not in (1, 2) or not shape[-1]:
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not input._dtype.is_floating_point:
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {_type_name(input)}"
        )
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    g = _generator(generator, "multinomial")
    weights = _checked(input._expr(), "weights")
    if replacement and num_samples > 1:
        found = new_tensor(_with_replacement(weights, num_samples, g))
    else:
        # Gumbel's trick in its exponential form: the order of w / q is a draw without replacement.
        race = _like(
            input, lambda sizes: _sampled("exponential", 2, sizes, input._dtype, g, (1.0,))
        )
        ratio = record(P.DIV, (weights, race._expr()))
        order = record(P.ARGSORT, (ratio,), (len(shape) - 1, True))
        first = ((*shape[:-1], num_samples), contiguous_strides(shape))
        found = new_tensor(record(P.STRIDED, (order,), first, (0,)))
    if out is None:
        return found
    return _finish(found._expr(), "multinomial", out, None, False)


def _with_replacement(weights: Expr, samples: int, g: Generator) -> Expr:
    shape = weights.shape
    rows = shape[0] if len(shape) == 2 else 1
    matrix = record(P.RESHAPE, (weights,), ((rows, shape[-1]),))
    e = record(S.MULTINOMIAL, (matrix, g._draw(rows * samples * 2)), (samples,))
    return e if len(shape) == 2 else record(P.RESHAPE, (e,), ((samples,),))


# --- dropout -------------------------------------------------------------------------------------

_ALPHA = 1.7580993408473766  # SELU's scale times its alpha


def _noise(input: Tensor, p: float, by_feature: bool) -> Tensor:
    """Ones of probability ``1 - p`` and zeros in ``input``'s dtype, one an element or a channel."""
    d = input._dtype
    if not by_feature:
        return _like(input, lambda shape: _bernoulli(shape, d, 1.0 - p, default_generator))
    shape = input._shape
    if len(shape) < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    per_channel = (*shape[:2], *[1] * (len(shape) - 2))
    return new_tensor(_bernoulli(per_channel, d, 1.0 - p, default_generator))


def _factors(
    input: Tensor, p: float, train: bool, by_feature: bool, alpha: bool
) -> tuple[Tensor, Tensor | None] | None:
    """What to multiply with and what to add; ``None`` where nothing is dropped."""
    check_tensor(input, "dropout")
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    if p == 0 or not train or not numel(input._shape):
        return None
    d = input._dtype
    if p == 1:
        return new_tensor(record(P.FULL, (), ((), d), (0,))), None
    if not d.is_floating_point:
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {_type_name(input)}"
        )
    noise = _noise(input, p, by_feature)
    e = noise._expr()
    if not alpha:
        return new_tensor(record(P.DIV, (e, constant(1.0 - p, d)))), None
    a = 1.0 / math.sqrt((_ALPHA * _ALPHA * p + 1.0) * (1.0 - p))
    shifted = record(P.MUL, (record(P.ADD, (e, constant(-1.0, d))), constant(_ALPHA * a, d)))
    offset = record(P.ADD, (shifted, constant(_ALPHA * a * p, d)))
    return new_tensor(record(P.MUL, (e, constant(a, d)))), new_tensor(offset)


def _dropper(name: str, by_feature: bool, alpha: bool, doc: str) -> None:
    def drop(input: Tensor, p: float, train: bool) -> Tensor:
        factors = _factors(input, p, train, by_feature, alpha)
        if factors is None:
            return input
        scaled: Tensor = mul(input, factors[0])
        return scaled if factors[1] is None else add(scaled, factors[1])

    def drop_(input: Any, p: float, train: bool) -> Tensor:
        factors = _factors(input, p, train, by_feature, alpha)
        if factors is None:
            return input
        input.mul_(factors[0])
        return input if factors[1] is None else input.add_(factors[1])

    drop.__name__, drop.__doc__ = name, doc
    drop_.__name__, drop_.__doc__ = name + "_", f"In-place form of ``{name}``."
    function()(drop)
    function()(drop_)


_dropper("dropout", False, False, "Zero each element with probability ``p``, scale the rest.")
_dropper(
    "feature_dropout", True, False, "Zero each channel with probability ``p``, scale the rest."
)
_dropper("alpha_dropout", False, True, "Dropout that keeps mean and variance of SELU activations.")
_dropper("feature_alpha_dropout", True, True, "``alpha_dropout`` of whole channels.")
