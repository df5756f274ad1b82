"""``multiprocessing`` under PyTorch's name."""

from __future__ import annotations

from typing import Any

import pytest

import rushlight as rl
from rushlight import multiprocessing as mp
from rushlight.nn.modules.utils import _pair, _reverse_repeat_tuple


def _send(rank: int, queue: Any) -> None:
    queue.put((rl.ones(2) * (rank + 1)).tolist())


def _fail(rank: int) -> None:
    raise ValueError(f"rank {rank} has a problem")


def test_spawn_runs_and_joins() -> None:
    """Each process gets its number first."""
    queue = mp.get_context("spawn").SimpleQueue()
    mp.spawn(_send, args=(queue,), nprocs=1)
    assert queue.get() == [1.0, 1.0]


def test_spawn_raises_what_a_process_raised() -> None:
    """With its traceback in the message."""
    with pytest.raises(mp.ProcessRaisedException, match="rank 0 has a problem"):
        mp.spawn(_fail, nprocs=1)


def test_tuples_of_layers() -> None:
    """The helpers that layers in the wild import."""
    assert _pair(3) == (3, 3)
    assert _pair((1, 2)) == (1, 2)
    assert _reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)
