"""Errors name the module they come from, and Module refuses what makes no sense."""

from __future__ import annotations

import pickle

import pytest

import rushlight as torch
from rushlight import nn


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU())
        self.fc1 = nn.Linear(400, 120)
        self.hidden = [nn.Linear(2, 3)]

    def forward(self, x):
        if x.dim() == 2:
            return self.hidden[0](x)
        if x.dim() == 5:
            raise ValueError("five")
        return self.fc1(self.features(x))


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.ReLU(), LeNet()])

    def forward(self, x):
        return self.blocks[1](x)


LINEAR = "Linear(in_features=400, out_features=120, bias=True)"
CONV = "Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))"


@pytest.mark.parametrize(
    ("module", "shape", "note"),
    [
        (LeNet(), (1, 1, 28, 28), f"in LeNet.fc1: {LINEAR}"),
        (Outer(), (1, 1, 28, 28), f"in Outer.blocks.1.fc1: {LINEAR}"),
        (Outer(), (1, 2, 28, 28), f"in Outer.blocks.1.features.0: {CONV}"),
        (LeNet(), (3, 3), "in LeNet.<Linear>: Linear(in_features=2, out_features=3, bias=True)"),
        (LeNet(), (1, 1, 1, 1, 1), "in LeNet"),
        (Outer(), (1, 1, 1, 1, 1), "in Outer.blocks.1: LeNet"),
        (nn.Linear(400, 120), (3, 3), f"in {LINEAR}"),
    ],
)
def test_error_names_the_module(module, shape, note):
    with pytest.raises((RuntimeError, ValueError)) as caught:
        module(torch.ones(*shape))
    assert [n for n in caught.value.__notes__ if n.startswith("in ")] == [note]


def test_message_is_untouched():
    with pytest.raises(RuntimeError) as caught:
        LeNet()(torch.ones(1, 1, 28, 28))
    assert str(caught.value).startswith(
        "mat1 and mat2 shapes cannot be multiplied (144x24 and 400x120)"
    )


def test_error_can_be_pickled():
    with pytest.raises(RuntimeError) as caught:
        Outer()(torch.ones(1, 1, 28, 28))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_second_call_makes_a_note_of_its_own():
    net = LeNet()
    for _ in range(2):
        with pytest.raises(RuntimeError) as caught:
            net(torch.ones(1, 1, 28, 28))
        assert sum(note.startswith("in ") for note in caught.value.__notes__) == 1


def test_missing_attribute():
    with pytest.raises(AttributeError, match=r"^'LeNet' object has no attribute 'foo'$"):
        LeNet().foo


def test_forward_is_required():
    class Empty(nn.Module):
        pass

    message = r'Module \[Empty\] is missing the required "forward" function'
    with pytest.raises(NotImplementedError, match=message):
        Empty()(1)


def test_init_is_required():
    class Early(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        Early()


def test_load_state_dict_lists_everything():
    state = LeNet().state_dict()
    del state["fc1.bias"]
    state["extra"] = torch.ones(1)
    state["fc1.weight"] = torch.ones(2, 2)
    with pytest.raises(RuntimeError) as caught:
        LeNet().load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for LeNet:\n"
        '\tMissing key(s) in state_dict: "fc1.bias". \n'
        '\tUnexpected key(s) in state_dict: "extra". \n'
        "\tsize mismatch for fc1.weight: copying a param with shape torch.Size([2, 2]) from "
        "checkpoint, the shape in current model is torch.Size([120, 400])."
    )


def test_cuda_is_refused():
    with pytest.raises(AssertionError, match=r"^Torch not compiled with CUDA enabled"):
        LeNet().cuda()
