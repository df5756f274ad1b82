"""DataLoader workers: order, seeds, exceptions, death, and what is left behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import rushlight as rl
from rushlight.utils import data
from rushlight.utils.data import DataLoader

pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="starts workers by fork"
)


@pytest.fixture(autouse=True)
def _no_process_is_left_behind():
    yield
    assert multiprocessing.active_children() == []


class Numbers(data.Dataset):
    """Indices, as they are."""

    def __init__(self, n=10):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return index


class Calls(Numbers):
    """Calls a function for each sample."""

    def __init__(self, function, n=4):
        super().__init__(n)
        self.function = function

    def __getitem__(self, index):
        return self.function(index)


class Share(data.IterableDataset):
    """Numbers, of which each worker yields its share."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        info = data.get_worker_info()
        return iter(range(info.id, self.n, info.num_workers))


def forking(dataset, **options):
    return DataLoader(dataset, **{"num_workers": 2, "multiprocessing_context": "fork", **options})


def rows(loader):
    return [batch.tolist() if isinstance(batch, rl.Tensor) else batch for batch in loader]


# -------------------------------------------------------------------------------------------- order


def test_batches_come_in_order():
    def slow_at_first(index):
        time.sleep(0.05 if index == 0 else 0)
        return index

    loader = forking(Calls(slow_at_first, 8), batch_size=2)
    assert rows(loader) == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert rows(loader) == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_batches_may_come_as_they_are_ready():
    def slow_at_first(index):
        time.sleep(0.3 if index == 0 else 0)
        return index

    got = rows(forking(Calls(slow_at_first, 6), batch_size=None, in_order=False))
    assert sorted(got) == list(range(6))
    assert got[0] != 0


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"batch_size": 4, "drop_last": True}])
def test_same_batches_as_without_workers(options):
    dataset = data.TensorDataset(rl.arange(20.0).view(10, 2), rl.arange(10))

    def run(workers):
        rl.manual_seed(4)
        loader = DataLoader(dataset, num_workers=workers, **options)
        return [[part.tolist() for part in batch] for _ in range(2) for batch in loader]

    assert run(2) == run(0)


def test_iterable_datasets_are_shared_out():
    loader = forking(Share(7), batch_size=2)
    assert rows(loader) == [[0, 2], [1, 3], [4, 6], [5]]
    assert rows(forking(Share(1), batch_size=None)) == [0]
    assert rows(forking(Share(7), batch_size=2, drop_last=True)) == [[0, 2], [1, 3], [4, 6]]


def test_more_workers_than_batches():
    assert rows(forking(Numbers(1))) == [[0]]
    assert rows(forking(Numbers(0))) == []


# --------------------------------------------------------------------------------------- the worker


def test_worker_info():
    def look(index):
        info = data.get_worker_info()
        return info.id, info.num_workers, info.seed - info.id, len(info.dataset)

    assert data.get_worker_info() is None
    seen = [sample for batch in forking(Calls(look), collate_fn=list) for sample in batch]
    assert [entry[:2] for entry in seen] == [(0, 2), (1, 2), (0, 2), (1, 2)]
    assert len({entry[2] for entry in seen}) == 1
    assert seen[0][3] == 4


def test_workers_draw_different_numbers_which_the_seed_fixes():
    def draw(index):
        return [random.random(), float(np.random.rand()), rl.rand(1).item()]

    def run():
        rl.manual_seed(1)
        return [sample for batch in forking(Calls(draw), collate_fn=list) for sample in batch]

    first, again = run(), run()
    assert first == again
    assert len({tuple(sample) for sample in first}) == 4


def test_worker_init_fn():
    def note(worker_id):
        random.seed(100 + worker_id)

    loader = forking(Calls(lambda i: random.random(), 2), worker_init_fn=note, collate_fn=list)
    expected = [random.Random(100).random(), random.Random(101).random()]
    assert [batch[0] for batch in loader] == expected


