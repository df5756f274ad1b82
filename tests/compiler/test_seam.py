"""Programs whose kernels are machine code give what the interpreter gives."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
from rushlight import nn, optim
from rushlight.graph.expr import leaf
from rushlight.graph.primitives import MATMUL, verify
from rushlight.graph.tape import record, value_of
from rushlight.nn import functional as F
from rushlight.runtime.counters import counters
from rushlight.runtime.flags import flags

pytest.importorskip("llvmlite")


@pytest.fixture
def compiled(monkeypatch):
    monkeypatch.setattr(flags, "backend", "compiler")


@pytest.mark.parametrize("dtype", [rushlight.float32, rushlight.float64])
@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((1, 1), (1, 1)),
        ((7, 13), (13, 5)),
        ((3, 1), (1, 17)),
        ((5, 0), (0, 4)),
        ((0, 3), (3, 4)),
        ((2, 31, 8), (2, 8, 16)),
        ((4, 1, 3, 5), (6, 5, 9)),
        ((17, 64), (64, 23)),
    ],
)
def test_matrix_products(a, b, dtype, compiled):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(a).astype(dtype.numpy)
    y = rng.standard_normal(b).astype(dtype.numpy)
    e = record(MATMUL, (leaf(x, dtype), leaf(y, dtype)))
    verify(e)
    got = value_of(e)
    tolerance = 1e-5 if dtype is rushlight.float32 else 1e-12
    np.testing.assert_allclose(got, np.matmul(x, y), rtol=tolerance, atol=tolerance)


def test_matrix_products_keep_nan_and_infinity(compiled):
    a = rushlight.tensor([[np.inf, 1.0], [np.nan, 2.0], [0.0, 0.0]])
    b = rushlight.tensor([[1.0, 0.0], [1.0, 2.0]])
    got = (a @ b).numpy()
    np.testing.assert_array_equal(got, [[np.inf, np.nan], [np.nan, np.nan], [0, 0]])


def test_a_chain_is_one_kernel(compiled):
    x = rushlight.rand(5, 11)
    rushlight.flush()
    before = counters.kernels_compiled
    y = ((x + x) * x - x).abs()
    assert y.sum().item() > 0
    assert counters.kernels_compiled == before + 1


def test_the_same_training_as_interpreted(monkeypatch):
    def train():
        rushlight.manual_seed(0)
        net = nn.Sequential(nn.Linear(7, 13), nn.ReLU(), nn.Linear(13, 3))
        optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(rushlight.rand(6, 7)), rushlight.tensor([0, 1, 2, 0, 1, 2]))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    interpreted = train()
    before = counters.kernels_compiled
    monkeypatch.setattr(flags, "backend", "compiler")
    # Programs are kept by structure alone, so this one must differ: the interpreter's are dropped.
    monkeypatch.setattr("rushlight.graph.binding._programs", {})
    monkeypatch.setattr("rushlight.graph.tape._root", type(rushlight.graph.tape._root)((), None))
    rushlight.graph.tape.local.tape = rushlight.graph.tape.Tape()
    assert train() == pytest.approx(interpreted, rel=1e-5)
    assert counters.kernels_compiled > before
