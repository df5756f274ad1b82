"""Random operators without PyTorch: its numbers for seed 42, and how draws meet laziness."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

import rushlight as r
from rushlight.random import fork_rng


def test_the_numbers_of_seed_42():
    assert r.manual_seed(42) is r.default_generator
    assert r.dropout(r.arange(1.0, 9.0), 0.5, True).tolist() == [2, 4, 6, 8, 0, 12, 0, 0]
    assert r.bernoulli(r.full((6,), 0.5)).tolist() == [0, 0, 1, 0, 1, 1]
    assert r.multinomial(r.tensor([0.1, 0.2, 0.3, 0.4]), 3).tolist() == [3, 0, 2]
    assert r.randperm(6).tolist() == [0, 1, 5, 4, 2, 3]
    golden = ["-0x1.6e0e8c0000000p-1", "0x1.06307a0000000p-3", "-0x1.484ca00000000p-3"]
    assert r.randn(3).tolist() == pytest.approx([float.fromhex(g) for g in golden], rel=1e-6)


def test_draws_that_nobody_reads_still_count():
    r.manual_seed(0)
    whole = r.rand(10).tolist()
    r.manual_seed(0)
    r.rand(4)
    r.empty(3).uniform_()
    assert r.rand(3).tolist() == whole[7:]


def test_program_order_holds_however_values_are_read():
    r.manual_seed(0)
    a, b = r.rand(3), r.rand(3)
    later = b.tolist()
    earlier = a.tolist()
    r.manual_seed(0)
    assert r.rand(6).tolist() == earlier + later


def test_seeding_does_not_reach_draws_recorded_before():
    r.manual_seed(1)
    a = r.rand(3)
    r.manual_seed(2)
    b = r.rand(3)
    r.manual_seed(1)
    assert r.rand(3).tolist() == a.tolist() != b.tolist()


def test_recording_runs_nothing():
    r.manual_seed(0)
    r.flush()
    steps = r.counters.steps
    r.dropout(r.randn(20, 20), 0.5, True)
    r.randperm(100)
    assert r.counters.steps == steps


def test_dropout_makes_no_new_programs_when_p_changes():
    x = r.ones(8, 8)

    def step(p):
        return r.dropout(x, p, True).sum().item()

    step(0.1), step(0.2)
    programs = r.counters.programs
    for i in range(20):
        step(0.1 + i / 50)
    assert r.counters.programs == programs


def test_a_failed_check_leaves_the_generator_intact():
    r.manual_seed(3)
    bad = r.bernoulli(r.ones(2) * 2)
    with pytest.raises(RuntimeError, match="p_in"):
        bad.tolist()
    after = r.rand(2).tolist()
    r.manual_seed(3)
    assert r.rand(4).tolist()[2:] == after


def test_fork_rng():
    r.manual_seed(4)
    with fork_rng():
        first = r.rand(2).tolist()
    assert r.rand(2).tolist() == first
    with fork_rng(enabled=False):
        second = r.rand(2).tolist()
    assert second != first
    assert r.rand(2).tolist() != second


def test_default_generator_differs_between_processes():
    code = "import rushlight as r; print(r.initial_seed(), r.rand(2).tolist())"
    found = {subprocess.check_output([sys.executable, "-c", code]) for _ in range(2)}
    assert len(found) == 2


def test_import_does_not_load_numpy_random():
    # NumPy loads it lazily from 2.3 on; where it does not, there is nothing to save.
    code = (
        "import sys, numpy; a = 'numpy.random' in sys.modules; import rushlight.random;"
        "print(a, 'numpy.random' in sys.modules)"
    )
    before, after = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert before == after


def test_threads_share_the_default_generator():
    r.manual_seed(0)
    errors = []

    def work():
        try:
            for i in range(150):
                drawn = r.rand(3)
                if i % 7 == 0:
                    drawn.sum().item()
        except BaseException as error:
            errors.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(interval)
    assert not errors
    state = r.get_rng_state().tolist()
    r.manual_seed(0)
    r.rand(4 * 150 * 3)
    assert r.get_rng_state().tolist() == state
