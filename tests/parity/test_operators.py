"""Operators against PyTorch, generated from the registry rows and from the table of functions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from operator_samples import FAMILIES, FUNCTIONS, Fixed, Sample, T, build, samples_of

import rushlight
from rushlight.autograd import gradgradcheck
from rushlight.ops.registry import OPERATORS

torch = pytest.importorskip("torch")

DTYPES = ("float32", "float64", "int64", "bool", "bfloat16", "uint8")
TOLERANCE = {
    "float64": (1e-9, 1e-9),
    "float32": (2e-5, 2e-5),
    "bfloat16": (2e-2, 2e-2),
    "float16": (2e-3, 2e-3),
}


def _functions() -> dict[str, str]:
    table = dict(FUNCTIONS)
    for name, row in OPERATORS.items():
        if row.samples is not None and name not in table:
            table[name] = row.samples
    return table


TABLE = _functions()


def _find(lib: Any, name: str) -> Any:
    """A function by its name in the namespace, in ``nn.functional`` or among the methods."""
    found = lib
    for part in name.split("."):
        found = getattr(found, part, None)
        if found is None:
            break
    if found is None:
        found = getattr(lib.nn.functional, {"log_sigmoid": "logsigmoid"}.get(name, name), None)
    return found if found is not None else getattr(lib.Tensor, name, None)


def _call(
    lib: Any, f: Any, sample: Sample, dtype: str, grad: bool = False, layout: str = "contiguous"
) -> Any:
    args = [build(lib, a, dtype, grad, layout) for a in sample.args]
    kwargs = {k: build(lib, v, dtype, grad, layout) for k, v in sample.kwargs.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return args, f(*args, **kwargs)
        except Exception as error:
            return args, error


def _tensors(lib: Any, result: Any) -> list[Any]:
    if isinstance(result, lib.Tensor):
        return [result]
    if isinstance(result, list | tuple):
        return [t for r in result for t in _tensors(lib, r)]
    return []


def _plain(x: Any) -> np.ndarray:
    x = x.detach()
    if x.__class__.__module__.startswith("torch") and x._is_zerotensor():
        return np.zeros(tuple(x.shape))  # PyTorch's gradients that are known to be zero
    values = x.double().tolist() if x.is_floating_point() else x.tolist()
    return np.array(values).reshape(tuple(x.shape))


def _same(ours: Any, theirs: Any, tolerance: float = 1.0) -> None:
    """Value, dtype and shape agree."""
    a, b = _tensors(rushlight, ours), _tensors(torch, theirs)
    assert len(a) == len(b)
    if not b:
        assert ours == theirs
    for x, y in zip(a, b, strict=True):
        assert str(x.dtype) == str(y.dtype)
        assert tuple(x.shape) == tuple(y.shape)
        rtol, atol = TOLERANCE.get(str(y.dtype).removeprefix("torch."), (0, 0))
        np.testing.assert_allclose(_plain(x), _plain(y), rtol * tolerance, atol * tolerance)


def _compatible(ours: BaseException, theirs: BaseException) -> bool:
    return (
        isinstance(ours, type(theirs))
        or isinstance(theirs, type(ours))
        or ({type(ours), type(theirs)} <= {RuntimeError, NotImplementedError})
    )


# Numbers that NumPy and PyTorch define differently on purpose or by accident, with the reason.
SKIPPED: dict[tuple[str, str], str] = {
    ("linalg.matrix_exp", "bfloat16"): "PyTorch overflows there",
}
# Where perturbing one element leaves the domain.
NOT_DIFFERENTIATED_TWICE = {"linalg.eigvalsh": "the input must stay symmetric"}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_value_dtype_and_shape(name: str) -> None:
    f, g = _find(rushlight, name), _find(torch, name)
    if g is None:
        pytest.skip("not public in PyTorch")
    assert f is not None
    for sample in samples_of(TABLE[name]):
        for dtype in DTYPES:
            _, theirs = _call(torch, g, sample, dtype)
            _, ours = _call(rushlight, f, sample, dtype)
            where = f"{name}{sample} {dtype}"
            if (name, dtype) in SKIPPED:
                continue
            if isinstance(theirs, Exception):
                if not isinstance(ours, Exception):
                    try:
                        for t in _tensors(rushlight, ours):
                            t.tolist()
                    except Exception as error:
                        ours = error
                assert isinstance(ours, Exception), f"{where}: PyTorch raises {theirs!r}"
                assert _compatible(ours, theirs), f"{where}: {ours!r} but PyTorch {theirs!r}"
                continue
            assert not isinstance(ours, Exception), f"{where}: {ours!r}"
            try:
                _same(ours, theirs)
            except AssertionError as error:
                raise AssertionError(f"{where}: {error}") from None


@pytest.mark.parametrize("name", sorted(TABLE))
def test_non_contiguous_operands(name: str) -> None:
    f, g = _find(rushlight, name), _find(torch, name)
    if g is None:
        pytest.skip("not public in PyTorch")
    for sample in samples_of(TABLE[name]):
        if name == "as_strided":
            continue  # its result is about the memory, not the values
        for layout in ("transposed", "strided"):
            _, theirs = _call(torch, g, sample, "float32", layout=layout)
            _, ours = _call(rushlight, f, sample, "float32", layout=layout)
            if isinstance(theirs, Exception):
                continue
            assert not isinstance(ours, Exception), f"{name}{sample}: {ours!r}"
            _same(ours, theirs)


def _leaves(args: list[Any]) -> list[Any]:
    return [
        t
        for a in args
        for t in (a if isinstance(a, list | tuple) else [a])
        if hasattr(t, "requires_grad") and t.requires_grad
    ]


def _gradients(lib: Any, args: list[Any], result: Any) -> list[Any]:
    outs = [t for t in _tensors(lib, result) if t.requires_grad]
    rng = np.random.default_rng(7)
    seeds = [lib.from_numpy(rng.standard_normal(tuple(t.shape))).to(t.dtype) for t in outs]
    return list(lib.autograd.grad(outs, _leaves(args), seeds, allow_unused=True))


@pytest.mark.parametrize("name", sorted(TABLE))
def test_gradients(name: str) -> None:
    f, g = _find(rushlight, name), _find(torch, name)
    if g is None:
        pytest.skip("not public in PyTorch")
    for sample in samples_of(TABLE[name]):
        their_args, theirs = _call(torch, g, sample, "float64", grad=True)
        if isinstance(theirs, Exception):
            continue
        our_args, ours = _call(rushlight, f, sample, "float64", grad=True)
        where = f"{name}{sample}"
        assert not isinstance(ours, Exception), f"{where}: {ours!r}"
        differentiable = [t.requires_grad for t in _tensors(torch, theirs)]
        assert [t.requires_grad for t in _tensors(rushlight, ours)] == differentiable, where
        if not any(differentiable):
            continue
        try:
            expected = _gradients(torch, their_args, theirs)
        except RuntimeError as error:
            if "is not implemented" in str(error):
                with pytest.raises(RuntimeError, match="is not implemented"):
                    _gradients(rushlight, our_args, ours)
            continue  # elsewhere PyTorch's own backward fails: a gradient does no harm
        found = _gradients(rushlight, our_args, ours)
        for a, b in zip(found, expected, strict=True):
            if a is None or b is None:
                assert a is None or not np.any(_plain(a)), where
                assert b is None or not np.any(_plain(b)), where
                continue
            try:
                _same(a, b, 100.0)
            except AssertionError as error:
                raise AssertionError(f"{where}: {error}") from None


@pytest.mark.parametrize("name", sorted(TABLE))
def test_grad_fn_is_named_as_in_pytorch(name: str) -> None:
    row = OPERATORS.get(name)
    if row is None or row.grad_fn is None or _find(torch, name) is None:
        pytest.skip("not a differentiable row of its own")
    sample = samples_of(TABLE[name])[0]
    _, theirs = _call(torch, _find(torch, name), sample, "float64", grad=True)
    _, ours = _call(rushlight, _find(rushlight, name), sample, "float64", grad=True)
    for a, b in zip(_tensors(rushlight, ours), _tensors(torch, theirs), strict=True):
        assert (a.grad_fn is None) == (b.grad_fn is None)
        if a.grad_fn is not None:
            assert a.grad_fn.name().split("::")[-1] == b.grad_fn.name().split("::")[-1]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_second_derivatives(name: str) -> None:
    if name in NOT_DIFFERENTIATED_TWICE:
        pytest.skip(NOT_DIFFERENTIATED_TWICE[name])
    f = _find(rushlight, name)
    for sample in samples_of(TABLE[name])[:3]:
        args, result = _call(rushlight, f, sample, "float64", grad=True)
        if isinstance(result, Exception) or not any(
            t.grad_fn is not None and t.numel() and t.grad_fn.name() != "NotImplemented"
            for t in _tensors(rushlight, result)
        ):
            continue
        leaves = _leaves(args)

        def call(*tensors: Any, sample: Sample = sample) -> Any:
            rest = iter(tensors)

            def put(x: Any) -> Any:
                if isinstance(x, list | tuple):
                    return type(x)(put(y) for y in x)
                return next(rest) if isinstance(x, T) else build(rushlight, x, "float64", False)

            values = [put(a) for a in sample.args]
            found = f(*values, **{k: put(v) for k, v in sample.kwargs.items()})
            return tuple(t for t in _tensors(rushlight, found) if t.is_floating_point())

        assert gradgradcheck(call, leaves, atol=1e-4, fast_mode=True), f"{name}{sample}"


_INPLACE = [n for n in sorted(TABLE) if hasattr(torch.Tensor, n + "_")]


@pytest.mark.parametrize("name", _INPLACE)
def test_in_place_form(name: str) -> None:
    f, g = getattr(rushlight.Tensor, name + "_", None), getattr(torch.Tensor, name + "_")
    assert f is not None, f"Tensor.{name}_ is missing"
    for sample in samples_of(TABLE[name]):
        if not isinstance(sample.args[0], T | Fixed):
            continue
        for dtype in ("float32", "int64"):
            their_args, theirs = _call(torch, g, sample, dtype)
            our_args, ours = _call(rushlight, f, sample, dtype)
            where = f"{name}_{sample} {dtype}"
            if isinstance(theirs, Exception):
                assert isinstance(ours, Exception), f"{where}: PyTorch raises {theirs!r}"
                assert _compatible(ours, theirs), f"{where}: {ours!r} but PyTorch {theirs!r}"
                continue
            assert not isinstance(ours, Exception), f"{where}: {ours!r}"
            assert ours is our_args[0]
            _same(our_args[0], their_args[0])


_OUT = [n for n in sorted(TABLE) if n in OPERATORS and OPERATORS[n].out and _find(torch, n)]


@pytest.mark.parametrize("name", _OUT)
def test_out_form(name: str) -> None:
    f, g = _find(rushlight, name), _find(torch, name)
    for sample in samples_of(TABLE[name]):
        _, expected = _call(torch, g, sample, "float32")
        if isinstance(expected, Exception):
            continue
        for shape in (tuple(expected.shape), (0,)):
            ours = rushlight.zeros(shape, dtype=getattr(rushlight, str(expected.dtype)[6:]))
            _, result = _call(
                rushlight, f, Sample(*sample.args, **sample.kwargs, out=ours), "float32"
            )
            assert result is ours, f"{name}{sample}: {result!r}"
            _same(ours, expected)


_HOSTILE: list[tuple[Any, ...]] = [("x",), (None,), ([1, 2],), ()]


@pytest.mark.parametrize("name", sorted(n for n in TABLE if n in OPERATORS))
def test_wrong_arguments_raise_what_pytorch_raises(name: str) -> None:
    f, g = getattr(rushlight, name, None), getattr(torch, name, None)
    if f is None or g is None:
        pytest.skip("not a function of the namespace")
    rest = samples_of(TABLE[name])[0].args[1:]
    for bad in _HOSTILE:
        sample = Sample(*bad, *(rest if bad else ()))
        _, theirs = _call(torch, g, sample, "float32")
        _, ours = _call(rushlight, f, sample, "float32")
        if isinstance(theirs, Exception):
            assert isinstance(ours, Exception), f"{name}{sample}: PyTorch raises {theirs!r}"
            assert isinstance(ours, type(theirs) | TypeError), f"{name}{sample}: {ours!r}"


_CLASHING = {"binary", "binary:nonzero", "binary:positive", "ternary", "mm", "bmm", "addmm", "mv"}


@pytest.mark.parametrize("name", sorted(n for n in TABLE if TABLE[n] in _CLASHING))
def test_shapes_that_do_not_fit_raise_what_pytorch_raises(name: str) -> None:
    f, g = _find(rushlight, name), _find(torch, name)
    count = len(samples_of(TABLE[name])[0].args)
    x, y = T(np.ones((3, 4))), T(np.ones((5, 2)))
    sample = Sample(*[x, *[y] * (count - 1)])
    _, theirs = _call(torch, g, sample, "float32")
    _, ours = _call(rushlight, f, sample, "float32")
    if isinstance(theirs, Exception):
        assert isinstance(ours, Exception), f"PyTorch raises {theirs!r}"
        assert type(ours) is type(theirs), f"{ours!r} but PyTorch {theirs!r}"


def test_every_family_is_used() -> None:
    assert set(FAMILIES) >= set(TABLE.values())
