"""Memory that NumPy can reach, above the size that ops copy: the op runs before it returns."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl

N = 1 << 19  # float32: 2 MB


@pytest.fixture
def shared() -> tuple[np.ndarray, rl.Tensor]:
    array = np.ones(N, np.float32)
    return array, rl.from_numpy(array)


def test_an_op_reads_the_values_of_its_call(shared: tuple[np.ndarray, rl.Tensor]) -> None:
    array, x = shared
    results = [x * 2, x.sum(), x.clone(), x.view(2, -1)[0] + 0, x.reshape(2, -1).t() + 0]
    array[:] = 7
    assert [float(r.reshape(-1)[0]) for r in results] == [2.0, float(N), 1.0, 1.0, 1.0]
    assert float(x[0]) == 7.0


def test_functional_updates_leave_it_alone(shared: tuple[np.ndarray, rl.Tensor]) -> None:
    array, x = shared
    out = x.scatter(0, rl.tensor([0, 1]), 5.0)
    assert out[:3].tolist() == [5.0, 5.0, 1.0]
    assert array[:3].tolist() == [1.0, 1.0, 1.0]


def test_writes_land_before_the_call_returns(shared: tuple[np.ndarray, rl.Tensor]) -> None:
    array, x = shared
    x.mul_(3)
    assert array[0] == 3.0
    x.copy_(x + 1)
    assert array[-1] == 4.0


def test_saved_values_are_those_of_the_call(shared: tuple[np.ndarray, rl.Tensor]) -> None:
    array, x = shared
    w = rl.tensor(2.0, requires_grad=True)
    loss = (w * x).sum()
    array[:] = 100
    loss.backward()
    assert float(w.grad) == N


def test_picking_rows_moves_only_the_rows(shared: tuple[np.ndarray, rl.Tensor]) -> None:
    array, x = shared
    rows = x.view(-1, 8)
    picked = rows[rl.tensor([0, 2])]
    array[:] = 9
    assert picked.tolist() == [[1.0] * 8] * 2
    assert rows[1].tolist() == [9.0] * 8
