"""The reference random streams against PyTorch, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from rushlight.runtime.reference import randomness as R

torch = pytest.importorskip("torch")


class Stream:
    """A PyTorch generator and our state side by side."""

    def __init__(self, seed):
        self.generator = torch.Generator()
        self.generator.manual_seed(seed)
        self.state = R.from_seed(seed)

    def words(self, count):
        out = R.draw(self.state, count)
        self.state = out[: R.STATE_WORDS].copy()
        return out[R.STATE_WORDS :]

    def unit(self, count, dtype):
        if dtype == torch.float64:
            return R.uniform64(self.words(2 * count))
        return R.uniform32(self.words(count))

    def normals(self, count, mean, std):
        out = R.draw_normals(self.state, count)
        self.state = out[: R.STATE_WORDS].copy()
        return R.decode_normals(out[R.STATE_WORDS :], mean, std)

    def check(self):
        blob = self.generator.get_state().numpy()
        np.testing.assert_array_equal(R.to_blob(self.state), blob)
        np.testing.assert_array_equal(R.from_blob(blob), self.state)


FLOATS = [torch.float32, torch.float64]


def same(ours, theirs):
    theirs = theirs.numpy()
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(ours.astype(theirs.dtype), theirs)


@pytest.mark.parametrize("seed", [0, 42, 2**32 + 42, -1, 2**63 + 5, 67280421310721])
def test_seeds(seed):
    stream = Stream(seed)
    stream.check()
    assert R.seed_of(stream.state) == stream.generator.initial_seed()


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform_over_twist_boundaries(dtype):
    stream = Stream(3)
    for count in (5, 619, 1, 0, 624, 2000, 311):
        same(stream.unit(count, dtype), torch.rand(count, dtype=dtype, generator=stream.generator))
        stream.check()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("low", "high"), [(-0.3, 0.7), (0, 0.1), (1e-3, 5), (-1e10, 3), (2, 2)])
def test_uniform_range(dtype, low, high):
    stream = Stream(4)
    ours = R.uniform_range(stream.unit(20_000, dtype), low, high)
    theirs = torch.empty(20_000, dtype=dtype).uniform_(low, high, generator=stream.generator)
    same(ours, theirs)


def test_integers():
    stream = Stream(5)
    narrow = R.integers(stream.words(1000), -5, 10)
    same(narrow, torch.randint(-5, 5, (1000,), generator=stream.generator))
    for low, span in ((-5, 2**28), (-(2**62), 2**63)):
        wide = R.integers(R.words64(stream.words(2000)), low, span)
        same(wide, torch.randint(low, low + span, (1000,), generator=stream.generator))
    stream.check()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100, 70_000])
def test_shuffle(count):
    stream = Stream(6)
    same(
        R.shuffle(stream.words(max(count - 1, 0)), count),
        torch.randperm(count, generator=stream.generator),
    )
    stream.check()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("count", [16, 17, 31, 32, 1000, 40_003])
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.5, 2.3)])
def test_normal_fill(dtype, count, mean, std):
    stream = Stream(7)
    unit = stream.unit(R.normal_uniforms(count), dtype)
    theirs = torch.empty(count, dtype=dtype).normal_(mean, std, generator=stream.generator)
    same(R.normal_fill(unit, count, mean, std), theirs)
    stream.check()


@pytest.mark.parametrize("count", [16, 17, 40])
def test_normal_fill_bfloat16(count):
    stream = Stream(8)
    unit = R.uniform32(stream.words(R.normal_uniforms(count, half=True)))
    theirs = torch.empty(count, dtype=torch.bfloat16).normal_(generator=stream.generator)
    ours = torch.from_numpy(R.normal_fill(unit, count, 0.0, 1.0)).bfloat16()
    assert torch.equal(ours, theirs)
    stream.check()


@pytest.mark.parametrize("dtype", FLOATS)
def test_small_normals_keep_a_sample(dtype):
    stream = Stream(9)
    for count in (1, 3, 4, 0, 7, 15, 2):
        theirs = torch.empty(count, dtype=dtype).normal_(0.3, 0.7, generator=stream.generator)
        same(stream.normals(count, 0.3, 0.7), theirs)
        stream.check()
        same(stream.unit(2, dtype), torch.rand(2, dtype=dtype, generator=stream.generator))


def test_strided_normals():
    stream = Stream(10)
    theirs = torch.empty(200, 3, dtype=torch.float64)[:, ::2]
    theirs.normal_(0.3, 0.7, generator=stream.generator)
    same(stream.normals(400, 0.3, 0.7).reshape(200, 2), theirs)


@pytest.mark.parametrize("dtype", FLOATS)
def test_other_distributions(dtype):
    stream = Stream(11)
    g = stream.generator
    double = torch.float64

    def empty():
        return torch.empty(5000, dtype=dtype)

    same(R.exponential(stream.unit(5000, double), 1.7), empty().exponential_(1.7, generator=g))
    same(R.geometric(stream.unit(5000, double), 0.3), empty().geometric_(0.3, generator=g))
    same(R.cauchy(stream.unit(5000, double), 0.3, 2), empty().cauchy_(0.3, 2, generator=g))
    same(R.log_normal(stream.normals(5000, 0.3, 0.7)), empty().log_normal_(0.3, 0.7, generator=g))
    same(stream.unit(5000, double) < 0.3, empty().bernoulli_(0.3, generator=g))
    weights = torch.rand(3, 50, dtype=dtype)
    ours = R.multinomial(weights.numpy(), stream.unit(600, double).reshape(3, 200))
    same(ours, torch.multinomial(weights, 200, replacement=True, generator=g))
    stream.check()
