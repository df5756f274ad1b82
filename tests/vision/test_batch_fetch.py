"""Batch fetch: bitwise the values, and exactly the random numbers, of the image by image path."""

from __future__ import annotations

import random

import numpy as np
import pytest

import rushlight
from rushlight.utils.data import DataLoader, Subset, default_collate
from rushlight.vision import _draws, datasets
from rushlight.vision import transforms as T
from rushlight.vision.transforms import v2

COUNT = 40


def in_memory(kind, data, targets, transform, target_transform=None):
    """A dataset of these images, made without files."""
    dataset = kind.__new__(kind)
    dataset.transform = transform
    dataset.target_transform = target_transform
    dataset.data, dataset.targets = data, targets
    return dataset


def greys(transform, target_transform=None, kind=datasets.MNIST):
    rng = np.random.default_rng(1)
    data = rushlight.from_numpy(rng.integers(0, 256, (COUNT, 28, 28), dtype=np.uint8))
    targets = rushlight.from_numpy(rng.integers(0, 10, COUNT))
    return in_memory(kind, data, targets, transform, target_transform)


def colours(transform, target_transform=None, kind=datasets.CIFAR10):
    rng = np.random.default_rng(2)
    data = rng.integers(0, 256, (COUNT, 24, 32, 3), dtype=np.uint8)
    return in_memory(kind, data, rng.integers(0, 10, COUNT).tolist(), transform, target_transform)


def one_by_one(dataset, indices):
    return default_collate([dataset[i] for i in indices])


def same_both_ways(dataset, indices, seed=0):
    rushlight.manual_seed(seed)
    batch = dataset.__getbatch__(indices)
    state = rushlight.get_rng_state()
    assert batch is not NotImplemented, dataset.transform
    rushlight.manual_seed(seed)
    expected = one_by_one(dataset, indices)
    assert rushlight.equal(state, rushlight.get_rng_state()), "the same random numbers are drawn"
    for got, want in zip(batch, expected, strict=True):
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        assert got.numpy().tobytes() == want.numpy().tobytes()
    return batch


def random_pipeline(rng, colour):
    sizes = lambda: rng.choice([rng.randint(8, 40), (rng.randint(8, 40), rng.randint(8, 40))])
    either = [
        lambda: T.Resize(sizes(), rng.choice([2, 3])),
        lambda: T.CenterCrop(sizes()),
        lambda: T.Pad((1, 2, 3, 4), rng.randint(0, 255)),
        lambda: T.Pad(2, padding_mode=rng.choice(["edge", "reflect", "symmetric"])),
        lambda: T.RandomCrop(sizes(), rng.choice([None, 4]), True, fill=3),
        lambda: T.RandomHorizontalFlip(rng.random()),
        lambda: T.RandomVerticalFlip(),
        lambda: T.RandomInvert(0.3),
    ]
    if colour:
        either += [lambda: T.RandomGrayscale(0.4)]
    some = lambda makers: [rng.choice(makers)() for _ in range(rng.randint(0, 3))]
    middle = rng.choice(
        [
            [T.ToTensor()],
            [T.PILToTensor()],
            [T.PILToTensor(), T.ConvertImageDtype(rushlight.float32), T.Normalize((0.5,), (0.25,))],
            [T.ToTensor(), T.Normalize(*([[0.1, 0.2, 0.3]] * 2 if colour else [0.1307, 0.3081]))],
        ]
    )
    steps = [*some(either), *middle, *some(either)]
    return T.Compose([T.Compose(steps[:2]), *steps[2:]]) if len(steps) > 2 else T.Compose(steps)


@pytest.mark.parametrize("seed", range(60))
def test_random_pipelines(seed):
    rng = random.Random(seed)
    make = rng.choice([greys, colours])
    dataset = make(random_pipeline(rng, make is colours))
    indices = [rng.randrange(-COUNT, COUNT) for _ in range(rng.randint(1, 9))]
    same_both_ways(dataset, indices, seed)


@pytest.mark.parametrize("seed", range(12))
def test_random_pipelines_of_version_2(seed):
    rng = random.Random(seed)
    make = rng.choice([greys, colours])
    some = [
        v2.RandomHorizontalFlip(),
        v2.RandomCrop(rng.choice([20, (28, 20), (24, 29)]), padding=4),
        v2.CenterCrop(22),
        v2.Pad(1),
        v2.Resize((20, 21)),
        v2.RandomVerticalFlip(0.7),
    ]
    rng.shuffle(some)
    to_float = v2.ToDtype(rushlight.float32, scale=rng.random() < 0.7)
    steps = [*some[: rng.randint(0, 3)], v2.ToImage(), to_float, v2.Normalize([0.5], [0.5])]
    same_both_ways(make(v2.Compose(steps)), [3, 1, -4, 1], seed)


def test_pillow_resize_is_reproduced():
    for size in ((14, 14), (56, 20), (10, 60), (60, 10), (28, 28), 7, 99):
        for filter_ in (2, 3):
            pipeline = T.Compose([T.Resize(size, filter_), T.PILToTensor()])
            same_both_ways(colours(pipeline), list(range(8)))


@pytest.mark.parametrize("count", [1, 7, 624, 1500])
def test_block_is_the_generators_own_stream(count):
    for warm_up in (0, 3, 623):
        rushlight.manual_seed(5)
        rushlight.rand(warm_up)
        words = _draws.block(count)
        after = rushlight.rand(3)
        rushlight.manual_seed(5)
        rushlight.rand(warm_up)
        expected = rushlight.rand(count)
        drawn = (words & 0xFFFFFF).astype(np.float32) * np.float32(2.0**-24)
        assert np.array_equal(drawn, expected.numpy())
        assert rushlight.equal(after, rushlight.rand(3))


