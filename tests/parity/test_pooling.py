"""Pooling against PyTorch: values, indices, gradients, second gradients, errors."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch")
TF = torch.nn.functional

SPATIAL = (8, 7, 9)


def data(dims, batch=(2,), dtype=np.float64):
    x = np.random.default_rng(0).standard_normal((*batch, 3, *SPATIAL[:dims]))
    return x.astype(dtype)


def close(ours, theirs, **tolerance):
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), **tolerance)


def derivatives(module, x, y):
    weights = module.arange(y.numel(), dtype=y.dtype).reshape(y.shape) * 0.01 - 0.3
    (first,) = module.autograd.grad((y * y * weights).sum(), x, create_graph=True)
    (second,) = module.autograd.grad((first**3).sum(), x)
    return y, first, second


def check(function, array, rtol=1e-9):
    """``function(module, x)`` in both; values, first and second gradients, grad_fn."""
    ours, theirs = rushlight.tensor(array), torch.tensor(array)
    ours.requires_grad_()
    theirs.requires_grad_()
    y, z = function(rushlight, ours), function(torch, theirs)
    assert type(y.grad_fn).__name__ == type(z.grad_fn).__name__
    for a, b in zip(derivatives(rushlight, ours, y), derivatives(torch, theirs, z), strict=True):
        close(a, b, rtol=rtol, atol=rtol)


def find(module, name):
    """PyTorch keeps most poolings in nn.functional; ours return pairs where its wrappers choose."""
    if module is torch:
        return getattr(TF, name)
    if name.startswith("adaptive_max"):
        return lambda *args, **kwargs: getattr(rushlight, name)(*args, **kwargs)[0]
    return getattr(rushlight, name)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 3, "stride": 1, "dilation": 2, "padding": 1, "ceil_mode": True},
        {"kernel_size": 2, "stride": 3, "ceil_mode": True},
    ],
)
def test_max_pool(dims, batch, options):
    name = f"max_pool{dims}d"
    check(lambda m, x: find(m, name)(x, **options), data(dims, batch))
    x = data(dims, batch)
    values, indices = getattr(rushlight, name + "_with_indices")(rushlight.tensor(x), **options)
    wanted = getattr(TF, name)(torch.tensor(x), **options, return_indices=True)
    close(values, wanted[0])
    close(indices, wanted[1])


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        {"kernel_size": 3, "stride": 1, "ceil_mode": True, "divisor_override": 5},
    ],
)
def test_avg_pool(dims, batch, options):
    if dims == 1 and "divisor_override" in options:
        return
    name = f"avg_pool{dims}d"
    check(lambda m, x: find(m, name)(x, **options), data(dims, batch))


def test_avg_pool_is_exact():
    x = data(2, dtype=np.float32)
    options = {"kernel_size": (3, 2), "padding": 1, "count_include_pad": False}
    ours = rushlight.avg_pool2d(rushlight.tensor(x), **options)
    np.testing.assert_array_equal(ours.numpy(), TF.avg_pool2d(torch.tensor(x), **options).numpy())
    integers = np.random.default_rng(0).integers(-9, 9, (1, 2, 6, 6))
    ours = rushlight.avg_pool2d(rushlight.tensor(integers), 2)
    close(ours, TF.avg_pool2d(torch.tensor(integers), 2))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("size", [1, 2, 5, 11])
def test_adaptive(dims, kind, size):
    name = f"adaptive_{kind}_pool{dims}d"
    for batch in ((), (2,)):
        check(lambda m, x: find(m, name)(x, size), data(dims, batch))


def test_adaptive_sizes():
    for size in ((None, 2), (8, 7), (4, 7), (2, None)):
        check(lambda m, x: find(m, "adaptive_avg_pool2d")(x, size), data(2))  # noqa: B023
    x = data(2)
    _, ours = rushlight.adaptive_max_pool2d(rushlight.tensor(x), (3, 5))
    close(ours, TF.adaptive_max_pool2d(torch.tensor(x), (3, 5), return_indices=True)[1])


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"])
def test_dtypes_and_empty_batches(name):
    x = np.random.default_rng(0).integers(-8, 8, (2, 3, 8, 8)).astype(np.float32)
    for dtype in ("float32", "float16", "bfloat16"):
        ours = find(rushlight, name)(rushlight.tensor(x).to(getattr(rushlight, dtype)), 4)
        theirs = find(torch, name)(torch.tensor(x).to(getattr(torch, dtype)), 4)
        assert str(ours.dtype) == str(theirs.dtype)
        np.testing.assert_array_equal(ours.float().numpy(), theirs.float().numpy())
    ours, theirs = (find(m, name)(m.zeros(0, 3, 8, 8), 4) for m in (rushlight, torch))
    assert tuple(ours.shape) == tuple(theirs.shape)


def test_max_pool_of_integers_and_nan():
    x = np.random.default_rng(0).integers(-9, 9, (1, 2, 6, 6))
    close(
        rushlight.max_pool2d(rushlight.tensor(x), 3, 2, 1), TF.max_pool2d(torch.tensor(x), 3, 2, 1)
    )
    x = x.astype(np.float32)
    x[0, 0, 2, 2] = np.nan
    x[0, 1] = -np.inf
    ours = rushlight.max_pool2d_with_indices(rushlight.tensor(x), 3, 2, 1)
    theirs = TF.max_pool2d(torch.tensor(x), 3, 2, 1, return_indices=True)
    for a, b in zip(ours, theirs, strict=True):
        close(a, b)


def test_transposed_input():
    x = data(2)
    ours = rushlight.max_pool2d(rushlight.tensor(x).transpose(2, 3), 2)
    close(ours, TF.max_pool2d(torch.tensor(x).transpose(2, 3), 2))


RF = SimpleNamespace(
    **{
        name: getattr(rushlight, name)
        for kind in ("max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool")
        for name in (f"{kind}1d", f"{kind}2d", f"{kind}3d")
    }
)

ERRORS = [
    "F.max_pool2d(r(1,1,8,8), 0)",
    "F.max_pool2d(r(1,1,8,8), 2, 0)",
    "F.max_pool2d(r(1,1,8,8), 2, padding=2)",
    "F.max_pool2d(r(1,1,8,8), 2, padding=-1)",
    "F.max_pool2d(r(1,1,8,8), 9)",
    "F.max_pool2d(r(8,8), 2)",
    "F.max_pool2d(r(1,1,1,8,8), 2)",
    "F.max_pool2d(r(1,1,8,8).bool(), 2)",
    "F.max_pool2d(r(1,0,8,8), 2)",
    "F.max_pool2d(r(1,1,0,8), 2)",
    "F.max_pool2d(r(1,1,8,8), (2,2,2))",
    "F.max_pool2d(r(1,1,8,8), 2, (2,2,2))",
    "F.max_pool2d(3, 2)",
    "F.max_pool1d(r(1,8), 9)",
    "F.max_pool1d(r(8), 2)",
    "F.max_pool1d(r(1,1,8), 0)",
    "F.max_pool1d(r(1,1,8), 2, padding=2)",
    "F.max_pool1d(r(1,1,8), 2, padding=-1)",
    "F.max_pool1d(r(1,1,8), 2, 0)",
    "F.max_pool1d(r(1,1,8), 2, dilation=0)",
    "F.max_pool1d(r(1,1,0), 2)",
    "F.max_pool3d(r(8,8,8), 2)",
    "F.max_pool3d(r(1,1,8,8,8), 9)",
    "F.avg_pool2d(r(1,1,8,8), 0)",
    "F.avg_pool2d(r(1,1,8,8), 2, padding=2)",
    "F.avg_pool2d(r(1,1,8,8), 9)",
    "F.avg_pool2d(r(1,1,8,8).bool(), 2)",
    "F.avg_pool2d(r(1,1,8,8), 2, divisor_override=0)",
    "F.avg_pool2d(r(1,1,8,8), (2,2,2))",
    "F.avg_pool1d(r(8), 2)",
    "F.avg_pool1d(r(1,1,8), 2, padding=2)",
    "F.avg_pool3d(r(8,8,8), 2)",
    "F.adaptive_avg_pool2d(r(8,8), 2)",
    "F.adaptive_avg_pool2d(r(1,1,8,8), -1)",
    "F.adaptive_avg_pool2d(r(1,1,8,8).long(), 2)",
    "F.adaptive_avg_pool2d(r(1,1,8,8), (2,2,2))",
    "F.adaptive_avg_pool2d(r(1,1,0,8), 2)",
    "F.adaptive_avg_pool1d(r(8), 2)",
    "F.adaptive_max_pool2d(r(1,1,0,8), 2)",
    "F.adaptive_max_pool2d(r(1,1,8,8).long(), 2)",
]
SAME_TYPE = [
    "F.max_pool2d(r(1,1,8,8), 2.5)",
    "F.max_pool2d(r(1,1,8,8), -1)",
    "F.max_pool2d(r(1,1,8,8), 2, dilation=0)",
    "F.avg_pool1d(r(1,1,8), 9)",
    "F.avg_pool1d(r(1,1,8), (2,2))",
    "F.avg_pool3d(r(1,1,8,8,8), 9)",
    "F.adaptive_avg_pool2d(r(1,1,8,8).long(), 1)",
    "F.adaptive_max_pool2d(r(8,8), 2)",
    "F.adaptive_max_pool2d(r(1,1,8,8), (2,2,2))",
    "F.adaptive_max_pool2d(r(1,1,8,8), -1)",
]


def outcome(module, functional, code):
    with pytest.raises(Exception) as caught:
        eval(code, {"F": functional, "r": module.ones})
    return type(caught.value), str(caught.value).splitlines()[0]


@pytest.mark.parametrize("code", ERRORS)
def test_errors(code):
    kind, message = outcome(torch, TF, code)
    our_kind, ours = outcome(rushlight, RF, code)
    assert our_kind is kind
    assert ours.startswith(message)


@pytest.mark.parametrize("code", SAME_TYPE)
def test_error_types(code):
    assert outcome(rushlight, RF, code)[0] is outcome(torch, TF, code)[0]
