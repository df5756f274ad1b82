"""Random programs of views and in-place writes against eager NumPy memory, and PyTorch."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_programs import run

import rushlight

_SETTINGS = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("every_step", [True, False], ids=["eager", "lazy"])
@pytest.mark.parametrize("first_seed", range(0, 600, 200))
def test_seeded_programs(first_seed, every_step):
    for seed in range(first_seed, first_seed + 200):
        try:
            run(random.Random(seed).randrange, [rushlight], 30, every_step)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


def test_memory_read_where_it_lies(monkeypatch):
    """Memory shared with NumPy is not copied above a size; here all of it counts as large."""
    monkeypatch.setattr("rushlight.storage._COPY_LIMIT", 0)
    for seed in range(5000, 5200):
        run(random.Random(seed).randrange, [rushlight], 30, seed % 2 == 0)


@_SETTINGS
@given(st.data(), st.booleans())
def test_shrinking_programs(data, every_step):
    def pick(n: int) -> int:
        return data.draw(st.integers(0, n - 1)) if n > 1 else 0

    run(pick, [rushlight], 12, every_step)


@pytest.mark.parametrize("every_step", [True, False], ids=["eager", "lazy"])
def test_programs_against_pytorch(every_step):
    torch = pytest.importorskip("torch")
    for seed in range(1000, 1200):
        try:
            run(random.Random(seed).randrange, [torch, rushlight], 30, every_step)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
