"""Data loading against PyTorch: order of draws, batches, types and errors."""

from __future__ import annotations

import collections
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
rl = pytest.importorskip("rushlight")

LIBRARIES = (rl, torch)


class Numbers:
    """A map-style dataset that needs no base class."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return index


def counting(lib, n):
    class Counting(lib.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(n))

    return Counting()


def same_for_both(function):
    ours, theirs = (function(lib) for lib in LIBRARIES)
    assert ours == theirs
    return ours


def epochs(lib, loader, n=2):
    """The batches of some epochs, and what the default generator gives afterwards."""
    batches = [[described(batch) for batch in loader] for _ in range(n)]
    return batches, lib.rand(3).tolist()


# ------------------------------------------------------------------------------------------- order


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"shuffle": True},
        {"shuffle": True, "batch_size": 4, "drop_last": True},
        {"shuffle": True, "batch_size": None},
    ],
)
def test_order_follows_the_default_generator(options):
    def run(lib):
        lib.manual_seed(3)
        return epochs(lib, lib.utils.data.DataLoader(Numbers(10), **options))

    same_for_both(run)


@pytest.mark.parametrize("shuffle", [False, True])
def test_order_follows_a_given_generator(shuffle):
    def run(lib):
        lib.manual_seed(3)
        generator = lib.Generator()
        generator.manual_seed(7)
        loader = lib.utils.data.DataLoader(
            Numbers(10), batch_size=3, shuffle=shuffle, generator=generator
        )
        return epochs(lib, loader), lib.rand(2, generator=generator).tolist()

    same_for_both(run)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_samples": 25},
        {"num_samples": 4},
        {"replacement": True},
        {"replacement": True, "num_samples": 100},
    ],
)
@pytest.mark.parametrize("seeded", [False, True])
def test_random_sampler(options, seeded):
    def run(lib):
        lib.manual_seed(5)
        generator = lib.Generator().manual_seed(11) if seeded else None
        sampler = lib.utils.data.RandomSampler(Numbers(10), generator=generator, **options)
        return [list(sampler) for _ in range(2)], len(sampler), lib.rand(2).tolist()

    same_for_both(run)


def test_subset_random_sampler():
    def run(lib):
        lib.manual_seed(5)
        sampler = lib.utils.data.SubsetRandomSampler([4, 8, 15, 16, 23, 42])
        return [list(sampler) for _ in range(2)], len(sampler)

    same_for_both(run)


@pytest.mark.parametrize("replacement", [False, True])
def test_weighted_random_sampler(replacement):
    def run(lib):
        lib.manual_seed(5)
        sampler = lib.utils.data.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0], 5, replacement)
        return [list(sampler) for _ in range(2)], len(sampler)

    same_for_both(run)


@pytest.mark.parametrize("lengths", [[7, 3], [0.5, 0.5], [0.33, 0.33, 0.34], [1, 9, 0]])
@pytest.mark.parametrize("seeded", [False, True])
def test_random_split(lengths, seeded):
    def run(lib):
        lib.manual_seed(9)
        options = {"generator": lib.Generator().manual_seed(2)} if seeded else {}
        parts = lib.utils.data.random_split(Numbers(10), lengths, **options)
        return [list(part.indices) for part in parts]

    same_for_both(run)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"shuffle": False},
        {"drop_last": True},
        {"seed": 4},
        {"drop_last": True, "shuffle": False},
    ],
)
@pytest.mark.parametrize("n", [10, 12, 2])
def test_distributed_sampler(options, n):
    def run(lib):
        from_rank = []
        for rank in range(4):
            sampler = lib.utils.data.distributed.DistributedSampler(Numbers(n), 4, rank, **options)
            sampler.set_epoch(2)
            from_rank.append((list(sampler), len(sampler)))
        return from_rank

    if n == 2 and options.get("drop_last"):
        pytest.skip("PyTorch refuses to iterate over fewer samples than replicas")
    same_for_both(run)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("shuffle", [False, True])
def test_order_with_workers(workers, shuffle):
    def run(lib):
        lib.manual_seed(3)
        loader = lib.utils.data.DataLoader(
            Numbers(11), batch_size=3, shuffle=shuffle, num_workers=workers
        )
        return epochs(lib, loader)

    same_for_both(run)


class Draws:
    """Samples that are random numbers of all three generators."""

    def __init__(self, lib):
        self.lib = lib

    def __len__(self):
        return 4

    def __getitem__(self, index):
        import random

        info = self.lib.utils.data.get_worker_info()
        return [
            random.random(),
            float(np.random.rand()),
            float(self.lib.rand(1)),
            info.seed,
            info.id,
            info.num_workers,
        ]


def test_seeds_of_workers():
    def run(lib):
        lib.manual_seed(3)
        loader = lib.utils.data.DataLoader(Draws(lib), num_workers=2, collate_fn=list)
        return [list(loader) for _ in range(2)]

    same_for_both(run)


# ----------------------------------------------------------------------------------------- collate

Point = collections.namedtuple("Point", ["x", "y"])


class Frozen(collections.abc.Mapping):
    """A mapping that cannot be changed."""

    def __init__(self, entries):
        self.entries = dict(entries)

    def __getitem__(self, key):
        return self.entries[key]

    def __iter__(self):
        return iter(self.entries)

    def __len__(self):
        return len(self.entries)


SAMPLES = {
    "tensors": lambda lib: [lib.tensor([1.0, 2.0]), lib.tensor([3.0, 4.0])],
    "scalars": lambda lib: [lib.tensor(1), lib.tensor(2)],
    "arrays": lambda lib: [np.arange(3), np.arange(3) + 1],
    "float32 arrays": lambda lib: [np.ones((2, 2), np.float32)] * 3,
    "array scalars": lambda lib: [np.float32(1), np.float32(2)],
    "numpy ints": lambda lib: [np.int16(1), np.int16(2)],
    "numpy bools": lambda lib: [np.bool_(True), np.bool_(False)],
    "numpy doubles": lambda lib: [np.float64(1), np.float64(2)],
    "floats": lambda lib: [1.0, 2.5],
    "ints": lambda lib: [1, 2, 3],
    "bools": lambda lib: [True, False],
    "strings": lambda lib: ["a", "b"],
    "bytes": lambda lib: [b"a", b"b"],
    "tuples": lambda lib: [(1, 2.0), (3, 4.0)],
    "lists": lambda lib: [[1, "a"], [2, "b"]],
    "dicts": lambda lib: [{"a": 1, "b": (1, 2)}, {"a": 3, "b": (4, 5)}],
    "ordered": lambda lib: [collections.OrderedDict(b=1, a=2), collections.OrderedDict(b=3, a=4)],
    "default dict": lambda lib: [collections.defaultdict(int, a=1)] * 2,
    "counter": lambda lib: [collections.Counter("aab")] * 2,
    "named": lambda lib: [Point(1, [2.0]), Point(3, [4.0])],
    "frozen": lambda lib: [Frozen({"a": 1}), Frozen({"a": 2})],
    "deque": lambda lib: [collections.deque([1, 2]), collections.deque([3, 4])],
    "user list": lambda lib: [collections.UserList([1, 2]), collections.UserList([3, 4])],
    "ranges": lambda lib: [range(3), range(3)],
    "nested": lambda lib: [(np.zeros(2), {"k": [1, (2, "x")]})] * 2,
    "empty tuples": lambda lib: [(), ()],
    "uneven": lambda lib: [[1, 2], [1]],
    "none": lambda lib: [None, None],
    "objects": lambda lib: [object(), object()],
    "text arrays": lambda lib: [np.array(["a"])] * 2,
    "shapes": lambda lib: [lib.zeros(2), lib.zeros(3)],
    "array shapes": lambda lib: [np.zeros(2), np.zeros(3)],
    "no samples": lambda lib: [],
    "missing key": lambda lib: [{"a": 1}, {"b": 1}],
}


def described(value):
    """Types, dtypes and values of a nested structure, the same for both libraries."""
    if isinstance(value, rl.Tensor | torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.").removeprefix("rushlight.")
        return "Tensor", dtype, tuple(value.shape), value.tolist()
    if isinstance(value, collections.abc.Mapping):
        return type(value), [(key, described(value[key])) for key in value]
    if isinstance(value, collections.abc.Sequence) and not isinstance(value, str | bytes):
        return type(value), [described(entry) for entry in value]
    return type(value), str(value)


def outcome(function):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = described(function())
        except Exception as error:  # the type is what is compared
            return "raised", type(error), str(error)
    return result, [(entry.category, str(entry.message)) for entry in caught]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("function", ["default_collate", "default_convert"])
def test_collate(name, function):
    def run(lib):
        samples = SAMPLES[name](lib)
        if function == "default_convert" and name in ("none", "objects"):
            samples = None
        return outcome(lambda: getattr(lib.utils.data, function)(samples))

    same_for_both(run)


def test_collate_with_own_functions():
    def run(lib):
        from_worker = __import__(f"{lib.__name__}.utils.data._utils.collate", fromlist=["collate"])
        functions = {int: lambda batch, *, collate_fn_map: sum(batch), str: lambda b, **_: "s"}
        return described(from_worker.collate([(1, "a"), (2, "b")], collate_fn_map=functions))

    same_for_both(run)


# ------------------------------------------------------------------------------ errors and warnings


def calls(lib):
    data = lib.utils.data
    loader = data.DataLoader
    numbers, iterable = Numbers(3), counting(lib, 5)
    yield "shuffled nothing", lambda: loader(Numbers(0), shuffle=True)
    yield "no samples", lambda: list(loader(Numbers(0)))
    yield "batch size 0", lambda: loader(numbers, batch_size=0)
    yield "batch size 1.5", lambda: loader(numbers, batch_size=1.5)
    yield "batch size True", lambda: loader(numbers, True)
    yield "workers -1", lambda: loader(numbers, num_workers=-1)
    yield "timeout -1", lambda: loader(numbers, timeout=-1)
    yield "prefetch", lambda: loader(numbers, prefetch_factor=2)
    yield "prefetch -1", lambda: loader(numbers, num_workers=1, prefetch_factor=-1)
    yield "persistent", lambda: loader(numbers, persistent_workers=True)
    yield "iterable shuffle", lambda: loader(iterable, shuffle=True)
    yield "iterable sampler", lambda: loader(iterable, sampler=[1])
    yield "iterable batch sampler", lambda: loader(iterable, batch_sampler=[[1]])
    yield "shuffle and sampler", lambda: loader(numbers, shuffle=True, sampler=[1])
    yield "drop last", lambda: loader(numbers, batch_size=None, drop_last=True)
    yield "batch sampler", lambda: loader(numbers, batch_sampler=[[1]], batch_size=2)
    yield "set batch size", lambda: setattr(loader(numbers), "batch_size", 3)
    yield "set dataset", lambda: setattr(loader(numbers), "dataset", numbers)
    yield "context", lambda: loader(numbers, multiprocessing_context="fork")
    yield "wrong context", lambda: loader(numbers, num_workers=1, multiprocessing_context="x")
    yield "context type", lambda: loader(numbers, num_workers=1, multiprocessing_context=3)
    yield "timeout", lambda: list(loader(numbers, timeout=1))
    yield "many workers", lambda: loader(numbers, num_workers=999) and None
    yield "pinned", lambda: next(iter(loader(numbers, pin_memory=True)))
    yield "pinned to", lambda: next(iter(loader(numbers, pin_memory=True, pin_memory_device="x")))
    yield "iterable length", lambda: len(loader(iterable))
    yield "last batch dropped", lambda: len(loader(numbers, 2, drop_last=True))
    yield "last batch kept", lambda: len(loader(numbers, 2))
    yield "unbatched", lambda: len(loader(numbers, batch_size=None))
    yield "tensor sizes", lambda: data.TensorDataset(lib.ones(2), lib.ones(3))
    yield "split sum", lambda: data.random_split(numbers, [1, 1])
    yield "split fractions", lambda: data.random_split(numbers, [0.5, 0.4])
    yield "negative fraction", lambda: data.random_split(numbers, [-0.5, 1.5])
    yield "empty split", lambda: len(data.random_split(numbers, [0.9, 0.1]))
    yield "no __getitem__", lambda: data.Dataset()[0]
    yield "no __len__", lambda: len(data.Dataset())
    yield "no __iter__", lambda: list(data.Sampler())
    yield "replacement", lambda: data.RandomSampler(numbers, 3)
    yield "num_samples", lambda: data.RandomSampler(numbers, num_samples=-1)
    yield "weights", lambda: data.WeightedRandomSampler([[1.0]], 1)
    yield "weighted samples", lambda: data.WeightedRandomSampler([1.0], 0)
    yield "weighted replacement", lambda: data.WeightedRandomSampler([1.0], 1, 1)
    yield "batch sampler drop_last", lambda: data.BatchSampler([1], 1, 0)
    yield "stack both", lambda: data.StackDataset(numbers, a=numbers)
    yield "stack none", lambda: data.StackDataset()
    yield "stack sizes", lambda: data.StackDataset(numbers, Numbers(4))
    yield "concat none", lambda: data.ConcatDataset([])
    yield "concat iterable", lambda: data.ConcatDataset([iterable])
    yield "concat negative", lambda: data.ConcatDataset([numbers])[-4]
    yield "chain", lambda: list(data.ChainDataset([numbers]))
    yield "pickled iterator", lambda: __import__("pickle").dumps(iter(loader(numbers)))
    yield "rank", lambda: data.DistributedSampler(numbers, 2, 2)
    yield "row", lambda: list(loader(data.TensorDataset(lib.ones(3)), sampler=[5]))


CALLS = [name for name, _ in calls(torch)]


@pytest.mark.parametrize("name", CALLS)
def test_same_outcome(name):
    def run(lib):
        return outcome(dict(calls(lib))[name])

    same_for_both(run)


def test_reported_length_of_an_iterable():
    def run(lib):
        class Short(lib.utils.data.IterableDataset):
            def __iter__(self):
                return iter(range(4))

            def __len__(self):
                return 2

            def __repr__(self):
                return "short"

        loader = lib.utils.data.DataLoader(Short(), batch_size=None)
        assert len(loader) == 2
        return outcome(lambda: list(loader))

    ours = same_for_both(run)
    assert len(ours[1]) == 2


@pytest.mark.parametrize(
    "name",
    ["DataLoader", "RandomSampler", "WeightedRandomSampler", "BatchSampler", "DistributedSampler"],
)
def test_signature(name):
    import inspect

    ours = inspect.signature(getattr(rl.utils.data, name).__init__).parameters
    theirs = inspect.signature(getattr(torch.utils.data, name).__init__).parameters
    assert [(key, p.default, p.kind) for key, p in ours.items()] == [
        (key, p.default, p.kind) for key, p in theirs.items()
    ]


def test_every_name_is_there():
    pipes = {"DFIterDataPipe", "DataChunk", "IterDataPipe", "MapDataPipe"}
    decorators = {
        "argument_validation",
        "functional_datapipe",
        "guaranteed_datapipes_determinism",
        "non_deterministic",
        "runtime_validation",
        "runtime_validation_disabled",
    }
    missing = set(torch.utils.data.__all__) - set(rl.utils.data.__all__)
    assert missing == pipes | decorators