def test_persistent_workers_stay():
    loader = forking(Calls(lambda i: os.getpid()), persistent_workers=True)
    first, second = set(map(tuple, rows(loader))), set(map(tuple, rows(loader)))
    assert first == second
    for _ in loader:
        break
    assert len(rows(loader)) == 4

    stream = forking(Share(5), batch_size=2, persistent_workers=True)
    assert rows(stream) == rows(stream) == [[0, 2], [1, 3], [4]]
    del loader, stream


def test_workers_of_one_epoch_differ_from_the_next():
    loader = forking(Calls(lambda i: os.getpid()))
    assert not set(map(tuple, rows(loader))) & set(map(tuple, rows(loader)))


def test_workers_fetch_ahead(tmp_path):
    def touch(index):
        (tmp_path / str(index)).touch()
        return rl.zeros(300_000)  # more than a pipe holds

    iterator = iter(forking(Calls(touch, 20), num_workers=1, prefetch_factor=3))
    next(iterator)
    deadline = time.monotonic() + 5
    while len(list(tmp_path.iterdir())) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1", "2", "3"}
    del iterator


# ------------------------------------------------------------------------------------------ batches


@pytest.mark.parametrize(
    "make",
    [
        lambda: rl.arange(6.0).view(2, 3),
        lambda: rl.arange(6.0).view(2, 3).t(),
        lambda: rl.arange(10)[::3],
        lambda: rl.zeros(0, 3),
        lambda: rl.tensor(2.5),
        lambda: rl.tensor([True, False]),
        lambda: rl.tensor([1.5, -2.0], dtype=rl.bfloat16),
        lambda: rl.tensor([1.5, -2.0], dtype=rl.float16),
        lambda: rl.ones(3, requires_grad=True),
        lambda: rl.nn.Parameter(rl.ones(2)),
        lambda: np.arange(5),
        lambda: {"a": [rl.ones(2), "text"], "b": (1, 2.5, None)},
    ],
)
def test_what_a_worker_makes_arrives(make):
    (got,) = list(forking(Calls(lambda i: make(), 1), batch_size=None, collate_fn=lambda x: x))
    expected = make()
    assert type(got) is type(expected)
    if isinstance(expected, dict):
        assert got["a"][0].tolist() == [1.0, 1.0]
        assert (got["a"][1], got["b"]) == ("text", (1, 2.5, None))
        return
    assert got.dtype == expected.dtype
    assert got.tolist() == expected.tolist()
    if isinstance(expected, rl.Tensor):
        assert got.requires_grad == expected.requires_grad
        (got.detach() + 1).sum().item()
        got.detach().zero_()


def test_history_stays_in_the_worker():
    loader = forking(Calls(lambda i: rl.ones(1, requires_grad=True) * 2))
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor"):
        next(iter(loader))


# ----------------------------------------------------------------------------------------- failures


def fail(error):
    def function(index):
        if index == 2:
            raise error
        return index

    return function


class TwoArguments(Exception):
    """Cannot be made of a message alone."""

    def __init__(self, first, second):
        super().__init__(first, second)


def local_error():
    class Local(Exception):
        """Cannot be pickled by name."""

    return Local("here")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("here"), ValueError),
        (KeyError("here"), KeyError),
        (IndexError("here"), IndexError),
        (TwoArguments("here", 2), RuntimeError),
        (local_error(), RuntimeError),
    ],
)
def test_exceptions_are_raised_again(error, kind):
    iterator = iter(forking(Calls(fail(error))))
    assert [next(iterator).tolist() for _ in range(2)] == [[0], [1]]
    with pytest.raises(kind) as caught:
        next(iterator)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert "in DataLoader worker process 0.\nOriginal Traceback" in text
    assert "test_workers.py" in text
    assert "here" in text
    assert [batch.tolist() for batch in iterator] == [[3]]


def test_exceptions_of_worker_init_fn():
    def refuse(worker_id):
        raise OSError(f"no room for {worker_id}")

    with pytest.raises(
        OSError, match=r"Caught OSError in DataLoader worker process 0(.|\n)*no room"
    ):
        next(iter(forking(Numbers(), worker_init_fn=refuse)))


