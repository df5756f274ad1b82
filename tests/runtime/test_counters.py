"""What the engine does, counted: bytes moved, Programs built, keys reused, kernels called."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
import rushlight.runtime as runtime
from rushlight import nn, optim
from rushlight.graph import binding
from rushlight.nn import functional as F
from rushlight.runtime.counters import counters


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc3(F.relu(self.fc2(x)))


class Convolutional(nn.Module):
    """With dropout and batch normalisation: random state and buffers change in each step."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(4), nn.Dropout2d(0.2)
        )
        self.classifier = nn.Linear(4 * 36, 10)

    def forward(self, x):
        return self.classifier(F.dropout(self.features(x).flatten(1), training=self.training))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))


def batch(n=4, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 1, 28, 28)).astype(np.float32)
    return rushlight.from_numpy(x).clone(), rushlight.tensor(rng.integers(0, 10, n))


def one_step(net, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    return loss


NETS = {"lenet": LeNet, "convolutional": Convolutional, "mlp": mlp}
OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.01),
    "momentum": lambda p: optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4),
    "adam": lambda p: optim.Adam(p, lr=0.01),
    "adamw": lambda p: optim.AdamW(p, lr=0.01),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.01),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("net", NETS)
def test_programs_only_in_the_first_two_steps(net, optimizer):
    model = NETS[net]()
    opt = OPTIMIZERS[optimizer](model.parameters())
    scheduler = optim.lr_scheduler.ExponentialLR(opt, 0.9)
    made = []
    for step in range(6):
        x, y = batch(seed=step)
        rushlight.flush()
        before = counters.programs, counters.bindings
        one_step(model, opt, x, y)
        scheduler.step()
        made.append((counters.programs - before[0], counters.bindings - before[1]))
    assert made[0][0] > 0
    assert made[2:] == [(0, 0)] * 4


def test_a_smaller_last_batch_is_one_more_program():
    model, sizes = LeNet(), (4, 4, 4, 3, 4, 4, 3, 4, 3)
    opt = OPTIMIZERS["momentum"](model.parameters())
    made = []
    for step, n in enumerate(sizes):
        x, y = batch(n, step)
        rushlight.flush()
        before = counters.programs
        one_step(model, opt, x, y)
        made.append(counters.programs - before)
    assert made[2:] == [0, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("read", [False, True], ids=["unread", "item"])
def test_a_hundred_steps_use_the_same_keys(read):
    model = LeNet()
    opt = OPTIMIZERS["momentum"](model.parameters())
    x, y = batch(2)
    running = 0.0
    for step in range(100):
        loss = one_step(model, opt, x, y)
        if read:
            running += loss.item()
        if step == 2:
            before = counters.bindings, counters.programs, counters.flushes
    made = counters.bindings - before[0], counters.programs - before[1]
    assert made == (0, 0)
    assert counters.flushes - before[2] <= 2 * 97


def test_slices_of_a_data_set_are_one_program():
    data, weight = rushlight.rand(256, 3), rushlight.rand(3)
    rushlight.flush()
    made = []
    for i in range(0, 256, 64):
        before = counters.programs, counters.bindings
        total = (data[i : i + 64] * weight).sum()
        total.item()
        made.append((counters.programs - before[0], counters.bindings - before[1]))
    assert made == [(1, 1), (0, 0), (0, 0), (0, 0)]


def test_python_scalars_are_arguments():
    x = rushlight.rand(5)
    rushlight.flush()
    (x * 0.5 + 0.25).tolist()
    before = counters.programs
    for k in range(5):
        (x * float(k) + (k + 0.5)).tolist()
    assert counters.programs == before


def test_row_writes_move_rows():
    rows, width = 20_000, 784
    table = rushlight.zeros(rows, width)
    row = rushlight.ones(width)
    rushlight.flush()
    before = counters.bytes_moved
    for i in range(rows):
        table[i] = row
    rushlight.flush()
    moved = counters.bytes_moved - before
    assert moved <= 2 * rows * width * 4
    assert table[:: rows - 1].sum().item() == 2 * width


def test_row_writes_between_reads_move_rows():
    table = rushlight.zeros(1000, 100)
    rushlight.flush()
    before = counters.bytes_moved
    for i in range(1000):
        table[i] += i
        assert table[i, 0].item() == i
    assert counters.bytes_moved - before <= 4 * 1000 * 100 * 4


def test_a_clone_is_copied_once():
    table = rushlight.zeros(1000, 100)
    rushlight.flush()
    before = counters.bytes_moved
    old = table.clone()
    for i in range(1000):
        table[i] = 1.0
    rushlight.flush()
    assert counters.bytes_moved - before <= 3 * 1000 * 100 * 4
    assert old.sum().item() == 0
    assert table.sum().item() == 100_000


def test_dropped_results_are_not_run():
    x = rushlight.rand(4)
    rushlight.flush()
    before = counters.steps
    for _ in range(10):
        x.exp().log().sin()
    rushlight.flush()
    assert counters.steps == before
    kept = x.exp()
    x.exp().log()
    rushlight.flush()
    assert counters.steps == before + 1
    assert kept.shape == (4,)


def test_recording_runs_nothing(monkeypatch):
    """A whole training step is recorded without one primitive being computed."""
    model = LeNet()
    opt = OPTIMIZERS["momentum"](model.parameters())
    for step in range(2):
        one_step(model, opt, *batch(seed=step))
    x, y = batch(seed=9)
    rushlight.flush()

    def forbidden(*args):
        raise AssertionError("something ran while recording")

    with monkeypatch.context() as patch:
        patch.setattr(runtime, "execute", forbidden)
        patch.setattr(binding, "execute", forbidden)
        opt.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        recorded = counters.nodes
        assert recorded
        with pytest.raises(AssertionError, match="ran while recording"):
            opt.step()


def test_null_backend_computes_nothing(monkeypatch):
    from rushlight.runtime.flags import flags

    x = rushlight.ones(3)
    rushlight.flush()
    monkeypatch.setattr(flags, "backend", "null")
    before = counters.steps
    assert (x + 1).tolist() == [0, 0, 0]
    assert counters.steps == before


def test_node_limit_is_a_safety_net(monkeypatch):
    from rushlight.runtime.flags import flags

    monkeypatch.setattr(flags, "node_limit", 50)
    x = rushlight.ones(())
    before = counters.flushes
    for _ in range(500):
        x = x + 1
    assert counters.flushes - before >= 9
    assert x.item() == 501


def test_nothing_new_for_the_same_structure_after_garbage():
    """Ids of dead Exprs are reused by Python; keys must not be."""
    for n in (3, 4, 3, 4):
        x = rushlight.ones(n)
        assert (x * 2).tolist() == [2] * n
        del x


def test_memory_stays_flat_with_an_unread_running_loss():
    import tracemalloc

    model = mlp()
    opt = OPTIMIZERS["momentum"](model.parameters())
    x, y = batch(2)
    running = rushlight.zeros(())
    sizes = []
    tracemalloc.start()
    try:
        for step in range(300):
            running += one_step(model, opt, x, y).detach()
            if step in (100, 299):
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[1] - sizes[0] < 60_000
    assert running.item() > 0


@pytest.mark.slow
def test_memory_stays_flat_for_ten_thousand_steps():
    import resource

    model = mlp()
    opt = OPTIMIZERS["adam"](model.parameters())
    x, y = batch(2)
    running = rushlight.zeros(())
    for step in range(10_000):
        running += one_step(model, opt, x, y).detach()
        if step == 1000:
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    late = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert late - early < 20_000
