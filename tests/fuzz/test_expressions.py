"""Random graphs of primitives through the interpreter and through compiled kernels."""

from __future__ import annotations

import random

import numpy as np
import pytest
from expression_programs import COMPILED, KINDS, Graph
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rushlight.graph import primitives
from rushlight.runtime.counters import counters
from rushlight.runtime.flags import flags

# Which have tests of their own, because their operands must fit each other in particular ways.
ELSEWHERE = {"matmul", "polygamma", "zeta", "gcd", "lcm", "sinc", "i0", "i0e", "i1", "i1e"}


def _run(pick, kinds, count, hold_all):
    with np.errstate(all="ignore"):
        graph = Graph(pick)
        for _ in range(count):
            graph.one_of(kinds)(graph)
        used = {line.split()[0] for line in graph.log}
        graph.check(hold_all)
    return used


def _run_seeds(seeds, kinds):
    used = set()
    for seed in seeds:
        rng = random.Random(seed)
        try:
            used |= _run(rng.randrange, kinds, 25, hold_all=seed % 2 == 0)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
    return used


def test_interpreter():
    used = _run_seeds(range(600), KINDS)
    written = {
        row.name
        for row in vars(primitives).values()
        if isinstance(row, primitives.Primitive)
        and row.kind in ("elementwise", "reduce", "movement")
    }
    assert not written - used - ELSEWHERE


@pytest.mark.parametrize("first", [0, 40])
def test_compiled(first, monkeypatch):
    pytest.importorskip("llvmlite")
    monkeypatch.setattr(flags, "backend", "compiler")
    before = counters.kernels_compiled
    _run_seeds(range(first, first + 40), COMPILED)
    assert counters.kernels_compiled > before + 40


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_shrinking_graphs(data):
    def pick(n: int) -> int:
        return data.draw(st.integers(0, n - 1)) if n > 1 else 0

    _run(pick, KINDS, 8, hold_all=bool(pick(2)))
