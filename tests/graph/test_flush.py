"""The flush: a transaction, seen from one thread, several, and a forked process."""

from __future__ import annotations

import gc
import os
import threading
import traceback

import pytest

import rushlight
from rushlight.graph.primitives import REGISTRY, verify


def _bad_index():
    """An index whose value is not known while recording."""
    return rushlight.arange(3) + 7


def test_a_pending_index_out_of_range_points_at_the_users_line():
    x = rushlight.rand(5)
    index = _bad_index()
    line = traceback.extract_stack()[-1].lineno + 1
    picked = x[index]
    with pytest.raises(IndexError, match="index 7 is out of bounds for dimension 0") as info:
        picked.tolist()
    assert f"{__file__}:{line}" in "".join(info.value.__notes__)


def test_a_failed_flush_changes_no_storage():
    x = rushlight.zeros(5)
    memory = rushlight.arange(5.0)
    rushlight.flush()
    memory.add_(1)
    bad = x[_bad_index()]
    x.add_(1)
    good = x * 2
    with pytest.raises(IndexError):
        rushlight.flush()
    assert memory.tolist() == [1, 2, 3, 4, 5]
    assert x.tolist() == [1] * 5
    assert good.tolist() == [2] * 5
    with pytest.raises(IndexError):
        bad.tolist()


def test_dependents_raise_again_and_the_rest_still_runs():
    x = rushlight.rand(5)
    bad = x[_bad_index()]
    dependent = bad.sum() * 2
    other = rushlight.ones(3) + 1
    with pytest.raises(IndexError):
        dependent.item()
    for _ in range(2):
        with pytest.raises(IndexError):
            dependent.item()
        with pytest.raises(IndexError):
            (dependent + 1).item()
        with pytest.raises(IndexError):
            bad.tolist()
    assert other.tolist() == [2, 2, 2]
    assert x.shape == (5,)
    assert x.tolist() == x.clone().tolist()


def test_a_failed_write_poisons_only_its_target():
    table = rushlight.zeros(4)
    other = rushlight.zeros(4)
    rushlight.flush()
    table[_bad_index()] = 1.0
    other[1] = 5.0
    with pytest.raises(IndexError):
        table.tolist()
    assert other.tolist() == [0, 5, 0, 0]
    with pytest.raises(IndexError):
        (table + 1).tolist()


def test_a_dropped_failure_is_never_seen():
    x = rushlight.rand(5)
    x[_bad_index()]
    rushlight.flush()
    assert x.sum().item() > 0


def test_a_realized_index_is_checked_in_the_call():
    x = rushlight.rand(5)
    index = rushlight.tensor([1, 9])
    rushlight.flush()
    with pytest.raises(IndexError, match="index 9 is out of bounds for dimension 0 with size 5"):
        x[index]


def test_division_of_integers_by_a_pending_zero():
    x = rushlight.tensor([4, 2])
    zero = rushlight.tensor([1, 0]) * 1
    q = x // zero
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        q.tolist()
    assert x.tolist() == [4, 2]


# --- what a live tensor can see owns its memory ---


def test_old_outputs_survive_replays():
    x = rushlight.zeros(3)
    rushlight.flush()
    kept = []
    for i in range(5):
        x = x + i
        rushlight.flush()
        kept.append(x)
    assert [k[0].item() for k in kept] == [0, 1, 3, 6, 10]


def test_fed_back_outputs_and_clones():
    state = rushlight.zeros(3)
    history = []
    for _ in range(6):
        state = state * 2 + 1
        history.append(state.clone())
        state.add_(0.5)
        rushlight.flush()
    value, expected = 0.0, []
    for _ in range(6):
        value = value * 2 + 1
        expected.append(value)
        value += 0.5
    assert [h[0].item() for h in history] == expected
    assert state[0].item() == value


