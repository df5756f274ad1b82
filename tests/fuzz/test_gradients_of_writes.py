"""Gradients of random programs with in-place writes against a functional formulation of them."""

from __future__ import annotations

import random

import pytest
from gradient_programs import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rushlight

_SETTINGS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _run_seeds(seeds, machines, oracle):
    refused = 0
    for seed in seeds:
        try:
            session = run(random.Random(seed).randrange, machines, oracle, 16)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        refused += session.alive.count(False)
    return refused


@pytest.mark.parametrize("first", [0, 150, 300])
def test_seeded_programs(first):
    assert _run_seeds(range(first, first + 150), [rushlight], rushlight) == 0


@_SETTINGS
@given(st.data())
def test_shrinking_programs(data):
    def pick(n: int) -> int:
        return data.draw(st.integers(0, n - 1)) if n > 1 else 0

    run(pick, [rushlight], rushlight, 8)


def test_programs_against_pytorch():
    """PyTorch computes the formulation, and runs the programs itself where it does not refuse."""
    torch = pytest.importorskip("torch")
    refused = _run_seeds(range(1000, 1250), [torch, rushlight], torch)
    assert 0 < refused < 200
