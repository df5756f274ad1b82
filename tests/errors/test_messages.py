"""The commonest mistakes: PyTorch's exception and wording, then module, shapes and repair."""

from __future__ import annotations

import traceback

import pytest

import rushlight


def mistakes(m):
    """Name and call of each mistake, for a module with PyTorch's API."""
    nn, F = m.nn, m.nn.functional

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 4, 3)
            self.fc1 = nn.Linear(144, 10)

        def forward(self, x):
            return self.fc1(self.conv1(x))

    class Stack(nn.Module):
        def __init__(self):
            super().__init__()
            self.stack = nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))

        def forward(self, x):
            return self.stack(x)

    net, stack = Net(), Stack()
    w = m.ones(3, requires_grad=True)

    def twice():
        loss = (w * w).sum()
        loss.backward()
        loss.backward()

    def through_numpy():
        return m.tensor(w.detach().numpy()).sum().backward()

    return {
        "forgotten flatten": lambda: net(m.rand(2, 1, 8, 8)),
        "forgotten flatten of the input": lambda: stack(m.rand(2, 1, 28, 28)),
        "channels": lambda: net(m.rand(2, 3, 8, 8)),
        "channels last": lambda: net(m.rand(2, 8, 8, 1)),
        "an image without its channel": lambda: net(m.rand(8, 8)),
        "matrix product": lambda: m.rand(2, 3) @ m.rand(4, 5),
        "sum of shapes": lambda: m.rand(2, 3) + m.rand(2, 4),
        "float labels": lambda: F.cross_entropy(m.rand(4, 10), m.rand(4)),
        "label too large": lambda: F.cross_entropy(m.rand(4, 10), m.tensor([0, 1, 2, 10])),
        "batch sizes": lambda: F.cross_entropy(m.rand(4, 10), m.zeros(5, dtype=m.int64)),
        "second backward": twice,
        "write to a leaf": lambda: w.add_(1),
        "write to a view of a leaf": lambda: w[0].zero_(),
        "vector backward": lambda: (w * 2).backward(),
        "history lost": through_numpy,
        "numpy with grad": lambda: w.numpy(),
        "item of many": lambda: m.rand(3).item(),
        "truth of many": lambda: bool(m.rand(3)),
        "view across strides": lambda: m.rand(4, 3).t().view(12),
        "reshape": lambda: m.rand(4, 3).reshape(5),
        "cat": lambda: m.cat([m.rand(2, 3), m.rand(2, 4)]),
        "stack": lambda: m.stack([m.rand(2, 3), m.rand(2, 4)]),
        "integers into a layer": lambda: stack(m.zeros(2, 784, dtype=m.int64)),
        "doubles into a layer": lambda: stack(m.zeros(2, 784, dtype=m.float64)),
        "embedding index": lambda: nn.Embedding(10, 3)(m.tensor([11])),
        "index": lambda: m.rand(3)[5],
        "too many indices": lambda: m.rand(3)[0, 1],
        "dimension": lambda: m.rand(3).sum(2),
        "gpu": lambda: stack.to("cuda"),
        "no parameters": lambda: m.optim.SGD([], lr=0.1),
        "state dict": lambda: stack.load_state_dict({"a": m.rand(2)}),
        "ragged list": lambda: m.tensor([[1, 2], [3]]),
        "mean of integers": lambda: m.tensor([1, 2]).mean(),
        "list into a layer": lambda: stack([1, 2]),
        "window too large": lambda: nn.Conv2d(1, 1, 5)(m.rand(1, 1, 3, 3)),
        "attribute": lambda: net.fc9,
        "float into integers": lambda: m.tensor([1, 2]).add_(1.5),
        "growing in place": lambda: m.rand(3).add_(m.rand(2, 3)),
    }


def raised(mistake):
    with pytest.raises(Exception) as info:
        mistake()
    return info.value


def told(error):
    """Everything that the user reads below the traceback."""
    return "\n".join([str(error), *getattr(error, "__notes__", [])])


OURS = mistakes(rushlight)


@pytest.mark.parametrize("name", OURS)
def test_type_and_beginning_are_pytorchs(name):
    torch = pytest.importorskip("torch")
    ours, theirs = raised(OURS[name]), raised(mistakes(torch)[name])
    assert type(ours).__name__ == type(theirs).__name__
    beginning = str(theirs).split("\n")[0][:60]
    assert str(ours).startswith(beginning)


@pytest.mark.parametrize(
    ("name", "kind", "parts"),
    [
        (
            "forgotten flatten",
            RuntimeError,
            ["48x6 and 144x10", "Net.fc1", "flatten", "[2, 4, 6, 6]"],
        ),
        ("forgotten flatten of the input", RuntimeError, ["Stack.stack.0", "784", "flatten"]),
        ("channels", RuntimeError, ["Net.conv1", "[2, 3, 8, 8]", "1 channels", "3 channels"]),
        ("channels last", RuntimeError, ["Net.conv1", "permute(0, 3, 1, 2)"]),
        ("an image without its channel", RuntimeError, ["Net.conv1", "[8, 8]"]),
        ("matrix product", RuntimeError, ["2x3 and 4x5"]),
        ("sum of shapes", RuntimeError, ["dimension 1", "[2, 3] and [2, 4]"]),
        ("float labels", RuntimeError, ["Float", "target.long()"]),
        ("label too large", IndexError, ["Target 10", "10 classes", "0 to 9"]),
        ("second backward", RuntimeError, ["retain_graph=True"]),
        ("write to a leaf", RuntimeError, ["in-place", "with torch.no_grad():"]),
        ("write to a view of a leaf", RuntimeError, ["in-place", "with torch.no_grad():"]),
        ("vector backward", RuntimeError, ["scalar outputs", "[3]", ".mean()", "gradient="]),
        ("history lost", RuntimeError, ["does not require grad", ".detach()"]),
        ("numpy with grad", RuntimeError, [".detach().numpy()"]),
        ("truth of many", RuntimeError, ["ambiguous", ".any()", ".all()"]),
        ("view across strides", RuntimeError, [".reshape("]),
        ("integers into a layer", RuntimeError, ["Stack.stack.0", "Long", ".to(torch.float32)"]),
        ("doubles into a layer", RuntimeError, ["Stack.stack.0", "Double", ".to(torch.float32)"]),
        ("embedding index", IndexError, ["Embedding(10, 3)", "11", "10 entries"]),
        ("gpu", AssertionError, ["CPU", "cuda.is_available()"]),
        ("list into a layer", TypeError, ["Stack.stack.0", "must be Tensor, not list"]),
    ],
)
def test_messages_help(name, kind, parts):
    error = raised(OURS[name])
    assert type(error) is kind
    for part in parts:
        assert part in told(error)


@pytest.mark.parametrize("name", OURS)
def test_the_users_line_is_in_the_traceback(name):
    """What is wrong with shapes and dtypes is found in the call, not when values are computed."""
    error = raised(OURS[name])
    assert any(
        frame.filename == __file__ for frame in traceback.extract_tb(error.__traceback__)[1:]
    )


def test_what_fails_later_names_the_users_line():
    scores = rushlight.rand(3, 4)
    labels = rushlight.arange(3) + 2  # not known before it is computed
    line = traceback.extract_stack()[-1].lineno + 1
    loss = rushlight.nn.functional.nll_loss(scores, labels)
    with pytest.raises(IndexError, match="4 is out of bounds") as info:
        loss.item()
    assert f"{__file__}:{line}" in told(info.value)
