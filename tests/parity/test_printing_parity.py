"""The text of tensors against PyTorch's, character by character."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rushlight import dtypes, printing

torch = pytest.importorskip("torch")

QUIET = settings(
    deadline=None,
    derandomize=True,
    max_examples=600,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=7)
NUMPY_NAMES = [d.name for d in vars(dtypes).values() if isinstance(d, dtypes.dtype)]
NUMPY_NAMES = sorted({n for n in NUMPY_NAMES if n != "bfloat16"})


@pytest.fixture(autouse=True)
def _restore_options():
    yield
    torch.set_printoptions(profile="default")
    printing.set_printoptions(profile="default")


def ours(a: np.ndarray, dtype: dtypes.dtype) -> str:
    text = printing.array_str(printing.readable(a, dtype), len("tensor("))
    suffixes = printing.size_suffixes(a.shape, dtype)
    return printing.add_suffixes("tensor(" + text, suffixes, len("tensor("))


def check(a: np.ndarray) -> None:
    theirs = repr(torch.from_numpy(np.ascontiguousarray(a)).reshape(a.shape))
    assert ours(a, dtypes.from_numpy_dtype(a.dtype)) == theirs


def set_both(**options: object) -> None:
    torch.set_printoptions(**options)
    printing.set_printoptions(**options)


def tame_floats() -> st.SearchStrategy[float]:
    """The floats that people print, beside Hypothesis's extremes."""
    return st.one_of(
        st.floats(-10, 10),
        st.integers(-2000, 2000).map(float),
        st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 1e-4, 9.9999e-5, 1e8, 1e-45]),
        st.floats(width=32),
    )


@QUIET
@given(hnp.arrays(np.float32, SHAPES, elements=st.floats(width=32)))
def test_any_float32(a):
    check(a)


@QUIET
@given(hnp.arrays(np.float64, SHAPES, elements=st.floats()))
def test_any_float64(a):
    check(a)


@QUIET
@given(hnp.arrays(np.float64, SHAPES, elements=tame_floats()), st.sampled_from("fde"))
@example(np.array([1e-4, 0.1]), "f")
@example(np.array([-1e-5, -0.001]), "d")
@example(np.array([1000.0, 1.0]), "d")
@example(np.array([1000.1, 1.0]), "d")
def test_everyday_floats(a, kind):
    with np.errstate(over="ignore"):
        check(a.astype(kind))


@QUIET
@given(st.data(), st.sampled_from(NUMPY_NAMES), SHAPES)
def test_every_dtype(data, name, shape):
    check(data.draw(hnp.arrays(np.dtype(name), shape)))


@QUIET
@given(hnp.arrays(np.uint16, SHAPES))
def test_bfloat16_bits(bits):
    theirs = torch.from_numpy(bits.view(np.int16).copy()).reshape(bits.shape)
    assert ours(bits, dtypes.bfloat16) == repr(theirs.view(torch.bfloat16))


@QUIET
@given(
    hnp.arrays(np.float32, SHAPES, elements=tame_floats().map(np.float32).map(float)),
    st.fixed_dictionaries(
        {},
        optional={
            "precision": st.integers(0, 9),
            "threshold": st.integers(0, 60),
            "edgeitems": st.integers(0, 4),
            "linewidth": st.integers(10, 120),
            "sci_mode": st.booleans(),
            "profile": st.sampled_from(["default", "short", "full"]),
        },
    ),
)
@example(np.arange(6, dtype="f").reshape(2, 3), {"threshold": 2, "edgeitems": 0})
@example(np.arange(6, dtype="f"), {"threshold": 2, "edgeitems": 0})
@example(np.zeros(3, "f"), {"sci_mode": True})
def test_every_option(a, options):
    set_both(profile="default")
    set_both(**options)
    assert printing.get_printoptions() == torch._tensor_str.get_printoptions()
    check(a)
    check(np.nan_to_num(a, posinf=7, neginf=-7).clip(-1e9, 1e9).astype(np.int64))
    check(a > 0)


def test_random_tensors_of_many_scales():
    rng = np.random.default_rng(0)
    for _ in range(1500):
        shape = tuple(rng.integers(1, 12, size=rng.integers(0, 4)))
        a = rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 7)
        spread = 10.0 ** rng.integers(-3, 4, size=shape) if rng.random() < 0.3 else 1.0
        with np.errstate(over="ignore"):
            narrow = np.asarray(a * spread, rng.choice(["f4", "f8", "f2"]))
        check(narrow)


def test_large_tensors_are_summarised():
    for shape in [(1001,), (2, 501), (7, 7, 21), (1, 5000), (5000, 1), (3, 3, 3, 100), (40, 40)]:
        a = np.arange(math.prod(shape)).reshape(shape)
        for kind in ["i8", "i2", "f4", "f8"]:
            check(a.astype(kind))
            check((a / 7 - 3).astype(kind))


def test_suffixes_break_lines_where_pytorch_breaks_them():
    for n in range(1, 90):
        t = torch.arange(n, dtype=torch.int16)
        assert ours(t.numpy(), dtypes.int16) == repr(t)
        grown = (torch.arange(float(n), requires_grad=True) + 1).double()
        text = printing.array_str(grown.detach().numpy(), 7)
        suffixes = ["dtype=torch.float64", "grad_fn=<ToCopyBackward0>"]
        assert printing.add_suffixes("tensor(" + text, suffixes, 7) == repr(grown)


def test_default_dtype_decides_the_suffix():
    a, empty = np.ones(2), np.ones((0,), "i8")
    dtypes.set_default_dtype(dtypes.float64)
    torch.set_default_dtype(torch.float64)
    try:
        check(a)
        check(a.astype("f4"))
        check(empty)
        check(empty.astype("f8"))
    finally:
        dtypes.set_default_dtype(dtypes.float32)
        torch.set_default_dtype(torch.float32)
