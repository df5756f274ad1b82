"""Datasets, samplers and the DataLoader in one process; batches fetched at once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import rushlight as rl
from rushlight.utils import data
from rushlight.utils.data import DataLoader


class Squares(data.Dataset):
    """Samples as users write them; counts how often it is asked."""

    def __init__(self, n=10):
        self.n = n
        self.asked = 0

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        self.asked += 1
        return rl.tensor(float(index)), index**2


class CountingTensors(data.TensorDataset):
    """A TensorDataset that counts how often a batch is fetched at once."""

    batches = 0

    def __getbatch__(self, indices):
        self.batches += 1
        return super().__getbatch__(indices)


def tensors(cls=data.TensorDataset, n=10):
    return cls(rl.arange(2.0 * n).view(n, 2), rl.arange(n))


def plain(batch):
    """A batch as comparable values, with its types."""
    if isinstance(batch, rl.Tensor):
        return type(batch), str(batch.dtype), batch.tolist()
    if isinstance(batch, dict):
        return {key: plain(entry) for key, entry in batch.items()}
    if isinstance(batch, list | tuple):
        return type(batch), [plain(entry) for entry in batch]
    return batch


# ----------------------------------------------------------------------------------------- datasets


def test_tensor_dataset():
    dataset = tensors()
    assert len(dataset) == 10
    x, y = dataset[3]
    assert (x.tolist(), y.item()) == ([6.0, 7.0], 3)
    assert [part.tolist() for part in dataset[2:4]] == [[[4.0, 5.0], [6.0, 7.0]], [2, 3]]


def test_stack_dataset():
    pairs = data.StackDataset(Squares(3), tensors(n=3))
    assert plain(pairs[2]) == plain((Squares()[2], tensors()[2]))
    named = data.StackDataset(a=[1, 2], b=[3, 4])
    assert named[1] == {"a": 2, "b": 4}
    assert named.__getitems__([1, 0]) == [{"a": 2, "b": 4}, {"a": 1, "b": 3}]
    assert len(named) == 2

    class TooFew(Squares):
        def __getitems__(self, indices):
            return [0]

    with pytest.raises(ValueError, match="Nested dataset's output size mismatch"):
        data.StackDataset(TooFew(3)).__getitems__([0, 1])


def test_concat_dataset():
    joined = data.Subset([1, 2], [0, 1]) + data.Subset([3], [0])
    assert isinstance(joined, data.ConcatDataset)
    assert [joined[i] for i in range(3)] == [1, 2, 3]
    assert joined[-1] == 3
    assert joined.cumulative_sizes == [2, 3]
    with pytest.warns(FutureWarning, match="renamed to `cumulative_sizes`"):
        assert joined.cummulative_sizes == [2, 3]


def test_chain_dataset():
    class Count(data.IterableDataset):
        def __init__(self, n):
            self.n = n

        def __iter__(self):
            return iter(range(self.n))

        def __len__(self):
            return self.n

    chain = Count(2) + Count(3)
    assert isinstance(chain, data.ChainDataset)
    assert list(chain) == [0, 1, 0, 1, 2]
    assert len(chain) == 5


def test_subset():
    subset = data.Subset(tensors(), [7, 2, 5])
    assert len(subset) == 3
    assert subset[1][1].item() == 2
    assert subset[[0, 2]][1].tolist() == [7, 5]
    assert [sample[1].item() for sample in subset.__getitems__([2, 0])] == [5, 7]
    nested = data.Subset(subset, [2])
    assert nested[0][1].item() == 5

    class Half(data.Subset):
        def __getitem__(self, index):
            return 0

    with pytest.raises(NotImplementedError, match="overrides __getitem__ but not __getitems__"):
        Half([1], [0])


def test_random_split_is_a_partition():
    rl.manual_seed(0)
    first, second = data.random_split(Squares(10), [0.75, 0.25])
    assert len(first) == 8
    assert sorted(first.indices + second.indices) == list(range(10))


def test_getitems_is_used():
    class Batched(Squares):
        def __getitems__(self, indices):
            return [-index for index in indices]

    batches = list(DataLoader(Batched(4), batch_size=2))
    assert [batch.tolist() for batch in batches] == [[0, -1], [-2, -3]]


# ------------------------------------------------------------------------------------ whole batches


def one_by_one(dataset, **options):
    """The batches that the samples make when they are fetched and collated one by one."""
    return list(
        DataLoader(dataset, collate_fn=lambda batch: data.default_collate(batch), **options)
    )


def with_tensor_indices():
    return data.Subset(tensors(CountingTensors), rl.tensor([3, 1, 4, 1, 5]))


FAST = {
    "tensors": lambda: tensors(CountingTensors),
    "subset": lambda: data.Subset(tensors(CountingTensors), [3, 1, 4, 1, 5]),
    "array subset": lambda: data.Subset(tensors(CountingTensors), np.array([3, 1, 4, 1, 5])),
    "tensor subset": with_tensor_indices,
    "range subset": lambda: data.Subset(tensors(CountingTensors), range(3, 8)),
    "concat": lambda: data.ConcatDataset(
        [tensors(CountingTensors, 3), tensors(CountingTensors, 4)]
    ),
    "concat of subsets": lambda: data.ConcatDataset(
        [data.Subset(tensors(CountingTensors), [5, 2]), tensors(CountingTensors, 4)]
    ),
    "stack": lambda: data.StackDataset(tensors(CountingTensors), tensors(CountingTensors)),
    "named stack": lambda: data.StackDataset(a=tensors(CountingTensors), b=tensors()),
    "concat of named": lambda: data.ConcatDataset(
        [
            data.StackDataset(a=tensors(CountingTensors, 3)),
            data.StackDataset(a=tensors(CountingTensors, 2)),
        ]
    ),
}


def fetched_at_once(dataset):
    """How many batches the counting datasets within `dataset` have given."""
    if isinstance(dataset, CountingTensors):
        return dataset.batches
    inner = getattr(dataset, "datasets", None) or [getattr(dataset, "dataset", ())]
    inner = inner.values() if isinstance(inner, dict) else inner
    return sum(fetched_at_once(part) for part in inner if isinstance(part, data.Dataset))


@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize("sampler", [None, [1, 3, 0, 4, 2, 2], [-1, 0, -2]])
def test_whole_batches_are_the_same(name, sampler):
    dataset = FAST[name]()
    expected = one_by_one(dataset, batch_size=3, sampler=sampler)
    assert fetched_at_once(dataset) == 0
    batches = list(DataLoader(dataset, batch_size=3, sampler=sampler))
    assert [plain(batch) for batch in batches] == [plain(batch) for batch in expected]
    assert fetched_at_once(dataset) >= len(batches)


class Doubled(CountingTensors):
    """Redefines how a sample is fetched."""

    def __getitem__(self, index):
        return tuple(2 * tensor for tensor in super().__getitem__(index))


class Listed(CountingTensors):
    """Redefines how samples are fetched."""

    def __getitems__(self, indices):
        return [(rl.tensor(0.0),) for _ in indices]


def with_own_getitems():
    dataset = tensors(CountingTensors)
    dataset.__getitems__ = lambda indices: [(rl.tensor(1.0),) for _ in indices]
    return dataset


def with_gradients():
    return CountingTensors(rl.ones(4, requires_grad=True))


@pytest.mark.parametrize(
    "make",
    [
        lambda: tensors(Doubled),
        lambda: tensors(Listed),
        lambda: data.Subset(tensors(Doubled), [2, 1]),
        lambda: data.ConcatDataset([tensors(CountingTensors), tensors(Doubled)]),
        with_own_getitems,
        lambda: data.Subset(with_own_getitems(), [2, 1]),
    ],
)
def test_redefined_samples_are_respected(make):
    dataset = make()
    expected = one_by_one(dataset, batch_size=4)
    batches = list(DataLoader(dataset, batch_size=4))
    assert [plain(batch) for batch in batches] == [plain(batch) for batch in expected]


def test_gradients_flow_through_batches():
    dataset = with_gradients()
    for (batch,) in DataLoader(dataset, batch_size=2):
        (batch * 3).sum().backward()
    assert dataset.tensors[0].grad.tolist() == [3.0] * 4


def test_mixed_dtypes_are_promoted_as_by_stacking():
    dataset = data.ConcatDataset([data.TensorDataset(rl.arange(2)), data.TensorDataset(rl.ones(2))])
    (batch,) = next(iter(DataLoader(dataset, batch_size=4)))
    assert batch.dtype == rl.float32


def test_a_batch_does_not_alias_the_dataset():
    dataset = tensors()
    (x, _) = next(iter(DataLoader(dataset, batch_size=10)))
    x.zero_()
    assert dataset.tensors[0].sum().item() == sum(range(20))


def test_indices_out_of_range():
    with pytest.raises(IndexError, match="index 10 is out of bounds for dimension 0 with size 10"):
        list(DataLoader(tensors(), sampler=[10]))
    with pytest.raises(IndexError):
        list(DataLoader(data.ConcatDataset([tensors(n=2)]), sampler=[2]))


def test_indices_may_be_anything_the_dataset_takes():
    rows = list(DataLoader({"a": 1, "b": 2}, batch_sampler=[["a", "b"], ["b"]]))
    assert [row.tolist() for row in rows] == [[1, 2], [2]]
    rows = list(DataLoader(tensors(), batch_size=2, sampler=[rl.tensor(3), rl.tensor(1)]))
    assert rows[0][1].tolist() == [3, 1]
    rows = list(DataLoader(tensors(), batch_size=2, sampler=[slice(0, 2), slice(4, 6)]))
    assert rows[0][1].tolist() == [[0, 1], [4, 5]]


# --------------------------------------------------------------------------------------- the loader


def test_lengths():
    assert len(DataLoader(Squares(), batch_size=4)) == 3
    assert len(DataLoader(Squares(), batch_size=4, drop_last=True)) == 2
    assert len(DataLoader(Squares(), batch_size=None)) == 10
    assert len(iter(DataLoader(Squares(), batch_size=4))) == 3


def test_iterable_dataset():
    class Stream(data.IterableDataset):
        def __iter__(self):
            return iter(range(5))

    assert [b.tolist() for b in DataLoader(Stream(), batch_size=2)] == [[0, 1], [2, 3], [4]]
    kept = DataLoader(Stream(), batch_size=2, drop_last=True)
    assert [b.tolist() for b in kept] == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(), batch_size=None)) == [0, 1, 2, 3, 4]


def test_arguments_stay():
    collate = list
    loader = DataLoader(Squares(), 5, collate_fn=collate, num_workers=0)
    assert (loader.batch_size, loader.collate_fn, loader.drop_last) == (5, collate, False)
    assert isinstance(loader.sampler, data.SequentialSampler)
    assert isinstance(loader.batch_sampler, data.BatchSampler)
    with pytest.raises(ValueError, match="batch_size attribute should not be set after DataLoader"):
        loader.batch_size = 3
    loader.collate_fn = tuple


def test_generic_aliases_can_be_written():
    assert data.Dataset[int] is not None
    assert data.DataLoader[int] is not None
    assert data.Sampler[int] is not None


def test_samples_of_numpy():
    dataset = [(np.full((2, 2), i, np.uint8), np.float32(i)) for i in range(4)]
    image, value = next(iter(DataLoader(dataset, batch_size=4)))
    assert image.shape == (4, 2, 2)
    assert image.dtype == rl.uint8
    assert value.dtype == rl.float32


def test_next_runs_pending_work():
    running = rl.tensor(0.0)
    pending = []
    for x, _ in DataLoader(tensors(n=100)):
        before = rl.counters.flushes
        running += x.sum()
        assert rl.counters.flushes == before
        pending.append(rl.counters.nodes)
    steps = {after - before for before, after in itertools.pairwise(pending)}
    assert len(steps) == 1
    assert running.item() == sum(range(200))


def test_steady_state_makes_no_new_programs():
    loader = DataLoader(tensors(n=64), batch_size=8, shuffle=True)
    list(loader)
    before = rl.counters.programs
    for _ in range(3):
        list(loader)
    assert rl.counters.programs == before
