"""Layers without PyTorch: its initial weights for a seed, its repr, training and round trips."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest

import rushlight as torch
from rushlight import nn

INITIAL = [
    ("nn.Linear(3, 2)", [-0.004323, 0.309716, -0.475185, -0.424895, -0.222369, 0.154821]),
    ("nn.Conv2d(1, 1, 2)", [-0.003743, 0.268222, -0.411523, -0.36797]),
    ("nn.Embedding(3, 2, padding_idx=0)", [0.0, 0.0, -2.178789, 0.568431, -1.084522, -1.398595]),
    ("nn.GRUCell(1, 1)", [-0.007487, 0.536444, -0.823045]),
    ("nn.ConvTranspose1d(1, 2, 2)", [-0.003743, 0.268222, -0.411523, -0.36797]),
    ("nn.Bilinear(1, 2, 1)", [-0.007487, 0.536444]),
    ("nn.PReLU(2)", [0.25, 0.25]),
    ("nn.LayerNorm(2)", [1.0, 1.0]),
]


@pytest.mark.parametrize(("source", "first"), INITIAL)
def test_initial_weights(source, first):
    torch.manual_seed(0)
    layer = eval(source)
    parameter = next(layer.parameters())
    assert parameter.flatten().tolist() == pytest.approx(first, abs=1e-6)
    assert parameter.requires_grad
    assert parameter.is_leaf


def test_attention_initialises_in_pytorchs_order():
    torch.manual_seed(0)
    layer = nn.MultiheadAttention(2, 1)
    expected = [-0.005294, 0.379323, -0.581981, -0.520387]
    assert layer.out_proj.weight.flatten().tolist() == pytest.approx(expected, abs=1e-6)
    expected = [-0.017159, 0.686662, -0.076855]
    assert layer.in_proj_weight.flatten().tolist()[:3] == pytest.approx(expected, abs=1e-6)


def test_recurrent_output():
    torch.manual_seed(0)
    layer = nn.LSTM(2, 2)
    out, (h, c) = layer(torch.tensor([[0.5, -1.0], [1.5, 0.25]]))
    expected = [-0.17518, 0.066599, -0.156169, -0.01071]
    assert out.flatten().tolist() == pytest.approx(expected, abs=2e-6)
    assert h.shape == c.shape == (1, 2)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout2d(0.25)
        self.blocks = nn.ModuleList([nn.Linear(16, 8), nn.Linear(16, 8)])
        self.head = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(8, 3, bias=False))

    def forward(self, x):
        x = self.drop(self.norm(self.conv(x)).relu()).amax(1).flatten(1)
        return self.head(self.blocks[0](x) + self.blocks[1](x))


def test_repr():
    assert repr(Net()) == (
        "Net(\n"
        "  (conv): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))\n"
        "  (norm): BatchNorm2d(4, eps=1e-05, momentum=0.1, affine=True, bias=True, "
        "track_running_stats=True)\n"
        "  (drop): Dropout2d(p=0.25, inplace=False)\n"
        "  (blocks): ModuleList(\n"
        "    (0-1): 2 x Linear(in_features=16, out_features=8, bias=True)\n"
        "  )\n"
        "  (head): Sequential(\n"
        "    (0): ReLU(inplace=True)\n"
        "    (1): Linear(in_features=8, out_features=3, bias=False)\n"
        "  )\n"
        ")"
    )


def test_training_lowers_the_loss_and_round_trips():
    torch.manual_seed(0)
    net = Net()
    x, y = torch.randn(12, 1, 4, 4), torch.randint(0, 3, (12,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert net.norm.num_batches_tracked.item() == 30
    net.eval()
    twin = Net().eval()
    assert str(twin.load_state_dict(net.state_dict())) == "<All keys matched successfully>"
    assert torch.equal(twin(x), net(x))
    assert torch.equal(copy.deepcopy(net)(x), net(x))


def test_dropout_follows_the_mode():
    net = nn.Sequential(nn.Dropout(0.5), nn.AlphaDropout(0.5), nn.Dropout2d(0.5))
    x = torch.randn(4, 3, 2, 2)
    assert not torch.equal(net(x), x)
    assert torch.equal(net.eval()(x), x)
    assert not net[0].training


def test_state_dict_shares_memory():
    net = nn.Linear(2, 2)
    net.state_dict()["weight"].zero_()
    assert net.weight.tolist() == [[0, 0], [0, 0]]


def test_shared_parameters_are_counted_once():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_hook_handles():
    seen = []
    net = nn.Linear(1, 1)
    with net.register_forward_hook(lambda m, args, out: seen.append(1)):
        net(torch.ones(1))
    net(torch.ones(1))
    assert seen == [1]


def test_full_backward_hook_replaces_gradients():
    net = nn.Tanh()
    net.register_full_backward_pre_hook(lambda m, grads: (grads[0] * 2,))
    net.register_full_backward_hook(lambda m, grad_in, grad_out: (grad_out[0] * 10,))
    x = torch.zeros(3, requires_grad=True)
    net(x).sum().backward()
    assert x.grad.tolist() == [20, 20, 20]


def test_modules_form_no_cycles():
    gc.disable()
    try:
        net = Net()
        net(torch.randn(2, 1, 4, 4)).sum().backward()
        grave = weakref.ref(net)
        del net
        assert grave() is None
    finally:
        gc.enable()


def test_packed_batches_ignore_padding():
    torch.manual_seed(0)
    layer = nn.GRU(2, 3, bidirectional=True)
    items = [torch.randn(n, 2) for n in (4, 2, 1)]
    packed = nn.utils.rnn.pack_sequence(items)
    out, last = layer(packed)
    padded, lengths = nn.utils.rnn.pad_packed_sequence(out)
    assert lengths.tolist() == [4, 2, 1]
    for column, item in enumerate(items):
        alone, state = layer(item)
        got = padded[: len(item), column]
        assert torch.allclose(got, alone, atol=1e-6)
        assert torch.allclose(last[:, column], state, atol=1e-6)
        assert not padded[len(item) :, column].any()


def test_buffers():
    net = nn.Module()
    net.register_buffer("kept", torch.ones(1))
    net.register_buffer("scratch", torch.ones(1), persistent=False)
    net.more = nn.Buffer(torch.ones(2))
    net.less = nn.Buffer(torch.ones(2), persistent=False)
    assert list(net.state_dict()) == ["kept", "more"]
    assert [name for name, _ in net.named_buffers()] == ["kept", "scratch", "more", "less"]
    assert copy.deepcopy(net).less.persistent is False
