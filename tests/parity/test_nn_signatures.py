"""Names, order and defaults of arguments are PyTorch's."""

from __future__ import annotations

import inspect

import pytest

torch = pytest.importorskip("torch")

from rushlight import nn  # noqa: E402

# Not there (yet): losses and layers that few scripts use, and what needs several devices.
MISSING_LAYERS = {
    "AdaptiveLogSoftmaxWithLoss",
    "CrossMapLRN2d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LinearCrossEntropyLoss",
    "LinearCrossEntropyOptions",
    "SyncBatchNorm",
    "UninitializedBuffer",
    "UninitializedParameter",
}


def arguments(function):
    """Names and defaults, in order."""
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, str(p.kind), p.default) for p in parameters]


def same(ours, theirs):
    """Whether two lists of arguments are equal, where defaults may be spelt differently."""
    if [a[:2] for a in ours] != [a[:2] for a in theirs]:
        return False
    return all(
        a[2] == b[2] or (callable(a[2]) and callable(b[2]))
        for a, b in zip(ours, theirs, strict=True)
    )


def public(namespace):
    return [name for name in dir(namespace) if not name.startswith("_")]


def documented_functions():
    for name in public(nn.functional):
        ours = getattr(nn.functional, name)
        theirs = getattr(torch.nn.functional, name, None)
        if inspect.isfunction(ours) and inspect.isfunction(theirs):
            try:
                inspect.signature(theirs)
            except ValueError:
                continue
            yield name


def layers():
    for name in public(torch.nn):
        layer = getattr(torch.nn, name)
        if inspect.isclass(layer) and not name.startswith("Lazy") and name not in MISSING_LAYERS:
            yield name


BY_DISPATCH = {"adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"}
BY_DISPATCH |= {"max_pool1d", "max_pool2d", "max_pool3d"}  # their signature is (*args, **kwargs)


@pytest.mark.parametrize("name", sorted(set(documented_functions()) - BY_DISPATCH))
def test_function(name):
    ours = arguments(getattr(nn.functional, name))
    theirs = arguments(getattr(torch.nn.functional, name))
    assert same(ours, theirs), (ours, theirs)


SHORTHANDS = {"Module", "Sequential", "Parameter", "Buffer", "Container", "RNN", "LSTM", "GRU"}
SHORTHANDS |= {"Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Tanhshrink", "Softmax2d"}


@pytest.mark.parametrize("name", sorted(set(layers()) - SHORTHANDS))
def test_layer(name):
    ours = arguments(getattr(nn, name).__init__)
    theirs = arguments(getattr(torch.nn, name).__init__)
    assert same(ours, theirs), (ours, theirs)


@pytest.mark.parametrize("name", sorted(set(layers()) - {"DataParallel"}))
def test_forward(name):
    ours, theirs = getattr(nn, name), getattr(torch.nn, name)
    if hasattr(theirs, "forward") and name not in {"Module", "LSTM", "GRU", "RNN", "RNNBase"}:
        names = [a[0] for a in arguments(theirs.forward)]
        assert [a[0] for a in arguments(ours.forward)] == names


@pytest.mark.parametrize("name", sorted(n for n in public(torch.nn.Module) if n in dir(nn.Module)))
def test_module_method(name):
    ours, theirs = getattr(nn.Module, name), getattr(torch.nn.Module, name)
    if inspect.isfunction(theirs) and name not in {"forward", "state_dict", "to"}:
        assert same(arguments(ours), arguments(theirs)), (arguments(ours), arguments(theirs))


@pytest.mark.parametrize("name", sorted(n for n in public(torch.nn.init) if n.endswith("_")))
def test_initialiser(name):
    ours = arguments(getattr(nn.init, name))
    assert same(ours, arguments(getattr(torch.nn.init, name)))
