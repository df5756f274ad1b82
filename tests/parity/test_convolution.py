"""Convolution, fold and unfold against PyTorch: values, gradients, second gradients, errors."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import rushlight
from rushlight.ops import convolution as ops

torch = pytest.importorskip("torch")
TF = torch.nn.functional
RF = SimpleNamespace(
    conv1d=rushlight.conv1d,
    conv2d=rushlight.conv2d,
    conv_transpose2d=rushlight.conv_transpose2d,
    fold=ops.fold,
    unfold=ops.unfold,
)

SPATIAL = (7, 6, 5)


def pair(array, requires_grad=False):
    ours, theirs = rushlight.tensor(array), torch.tensor(array)
    if requires_grad:
        ours.requires_grad_()
        theirs.requires_grad_()
    return ours, theirs


def close(ours, theirs, **tolerance):
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), **tolerance)


def check(name, arrays, **options):
    """Values, all first gradients, and the gradients of a function of those."""
    pairs = [pair(a, True) for a in arrays]
    results = []
    for module, side in ((rushlight, 0), (torch, 1)):
        operands = [p[side] for p in pairs]
        y = getattr(module, name)(*operands, **options)
        weights = module.arange(y.numel(), dtype=y.dtype).reshape(y.shape) * 0.01 - 0.3
        first = module.autograd.grad((y * y * weights).sum(), operands, create_graph=True)
        total = sum((g * g).sum() for g in first)
        second = module.autograd.grad(total, operands)
        results.append((y, *first, *second))
        assert type(y.grad_fn).__name__ == "ConvolutionBackward0"
        parents = [type(f).__name__ for f, _ in y.grad_fn.next_functions[1 : len(operands)]]
        assert parents == ["AccumulateGrad"] * (len(operands) - 1)
    for ours, theirs in zip(*results, strict=True):
        close(ours, theirs, rtol=1e-9, atol=1e-9)


def arrays(dims, kernel, channels, outputs, bias, transposed=False, groups=1):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, channels, *SPATIAL[:dims]))
    size = (channels, outputs // groups) if transposed else (outputs, channels // groups)
    w = rng.standard_normal((*size, *kernel[:dims]))
    return [x, w, rng.standard_normal(outputs)] if bias else [x, w]


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        ((3, 3, 3), {}),
        ((3, 2, 1), {"stride": 2}),
        ((3, 3, 2), {"padding": 1, "dilation": 2}),
        ((2, 3, 2), {"stride": 2, "padding": 2, "groups": 2}),
        ((1, 1, 1), {"groups": 4}),
    ],
)
def test_conv(dims, kernel, options):
    groups = options.get("groups", 1)
    for bias in (False, True):
        check(f"conv{dims}d", arrays(dims, kernel, 4, 8, bias, groups=groups), **options)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("kernel", [(3, 3), (4, 2)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_conv_with_named_padding(kernel, padding):
    check("conv2d", arrays(2, kernel, 2, 3, True), padding=padding, dilation=(1, 2))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stride": 2, "padding": 1, "output_padding": 1},
        {"stride": 3, "groups": 2},
        {"dilation": 3, "output_padding": 2, "padding": 1},
        {"stride": 2, "output_padding": 1},
    ],
)
def test_conv_transpose(dims, options):
    groups = options.get("groups", 1)
    for bias in (False, True):
        data = arrays(dims, (3, 2, 3), 4, 6, bias, transposed=True, groups=groups)
        check(f"conv_transpose{dims}d", data, **options)


@pytest.mark.parametrize("name", ["conv1d", "conv2d", "conv3d"])
def test_unbatched(name):
    dims = int(name[4])
    x, w = arrays(dims, (3, 3, 3), 2, 3, False)
    ours, theirs = pair(x[0], True)
    w = pair(w)
    y = getattr(rushlight, name)(ours, w[0])
    z = getattr(torch, name)(theirs, w[1])
    assert type(y.grad_fn).__name__ == type(z.grad_fn).__name__ == "SqueezeBackward1"
    close(y, z, rtol=1e-12)
    y.sum().backward()
    z.sum().backward()
    close(ours.grad, theirs.grad, rtol=1e-12)


def test_float32_sums_and_integers():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((4, 16, 20, 20)), rng.standard_normal((8, 16, 5, 5))
    x, w = pair(x.astype(np.float32)), pair(w.astype(np.float32))
    close(rushlight.conv2d(x[0], w[0]), torch.conv2d(x[1], w[1]), rtol=1e-4, atol=1e-4)
    x, w = pair(rng.integers(-9, 9, (2, 3, 6, 6))), pair(rng.integers(-9, 9, (2, 3, 3, 3)))
    close(rushlight.conv2d(x[0], w[0]), torch.conv2d(x[1], w[1]))


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_narrow_dtypes(name):
    rng = np.random.default_rng(0)
    x, w = pair(rng.integers(-3, 4, (2, 3, 6, 6)) * 0.5), pair(rng.integers(-3, 4, (2, 3, 3, 3)))
    d, e = getattr(rushlight, name), getattr(torch, name)
    ours = rushlight.conv2d(x[0].to(d), w[0].to(d))
    theirs = torch.conv2d(x[1].to(e), w[1].to(e))
    assert ours.dtype == d
    close(ours.float(), theirs.float())


def test_strided_operands():
    rng = np.random.default_rng(0)
    x, w = pair(rng.standard_normal((6, 7, 2, 3))), pair(rng.standard_normal((3, 3, 2, 4)))
    ours = rushlight.conv2d(x[0].permute(3, 2, 0, 1), w[0].permute(3, 2, 1, 0))
    theirs = torch.conv2d(x[1].permute(3, 2, 0, 1), w[1].permute(3, 2, 1, 0))
    close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_empty_batch():
    w = pair(np.ones((3, 2, 3, 3)), True)
    for module, side in ((rushlight, 0), (torch, 1)):
        y = module.conv2d(module.zeros(0, 2, 5, 5, dtype=module.float64), w[side])
        assert tuple(y.shape) == (0, 3, 3, 3)
        y.sum().backward()
    close(w[0].grad, w[1].grad)


ERRORS = [
    "F.conv2d(r(1,3,32,32), r(6,1,5,5))",
    "F.conv2d(r(1,1,4,4), r(6,1,5,5))",
    "F.conv2d(r(1,1,2,2), r(6,1,3,3), padding=1, dilation=3)",
    "F.conv2d(r(1,1,4,4), r(6,1,5,5), padding=-1)",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), stride=0)",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), dilation=0)",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), r(5))",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), r(6,1))",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), groups=0)",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), groups=4)",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), groups=8)",
    "F.conv2d(r(1,4,8,8), r(8,2,5,5), groups=4)",
    "F.conv2d(r(8,8), r(6,1,5,5))",
    "F.conv2d(r(1,1,1,8,8), r(6,1,5,5))",
    "F.conv2d(r(1,1,8,8), r(6,1,5))",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), stride=(1,2,3))",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), padding='same', stride=2)",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), padding='foo')",
    "F.conv2d(r(1,1,8,8), r(6,1,5,5), r(6).double())",
    "F.conv1d(r(8), r(6,1,5))",
    "F.conv_transpose2d(r(1,3,8,8), r(6,1,5,5))",
    "F.conv_transpose2d(r(1,6,8,8), r(6,2,5,5), r(3))",
    "F.conv_transpose2d(r(1,6,8,8), r(6,1,5,5), stride=2, output_padding=-1)",
    "F.conv_transpose2d(r(1,6,1,1), r(6,1,2,2), padding=3)",
    "F.conv_transpose2d(r(1,7,8,8), r(7,1,5,5), groups=2)",
    "F.unfold(r(1,2,8,8), 9)",
    "F.fold(r(1,17,36), (8,8), 3)",
    "F.fold(r(1,18,35), (8,8), 3)",
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
    assert ours.startswith(message.rstrip("."))


@pytest.mark.parametrize(
    "code",
    [
        "F.conv2d(r(1,1,8,8), r(6,1,5,5).double())",
        "F.conv2d(r(1,1,8,8), 3)",
        "F.conv2d(None, r(1,1,8,8))",
        "F.conv2d(r(1,1,8,8), r(6,1,5,5), stride=1.5)",
        "F.conv2d(r(1,1,8,8), r(6,1,0,4))",
        "F.conv_transpose2d(r(1,6,8,8), r(6,1,5,5), output_padding=1)",
        "F.unfold(r(1,2,8,8), 0)",
        "F.unfold(r(1,2,8,8), 2, stride=0)",
        "F.unfold(r(1,2,8,8), 2, padding=-1)",
    ],
)
def test_error_types(code):
    assert outcome(rushlight, RF, code)[0] is outcome(torch, TF, code)[0]


def test_channels_last_hint():
    with pytest.raises(RuntimeError, match=r"permute\(0, 3, 1, 2\)"):
        rushlight.conv2d(rushlight.ones(1, 8, 8, 3), rushlight.ones(6, 3, 5, 5))


@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("options", [{}, {"dilation": (1, 2), "padding": (2, 1), "stride": (2, 1)}])
def test_unfold_and_fold(batch, options):
    data = np.random.default_rng(0).standard_normal((*batch, 3, 8, 9))
    x, z = pair(data, True)
    ours, theirs = ops.unfold(x, (3, 2), **options), TF.unfold(z, (3, 2), **options)
    assert type(ours.grad_fn).__name__ == type(theirs.grad_fn).__name__
    close(ours, theirs)
    y, w = pair(np.random.default_rng(1).standard_normal(theirs.shape), True)
    images = ops.fold(y, (8, 9), (3, 2), **options), TF.fold(w, (8, 9), (3, 2), **options)
    assert type(images[0].grad_fn).__name__ == type(images[1].grad_fn).__name__
    close(*images, rtol=1e-12, atol=1e-12)
    (ours**3).sum().backward()
    (theirs**3).sum().backward()
    close(x.grad, z.grad, rtol=1e-12, atol=1e-12)
    (images[0] ** 3).sum().backward()
    (images[1] ** 3).sum().backward()
    close(y.grad, w.grad, rtol=1e-12, atol=1e-12)