def test_clones_and_detached_copies_of_an_updated_parameter():
    p = rushlight.nn.Parameter(rushlight.zeros(3))
    optimizer = rushlight.optim.SGD([p], lr=1.0)
    clones, aliases = [], []
    for _ in range(4):
        clones.append(p.detach().clone())
        aliases.append(p.detach())
        p.grad = rushlight.ones(3)
        optimizer.step()
    assert [c[0].item() for c in clones] == [0, -1, -2, -3]
    assert [a[0].item() for a in aliases] == [-4] * 4


def test_two_outputs_of_one_value_do_not_share_memory():
    x = rushlight.arange(3.0)
    a, b = x + 1, x + 1  # one step of the Program
    rushlight.flush()
    a.add_(10)
    a.numpy()[0] = 100
    assert b.tolist() == [1, 2, 3]


def test_a_view_and_its_base_as_outputs():
    x = rushlight.arange(6.0)
    rushlight.flush()
    y = x * 2
    window = y[2:4].clone()
    flipped = y.flip(0)
    reshaped = y.reshape(2, 3).clone()
    rushlight.flush()
    y.zero_()
    rushlight.flush()
    assert window.tolist() == [4, 6]
    assert flipped.tolist() == [10, 8, 6, 4, 2, 0]
    assert reshaped.tolist() == [[0, 2, 4], [6, 8, 10]]


# --- depth ---


def test_ten_thousand_chained_operators_run_backward():
    x = rushlight.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(10_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1
    assert y.item() == 10_001


def test_a_long_history_is_freed_without_recursion():
    x = rushlight.tensor(1.0, requires_grad=True)
    y = x
    for i in range(50_000):
        y = y * 1.0
        if i % 5000 == 0:
            rushlight.flush()
    del y
    gc.collect()
    assert x.grad is None


def test_a_long_pending_chain_is_freed_without_recursion():
    x = rushlight.ones(2)
    for _ in range(15_000):
        x = x + 1
    del x
    rushlight.flush()


# --- threads and processes ---


def test_a_tensor_recorded_in_one_thread_is_read_in_another():
    shared = {}

    def record():
        shared["x"] = rushlight.arange(4.0) * 2
        shared["y"] = shared["x"].sum()

    worker = threading.Thread(target=record)
    worker.start()
    worker.join()
    assert shared["y"].item() == 12
    assert (shared["x"] + 1).tolist() == [1, 3, 5, 7]


def test_threads_record_and_read_each_others_tensors():
    errors = []
    base = rushlight.arange(100.0)

    def work(seed):
        try:
            total = base * seed
            for i in range(50):
                total = total + base[i] * seed
                if i % 7 == seed % 7:
                    assert total[0].item() == seed * sum(range(i + 1))
            assert total.sum().item() == pytest.approx(seed * (4950 + 100 * sum(range(50))))
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert errors == []


def test_one_thread_reads_while_the_other_still_records():
    x = rushlight.ones(3)
    pending = x + 1
    result = []
    reader = threading.Thread(target=lambda: result.append(pending.tolist()))
    reader.start()
    reader.join()
    later = pending * 3
    assert result == [[2, 2, 2]]
    assert later.tolist() == [6, 6, 6]
    assert (x + 5).tolist() == [6, 6, 6]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_pending_work_runs_in_a_forked_process():
    x = rushlight.arange(3.0) + 1
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, repr((x * 2).tolist()).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as pipe:
        assert pipe.read() == "[2.0, 4.0, 6.0]"
    assert x.tolist() == [1, 2, 3]


# --- the verifier ---


def test_verify_rejects_what_does_not_hold():
    e = (rushlight.rand(2, 3) + 1)._expr()
    verify(e)
    e.shape = (3, 2)
    with pytest.raises(ValueError, match="should be float32"):
        verify(e)
    e = rushlight.rand(2).sum()._expr()
    e.attrs = (2.5,)
    e.prim = REGISTRY["neg"]
    with pytest.raises(ValueError, match=r"should be|cannot be part of a key"):
        verify(e)
