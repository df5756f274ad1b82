"""Classes print under the names that scripts know; pickles and subclasses keep their own."""

from __future__ import annotations

import pickle

import rushlight as rl
from rushlight import nn


def test_types_print_as_in_pytorch() -> None:
    """``print(type(x))`` as the tutorials show it."""
    assert str(type(rl.ones(1))) == "<class 'torch.Tensor'>"
    assert str(type(rl.ones(1).shape)) == "<class 'torch.Size'>"
    assert str(type(rl.float32)) == "<class 'torch.dtype'>"
    assert str(type(rl.device("cpu"))) == "<class 'torch.device'>"
    assert str(nn.Parameter) == "<class 'torch.nn.parameter.Parameter'>"


def test_subclasses_and_pickles_keep_their_names() -> None:
    """A user's class is the user's; what is pickled names Rushlight."""

    class Mine(rl.Tensor):
        pass

    assert str(Mine).endswith("Mine'>")
    assert "torch" not in str(Mine)
    assert b"rushlight" in pickle.dumps(rl.Tensor)
    assert pickle.loads(pickle.dumps(rl.Tensor)) is rl.Tensor
