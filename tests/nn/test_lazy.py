"""Lazy layers: sizes from the first input, states, what an uninitialized parameter refuses."""

from __future__ import annotations

import copy

import pytest

import rushlight as rl
from rushlight import nn

pytestmark = pytest.mark.filterwarnings("ignore:Lazy modules are a new feature")


def test_network_becomes_ordinary() -> None:
    """After the first call the classes, sizes and outputs are those of ordinary layers."""
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2))
    assert repr(net[0]) == "LazyConv2d(0, 4, kernel_size=(3, 3), stride=(1, 1))"
    assert net(rl.ones(2, 3, 5, 5)).shape == (2, 2)
    assert [type(m) for m in net] == [nn.Conv2d, nn.BatchNorm2d, nn.Flatten, nn.Linear]
    assert net[0].weight.shape == (4, 3, 3, 3)
    assert type(net[3].weight) is nn.Parameter
    assert net[3].in_features == 36


def test_same_values_as_the_ordinary_layer() -> None:
    """Parameters are drawn when the shapes are known, as the ordinary layer draws them."""
    rl.manual_seed(3)
    lazy = nn.LazyLinear(3)
    lazy(rl.zeros(1, 4))
    rl.manual_seed(3)
    assert rl.equal(lazy.weight, nn.Linear(4, 3).weight)


def test_state_gives_the_shapes() -> None:
    """A state that is loaded initialises; one that is saved early keeps the parameters lazy."""
    lazy, full = nn.LazyLinear(3), nn.Linear(4, 3)
    assert type(lazy.state_dict()["weight"]) is nn.UninitializedParameter
    lazy.load_state_dict(full.state_dict())
    assert rl.equal(lazy(rl.ones(1, 4)), full(rl.ones(1, 4)))


def test_uninitialized_parameters_refuse() -> None:
    """Shape and values are errors that say what to do; dtype and copies work."""
    lazy = nn.LazyLinear(3)
    with pytest.raises(RuntimeError, match="Can't access the shape"):
        _ = lazy.weight.shape
    for use in (lambda: lazy.weight + 1, lazy.weight.numel, lambda: nn.init.zeros_(lazy.weight)):
        with pytest.raises(ValueError, match="Attempted to use an uninitialized parameter"):
            use()
    assert lazy.double().weight.dtype is rl.float64
    assert copy.deepcopy(lazy).has_uninitialized_params()