def test_targets():
    plain = greys(T.ToTensor())
    assert same_both_ways(plain, [5, 0])[1].dtype is rushlight.int64
    one_hot = T.Lambda(
        lambda y: rushlight.zeros(10, dtype=rushlight.float32).scatter_(
            0, rushlight.tensor(y), value=1
        )
    )
    assert same_both_ways(greys(T.ToTensor(), one_hot), [5, 0, 9])[1].shape == (3, 10)
    assert (
        colours(T.ToTensor(), str).__getbatch__([5])[1]
        == one_by_one(colours(T.ToTensor(), str), [5])[1]
    )
    # Random images with a target transform, which might draw as well: image by image.
    shaky = T.Compose([T.RandomHorizontalFlip(), T.ToTensor()])
    assert greys(shaky, lambda y: y).__getbatch__([1]) is NotImplemented


class Doubled(T.ToTensor):
    def __call__(self, pic):
        return super().__call__(pic) * 2


class OwnItems(datasets.MNIST):
    def __getitem__(self, index):
        return super().__getitem__(index)[0], -1


def hooked():
    normalize = T.Normalize((0.5,), (0.5,))
    normalize.register_forward_hook(lambda module, args, out: out * 2)
    return T.Compose([T.ToTensor(), normalize])


def overridden():
    flip = T.RandomHorizontalFlip()
    flip.forward = lambda img: img
    return T.Compose([flip, T.ToTensor()])


@pytest.mark.parametrize(
    "transform",
    [
        None,
        lambda img: 0,
        T.Compose([T.ToTensor(), T.Lambda(lambda x: x)]),
        Doubled(),
        hooked(),
        overridden(),
        T.PILToTensor,
        T.Compose([]),
        T.Compose([T.RandomCrop(50), T.ToTensor()]),
        T.Compose([T.ToTensor(), T.ToTensor()]),
        T.Compose([T.Pad(3, 300), T.ToTensor()]),
        T.Compose([T.RandomRotation(3), T.ToTensor()]),
        T.Compose([T.ToTensor(), T.RandomErasing()]),
        T.Compose([T.ToTensor(), T.Normalize([0.5] * 2, [0.5] * 2)]),
        T.RandomHorizontalFlip(),
    ],
)
def test_what_is_not_known_goes_the_long_way(transform):
    rushlight.manual_seed(0)
    before = rushlight.get_rng_state()
    assert greys(transform).__getbatch__([0, 1]) is NotImplemented
    assert rushlight.equal(before, rushlight.get_rng_state()), "nothing was drawn"


def test_unusual_data_goes_the_long_way():
    assert greys(T.ToTensor(), kind=OwnItems).__getbatch__([0]) is NotImplemented
    dataset = greys(T.ToTensor())
    for indices in ([], [COUNT], [-COUNT - 1], [True], [slice(0, 2)], [1.0]):
        assert dataset.__getbatch__(indices) is NotImplemented
    dataset.data = dataset.data.float()
    assert dataset.__getbatch__([0]) is NotImplemented
    dataset = colours(T.ToTensor())
    dataset.targets = ["a"] * COUNT
    assert dataset.__getbatch__([0]) is NotImplemented


def test_changes_of_the_data_are_seen():
    dataset = greys(T.ToTensor())
    dataset.__getbatch__([0])
    dataset.data[0] = 255
    dataset.targets[0] = 77
    images, labels = dataset.__getbatch__([0])
    assert (float(images.min()), int(labels)) == (1.0, 77)
    images.zero_()
    assert int(dataset.data[0].max()) == 255
    dataset.data, dataset.targets = dataset.data[:3], dataset.targets[:3].tolist()
    assert dataset.__getbatch__([3]) is NotImplemented
    same_both_ways(dataset, [2, 0])


@pytest.mark.parametrize("shuffle", [False, True])
def test_loader_gives_the_same_batches(shuffle, monkeypatch):
    pipeline = T.Compose([T.RandomCrop(28, padding=2), T.ToTensor(), T.Normalize(0.5, 0.5)])
    dataset = greys(pipeline)
    runs = []
    for fast in (True, False):
        if not fast:
            monkeypatch.setattr(datasets.MNIST, "__getbatch__", lambda self, i: NotImplemented)
        rushlight.manual_seed(3)
        loader = DataLoader(Subset(dataset, range(5, 38)), batch_size=8, shuffle=shuffle)
        runs.append([(x.numpy().copy(), y.tolist()) for x, y in loader])
    assert len(runs[0]) == 5
    for (x, y), (u, v) in zip(*runs, strict=True):
        assert x.tobytes() == u.tobytes()
        assert y == v


def test_no_image_is_touched_alone(monkeypatch):
    def alone(*args):
        raise AssertionError("one image was fetched")

    monkeypatch.setattr(datasets.MNIST, "__getitem__", alone)
    dataset = greys(T.Compose([T.RandomHorizontalFlip(), T.ToTensor()]))
    loader = DataLoader(Subset(dataset, range(30)), batch_size=10, shuffle=True)
    assert [len(y) for _, y in loader] == [10, 10, 10]


def test_loader_calls_the_batch_path():
    calls = []

    class Watched(datasets.MNIST):
        def __getbatch__(self, indices):
            calls.append(list(indices))
            return super().__getbatch__(indices)

    dataset = greys(T.ToTensor(), kind=Watched)
    batches = list(DataLoader(dataset, batch_size=16))
    assert [len(c) for c in calls] == [16, 16, 8]
    assert batches[0][0].shape == (16, 1, 28, 28)
