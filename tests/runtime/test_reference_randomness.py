"""The random streams against numbers that PyTorch 2.13 printed for seed 42."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from rushlight.runtime.reference import randomness as R


def words(count, seed=42):
    return R.draw(R.from_seed(seed), count)[R.STATE_WORDS :]


def hexes(array):
    return [float(x).hex() for x in array]


def test_mersenne_twister():
    # The first outputs of MT19937 for the authors' default seed.
    assert words(3, 5489).tolist() == [3499211612, 581869302, 3890346734]


def test_uniform32():
    assert hexes(R.uniform32(words(4))) == [
        "0x1.c3b8cc0000000p-1",
        "0x1.d47b660000000p-1",
        "0x1.880d700000000p-2",
        "0x1.eb2a1c0000000p-1",
    ]
    assert hexes(R.uniform32(words(2000))[-1:]) == ["0x1.cfd7c00000000p-2"]


def test_uniform64():
    assert hexes(R.uniform64(words(6))) == [
        "0x1.dc66cbea3db30p-5",
        "0x1.01ae177aca870p-4",
        "0x1.fa3563ccea238p-4",
    ]


def test_uniform_range():
    assert hexes(R.uniform_range(R.uniform32(words(3)), -0.3, 0.7)) == [
        "0x1.2a1f320000000p-1",
        "0x1.3ae1cc0000000p-1",
        "0x1.5368f00000000p-4",
    ]
    assert hexes(R.uniform_range(R.uniform64(words(6)), -0.3, 0.7)) == [
        "-0x1.ef4cb36bd6f9ap-3",
        "-0x1.e58f5aa90122ep-3",
        "-0x1.694bb47ff154ap-3",
    ]


def test_uniform_never_returns_its_upper_bound():
    # The largest uniform rounds up to 3 in float32, which PyTorch replaces by the lower bound.
    unit = np.array([1 - 2.0**-24], np.float32)
    assert R.uniform_range(unit, 1.0, 3.0).tolist() == [1.0]


def test_integers():
    assert R.integers(words(12), -5, 10).tolist() == [-3, 2, 1, -1, 1, 0, -5, -1, -5, -2, 3, -1]
    wide = R.integers(R.words64(words(6)), 0, 2**40)
    assert wide.tolist() == [441507790259, 395924837646, 458615280711]


def test_shuffle():
    assert R.shuffle(words(11), 12).tolist() == [6, 8, 1, 7, 0, 2, 10, 11, 4, 3, 5, 9]


def test_normal_fill32():
    unit = R.uniform32(words(R.normal_uniforms(17)))
    assert hexes(R.normal_fill(unit, 17, 0.0, 1.0)) == [
        "0x1.ed4a520000000p+0",
        "-0x1.46db0a0000000p-3",
        "-0x1.fd55c80000000p-2",
        "0x1.c223b00000000p-2",
        "-0x1.8429c40000000p-1",
        "0x1.140ca00000000p+0",
        "0x1.9a02880000000p-1",
        "0x1.ae3d260000000p+0",
        "0x1.6c668a0000000p-2",
        "0x1.4be25e0000000p+0",
        "0x1.388f100000000p-1",
        "0x1.55b1600000000p+0",
        "-0x1.da5dda0000000p-3",
        "0x1.5618000000000p-5",
        "-0x1.019cf40000000p-2",
        "0x1.b83f600000000p-1",
        "-0x1.3d29040000000p-2",
    ]


def test_normal_fill64():
    values = R.normal_fill(R.uniform64(words(32)), 16, 0.0, 1.0)[:3]
    # The C library may differ in the last bit from one system to the next.
    golden = ["0x1.32bee22ccb503p-2", "0x1.f063c46668b78p-3", "0x1.22011e840abbdp-2"]
    np.testing.assert_allclose(values, [float.fromhex(x) for x in golden], rtol=1e-15)


def test_small_normals_cache_a_sample():
    golden = ["0x1.58c55b33d44ccp-2", "0x1.07cd39b3d4b85p-3", "0x1.e02dcdb63ec41p-3"]
    together = R.draw_normals(R.from_seed(42), 3)[R.STATE_WORDS :]
    first = R.draw_normals(R.from_seed(42), 1)
    unrelated = R.draw(first[: R.STATE_WORDS], 0)
    second = R.draw_normals(unrelated[: R.STATE_WORDS], 2)
    apart = np.concatenate([first[R.STATE_WORDS :], second[R.STATE_WORDS :]])
    np.testing.assert_array_equal(apart, together)
    values = R.decode_normals(together, 0.0, 1.0)
    np.testing.assert_allclose(values, [float.fromhex(x) for x in golden], rtol=1e-15)


def test_exponential():
    golden = ["0x1.20b70ebb8ee22p-5", "0x1.391bc68b12c9ap-5", "0x1.3dd782ef4c022p-4"]
    values = R.exponential(R.uniform64(words(6)), 1.7)
    np.testing.assert_allclose(values, [float.fromhex(x) for x in golden], rtol=1e-15)


def test_extremes_are_infinite_not_errors():
    assert R.geometric(np.array([0.0]), 0.5).tolist() == [np.inf]
    assert R.log_normal(np.array([1e4, 0.0])).tolist() == [np.inf, 1.0]


def test_state_of_a_draw_equals_the_state_of_its_parts():
    whole = R.draw(R.from_seed(7), 3000)
    state, parts = R.from_seed(7), []
    for count in (600, 24, 1, 0, 623, 1248, 504):
        out = R.draw(state, count)
        state = out[: R.STATE_WORDS]
        parts.append(out[R.STATE_WORDS :])
    np.testing.assert_array_equal(np.concatenate([state, *parts]), whole)


def test_blob():
    state = R.draw_normals(R.from_seed(2**40 + 7), 3)[: R.STATE_WORDS]
    blob = R.to_blob(state)
    assert hashlib.sha256(blob.tobytes()).hexdigest() == (
        "4dae1220e6ac9db8d4f67d17311c0665c7fa5c2cc4c47299ac082d4c0e53e769"
    )
    np.testing.assert_array_equal(R.from_blob(blob), state)
    assert R.seed_of(state) == 2**40 + 7


def test_bad_blobs():
    blob = R.to_blob(R.from_seed(0))
    with pytest.raises(ValueError, match="5056 bytes"):
        R.from_blob(blob[:-1])
    for byte in (8, 12, 17):
        wrong = blob.copy()
        wrong[byte] ^= 255 if byte != 12 else 1
        with pytest.raises(ValueError, match="mt19937"):
            R.from_blob(wrong)


def test_fused_multiply_add():
    from fractions import Fraction

    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 500))
    c = -a * b * (1 + rng.standard_normal(500) * 2.0 ** rng.integers(-60, 5, 500))
    for x, y, z, result in zip(a, b, c, R._fma64(a, b, c), strict=True):
        assert result == float(Fraction(x) * Fraction(y) + Fraction(z))