def test_exceptions_of_iter():
    class Broken(data.IterableDataset):
        def __iter__(self):
            raise ValueError("no samples")

    with pytest.raises(ValueError, match="Caught ValueError in DataLoader worker process 0"):
        next(iter(forking(Broken())))


def test_a_batch_that_cannot_be_pickled():
    with pytest.raises(Exception, match=r"Caught .* in DataLoader worker process 0(.|\n)*pickle"):
        next(iter(forking(Calls(lambda i: lambda: i), collate_fn=list)))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_worker_is_noticed_at_once():
    started = time.monotonic()
    loader = forking(Calls(lambda i: os.kill(os.getpid(), signal.SIGKILL)))
    with pytest.raises(
        RuntimeError, match=r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly.*SIGKILL"
    ):
        list(loader)
    assert time.monotonic() - started < 3


def test_a_worker_that_exits_is_noticed():
    iterator = iter(forking(Calls(lambda i: os._exit(3))))
    with pytest.raises(RuntimeError, match="exited unexpectedly with exit code 3"):
        next(iterator)
    with pytest.raises(StopIteration):
        next(iterator)


def test_persistent_workers_are_replaced_after_a_death(tmp_path):
    def die_once(index):
        if index == 3 and not (tmp_path / "dead").exists():
            (tmp_path / "dead").touch()
            os._exit(1)
        return index

    loader = forking(Calls(die_once), persistent_workers=True)
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        list(loader)
    assert rows(loader) == [[0], [1], [2], [3]]
    del loader


def test_timeout():
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.1 seconds"):
        list(forking(Calls(lambda i: time.sleep(0.5)), timeout=0.1))


def test_leaving_early_stops_the_workers():
    for batch in forking(Calls(lambda i: rl.zeros(100_000), 50), batch_size=2):
        assert batch.shape == (2, 100_000)
        break


def test_prefetch_factor_must_be_positive():
    with pytest.raises(AssertionError, match="prefetch_factor must be greater than 0"):
        iter(forking(Numbers(), prefetch_factor=0))


# ------------------------------------------------------------------------------ other ways to start


def start_number(worker_id):
    rl.manual_seed(worker_id)


@pytest.mark.parametrize("context", ["spawn", "forkserver"])
def test_fresh_interpreters(context):
    if context not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {context} here")
    dataset = data.TensorDataset(rl.arange(8.0).view(4, 2))
    loader = DataLoader(
        dataset,
        batch_size=2,
        num_workers=1,
        multiprocessing_context=context,
        worker_init_fn=start_number,
    )
    assert [batch.tolist() for (batch,) in loader] == [
        [[0.0, 1.0], [2.0, 3.0]],
        [[4.0, 5.0], [6.0, 7.0]],
    ]


def test_arguments_that_cannot_be_pickled():
    loader = forking(Calls(lambda i: i), multiprocessing_context="spawn", num_workers=1)
    with (
        pytest.warns(UserWarning, match="Got pickle error when attempting to start a worker"),
        pytest.raises((AttributeError, TypeError, __import__("pickle").PicklingError)),
    ):
        iter(loader)


# ------------------------------------------------------------------------------ after the parent

ORPHANS = """
import sys, time
from rushlight.utils.data import DataLoader, Dataset
from rushlight.utils.data._utils import worker

worker._POLL_SECONDS = 0.05

class Slow(Dataset):
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        time.sleep(0.01)
        return index

loaders = [iter(DataLoader(Slow(), num_workers=2, multiprocessing_context="fork")) for _ in "ab"]
for loader in loaders:
    next(loader)
print(*[process.pid for loader in loaders for process in loader._pool.processes], flush=True)
for _ in loaders[0]:
    pass
"""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks into /proc")
@pytest.mark.parametrize("reason", [signal.SIGKILL, signal.SIGINT])
def test_workers_do_not_outlive_their_parent(reason):
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with parent:
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(workers) == 4
        parent.send_signal(reason)
        parent.wait()
    deadline = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, workers))
