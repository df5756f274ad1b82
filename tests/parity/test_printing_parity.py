"""The text of tensors against PyTorch's, character by character."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import rushlight
from rushlight import dtypes, printing
from rushlight.tensor import Tensor

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
    return repr(Tensor._from_array(a, dtype))


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


# The same expressions in both libraries


@pytest.mark.parametrize(
    "expression",
    [
        "t.ones(2, requires_grad=True)",
        "t.ones(2, requires_grad=True) + 1",
        "t.ones(2, requires_grad=True).sum()",
        "t.ones(3, 4, requires_grad=True) @ t.ones(4, 2)",
        "t.ones(3, requires_grad=True)[1]",
        "t.ones(20, 30, requires_grad=True).view(-1) * 2",
        "t.ones(2, 0, requires_grad=True) * 2",
        "t.empty(0)",
        "t.empty(0, 3, dtype=t.int64)",
        "t.tensor(3)",
        "t.tensor(True)",
        "t.tensor(-0.0)",
        "t.arange(10).view(2, 5).t()",
        "t.ones(3).expand(2, 3)",
        "t.arange(2000).view(2, 1000)[:, ::2]",
        "t.ones(2, dtype=t.bfloat16) / 3",
        "t.ones(2, dtype=t.half) / 3",
        "t.tensor([1, 2], dtype=t.uint8)",
        "t.nn.Parameter(t.ones(2, 2))",
        "t.nn.Parameter(t.ones(2), requires_grad=False)",
        "t.nn.Parameter(t.arange(30.0))",
        "[t.ones(2), {'a': t.tensor(1.5)}]",
        "t.zeros(2, 3).shape",
        "t.zeros(2, 3).size()",
        "t.Size([])",
        "t.zeros(2, 3).shape[1:]",
        "t.float32",
        "str(t.ones(2))",
        "t.device('cpu')",
    ],
)
def test_expressions_print_alike(expression):
    ours, theirs = eval(expression, {"t": rushlight}), eval(expression, {"t": torch})
    assert repr(ours) == repr(theirs)
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("value", ["1.5", "3", "True", "[3.0]", "-0.125", "1e30"])
@pytest.mark.parametrize("spec", ["", ".2f", "d", ">8", "e", ".3g", "x"])
@pytest.mark.parametrize("wrap", ["t.tensor({0})", "t.nn.Parameter(t.tensor({0}))"])
def test_formatting(value, spec, wrap):
    def outcome(library):
        try:
            return format(eval(wrap.format(value), {"t": library}), spec)
        except (TypeError, ValueError, RuntimeError) as e:
            return type(e), str(e) if wrap.startswith("t.tensor") else None

    assert outcome(rushlight) == outcome(torch)


def test_history_of_formatted_scalars_does_not_matter():
    assert f"{rushlight.tensor(1.5, requires_grad=True) * 2:.3f}" == "3.000"


def test_in_place_writes_and_custom_functions_in_the_suffix():
    def texts(t):
        class Double(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, grad):
                return grad * 2

        x = t.ones(3, requires_grad=True)
        y = x * 2
        y[0] = 5
        z = x.clone()
        part = z[:2]
        z.mul_(2)
        return [repr(v) for v in (y, part, z, Double.apply(x))]

    assert texts(rushlight) == texts(torch)
