"""PyTorch's CPU random numbers, bit for bit: engine, generator state and distributions.

The engine is MT19937 (Matsumoto and Nishimura 1998). The whole state of a generator is one uint32
vector of ``STATE_WORDS`` words, so that it can live in a tensor's storage:

========== =====================================================================================
words      meaning
========== =====================================================================================
0..623     the key of the twister
624        position of the next word in the key; 0 means seeded and not yet drawn from
625        1 if a normal sample is cached, else 0
626, 627   the cached float64 normal sample, low word first
628, 629   the 64-bit seed, low word first
========== =====================================================================================

Draws are pure: ``(state, n) -> new_state || words`` in one uint32 array. What follows, from words
to uniform, normal or permuted values, depends on the words alone. PyTorch uses one 32-bit word
for a float32 uniform and two (high word first) for a float64 uniform.

Float32 normals follow PyTorch's x86-64 kernel, whose logarithm, sine and cosine are the Cephes
polynomials (S. Moshier) evaluated with fused multiply-adds; other builds of PyTorch differ from
it in the last bit.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

KEY_WORDS = 624
POSITION = 624
NORMAL_VALID = 625
NORMAL = slice(626, 628)
SEED = slice(628, 630)
STATE_WORDS = 630
BLOB_BYTES = 5056

_BLOB: np.dtype[Any] = np.dtype(
    {
        "names": ["seed", "left", "seeded", "next", "key", "normal", "normal_valid"],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", KEY_WORDS), "<f8", "<i4"],
        "offsets": [0, 8, 12, 16, 24, 5024, 5040],
        "itemsize": BLOB_BYTES,
    }
)
_FULL_RANGE = 1 << 32
_local = threading.local()


# ---- engine and state ------------------------------------------------------------------------


def from_seed(seed: int) -> Array:
    """State of a generator seeded with ``seed``, taken modulo 2**64; 32 bits reach the engine."""
    from numpy.random import RandomState

    seed %= 1 << 64
    state = np.zeros(STATE_WORDS, np.uint32)
    state[:KEY_WORDS] = RandomState(seed % _FULL_RANGE).get_state(legacy=False)["state"]["key"]
    state[SEED] = seed % _FULL_RANGE, seed >> 32
    return state


def seed_of(state: Array) -> int:
    """The 64-bit seed that ``state`` started from."""
    low, high = state[SEED].tolist()
    return int(high << 32 | low)


def to_blob(state: Array) -> Array:
    """The 5056 bytes of PyTorch's ``get_rng_state()`` as uint8."""
    blob = np.zeros(1, _BLOB)
    position = int(state[POSITION])
    blob["seed"] = seed_of(state)
    blob["left"] = KEY_WORDS + 1 - position if position else 1
    blob["seeded"] = 1
    blob["next"] = position
    blob["key"] = state[:KEY_WORDS]
    if state[NORMAL_VALID]:
        blob["normal"] = state[NORMAL].view(np.float64)[0]
        blob["normal_valid"] = 1
    return blob.view(np.uint8)


def from_blob(blob: Array) -> Array:
    """State from PyTorch's ``get_rng_state()`` bytes.

    Raises:
        ValueError: the bytes do not describe a generator.
    """
    if blob.size != BLOB_BYTES:
        raise ValueError(f"a random state has {BLOB_BYTES} bytes, not {blob.size}")
    fields = np.ascontiguousarray(blob, np.uint8).view(_BLOB)[0]
    position = int(fields["next"])
    left = KEY_WORDS + 1 - position if position else 1
    if not fields["seeded"] or position > KEY_WORDS or fields["left"] != left:
        raise ValueError("the bytes are not the state of a mt19937 generator")
    state = np.zeros(STATE_WORDS, np.uint32)
    state[:KEY_WORDS] = fields["key"]
    state[POSITION] = position
    seed = int(fields["seed"])
    state[SEED] = seed % _FULL_RANGE, seed >> 32
    if fields["normal_valid"]:
        state[NORMAL_VALID] = 1
        state[NORMAL] = fields["normal"].reshape(1).view(np.uint32)
    return state


def draw(state: Array, count: int) -> Array:
    """``new_state || words``: the next ``count`` 32-bit outputs of the engine."""
    out = np.empty(STATE_WORDS + count, np.uint32)
    out[:STATE_WORDS] = state
    words = out[STATE_WORDS:]
    # A position of 0 marks a fresh seed: the key is still to be twisted, as after word 624.
    start = int(state[POSITION]) or KEY_WORDS
    here = min(count, KEY_WORDS - start)
    _temper(state[start : start + here], words[:here])
    if count > here:
        engine = _engine()
        engine.set_state(("MT19937", state[:KEY_WORDS], KEY_WORDS))
        words[here:] = engine.randint(0, _FULL_RANGE, count - here, np.uint32)
        _, out[:KEY_WORDS], out[POSITION], *_ = engine.get_state()
    elif count:
        out[POSITION] = start + count
    return out


def draw_normals(state: Array, count: int) -> Array:
    """``new_state || pairs of words``: standard normals as float64 bit patterns, one by one.

    The path of small and of strided tensors: each Box-Muller pair yields two samples, and an odd
    one stays cached in the state until a later call, whatever is drawn in between. See
    :func:`decode_normals`.
    """
    cached = state[NORMAL].view(np.float64).tolist() if state[NORMAL_VALID] and count else []
    pairs = (count - len(cached) + 1) // 2
    drawn = draw(state, 4 * pairs)
    first, second = uniform64(drawn[STATE_WORDS:]).reshape(pairs, 2).T.tolist() or ([], [])
    samples = cached
    for u1, u2 in zip(first, second, strict=True):
        radius, angle = math.sqrt(-2.0 * math.log1p(-u2)), 2.0 * math.pi * u1
        samples += [radius * math.cos(angle), radius * math.sin(angle)]
    out = np.empty(STATE_WORDS + 2 * count, np.uint32)
    out[:STATE_WORDS] = drawn[:STATE_WORDS]
    out[STATE_WORDS:] = np.array(samples[:count], np.float64).view(np.uint32)
    if count:
        left = np.array(samples[count:] or [0.0], np.float64)
        out[NORMAL_VALID] = len(samples) > count
        out[NORMAL] = left.view(np.uint32)
    return out


def decode_normals(words: Array, mean: float, std: float) -> Array:
    """Float64 samples of a normal distribution from the words of :func:`draw_normals`."""
    return _scaled(np.ascontiguousarray(words).view(np.float64), mean, std)


def _engine() -> Any:
    """This thread's scratch engine; it carries nothing from one call to the next."""
    if not hasattr(_local, "engine"):
        from numpy.random import RandomState

        _local.engine = RandomState(0)
    return _local.engine


def _temper(key: Array, out: Array) -> None:
    out[:] = key
    out ^= out >> np.uint32(11)
    out ^= (out << np.uint32(7)) & np.uint32(0x9D2C5680)
    out ^= (out << np.uint32(15)) & np.uint32(0xEFC60000)
    out ^= out >> np.uint32(18)


# ---- integers --------------------------------------------------------------------------------


def words64(words: Array) -> Array:
    """uint64 numbers from pairs of words, high word first."""
    high, low = words[0::2].astype(np.uint64), words[1::2]
    high <<= np.uint64(32)
    high |= low
    return high


def integers(words: Array, low: int, span: int) -> Array:
    """int64 in ``[low, low + span)``; ``words`` is uint32, or uint64 if ``span >= 2**28``."""
    offsets: Array = (words % words.dtype.type(span)).astype(np.int64)
    offsets += low
    return offsets


def shuffle(words: Array, count: int) -> Array:
    """The int64 permutation of ``count`` items that ``randperm`` makes of ``count - 1`` words."""
    order = list(range(count))
    if count > 1:
        places = np.arange(count - 1)
        targets = places + words % (count - places).astype(np.uint32)
        for place, target in enumerate(targets.tolist()):
            order[place], order[target] = order[target], order[place]
    return np.array(order, np.int64)


# ---- uniform ---------------------------------------------------------------------------------


def uniform32(words: Array) -> Array:
    """float32 in [0, 1) from one word each."""
    return (words & np.uint32(0xFFFFFF)).astype(np.float32) * np.float32(2.0**-24)


def uniform64(words: Array) -> Array:
    """float64 in [0, 1) from two words each."""
    wide = words64(words)
    wide &= np.uint64((1 << 53) - 1)
    return np.multiply(wide, 2.0**-53)


def uniform_range(unit: Array, low: float, high: float) -> Array:
    """``unit`` in [0, 1) stretched to ``[low, high)`` by one fused multiply-add."""
    kind = unit.dtype.type
    start, stop = kind(low), kind(high)
    if start == 0 and stop == 1:
        return unit
    span = stop - start
    out = _fma32(unit, span, start) if kind is np.float32 else _fma64(unit, span, start)
    out[out == stop] = start
    return out


# ---- normal ----------------------------------------------------------------------------------


def normal_uniforms(count: int, half: bool = False) -> int:
    """Uniforms that :func:`normal_fill` uses up for ``count >= 16`` values.

    PyTorch's kernel for ``half`` precision (and bfloat16) skips those of the incomplete block.
    """
    rest = count % 16
    return count if rest == 0 else count + 16 - rest * half


def normal_fill(unit: Array, count: int, mean: float, std: float) -> Array:
    """Normals in blocks of 16, the path of contiguous tensors of 16 elements and more.

    ``unit`` holds :func:`normal_uniforms` numbers. If ``count`` is not a multiple of 16, the last
    16 values are made afresh from its last 16. The dtype of ``unit`` (float32
    or float64) selects PyTorch's float32 or float64 kernel.
    """
    whole = count - count % 16
    transform = _box_muller32 if unit.dtype == np.float32 else _box_muller64
    out = np.empty(count, unit.dtype)
    out[:whole] = transform(unit[:whole].reshape(-1, 2, 8), mean, std).reshape(-1)
    if count % 16:
        out[-16:] = transform(unit[-16:].reshape(1, 2, 8), mean, std).reshape(-1)
    return out


def _box_muller64(unit: Array, mean: float, std: float) -> Array:
    """Box-Muller on ``[blocks, 2, 8]`` uniforms, float64."""
    radius = np.sqrt(-2.0 * _libm(math.log, 1.0 - unit[:, 0]))
    angle = 2.0 * math.pi * unit[:, 1]
    pair = np.stack([radius * _libm(math.cos, angle), radius * _libm(math.sin, angle)], 1)
    return _scaled(pair, mean, std)


def _box_muller32(unit: Array, mean: float, std: float) -> Array:
    """Box-Muller on ``[blocks, 2, 8]`` uniforms, float32, in pieces that stay in the cache."""
    out = np.empty_like(unit)
    for start in range(0, len(unit), 512):
        piece = unit[start : start + 512]
        radius = np.sqrt(np.float32(-2.0) * _log32(np.float32(1.0) - piece[:, 0]))
        sine, cosine = _sincos32(np.float32(2.0 * math.pi) * piece[:, 1])
        out[start : start + 512, 0] = radius * cosine
        out[start : start + 512, 1] = radius * sine
    return _scaled(out, mean, std)


def _scaled(values: Array, mean: float, std: float) -> Array:
    if mean == 0.0 and std == 1.0:
        return values
    fma = _fma32 if values.dtype == np.float32 else _fma64
    return fma(values, values.dtype.type(std), values.dtype.type(mean))


_LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_PI_4 = (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)


def _log32(x: Array) -> Array:
    """Cephes' single-precision logarithm for positive normal numbers."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < np.float32(0.707106781186547524)
    exponent = (exponent - small).astype(np.float32)
    m = np.where(small, mantissa + mantissa, mantissa) - np.float32(1.0)
    square = m * m
    y = _horner32(m, _LOG) * m
    y = _fma32(y, square, exponent * np.float32(-2.12194440e-4))
    y = _fma32(square, np.float32(-0.5), y)
    return _fma32(exponent, np.float32(0.693359375), m + y)


def _sincos32(x: Array) -> tuple[Array, Array]:
    """Cephes' single-precision sine and cosine of ``x >= 0``."""
    octant = (x * np.float32(1.27323954473516)).astype(np.int32)
    octant = (octant + 1) & ~1
    part = octant.astype(np.float32)
    for constant in _PI_4:
        x = _fma32(part, np.float32(constant), x)
    square = x * x
    cosine = _horner32(square, _COS) * square
    cosine = _fma32(cosine, square, square * np.float32(-0.5)) + np.float32(1.0)
    sine = _fma32(_horner32(square, _SIN) * square, x, x)
    swap = (octant & 2) != 0
    sign_sine = np.where(octant & 4, np.float32(-1.0), np.float32(1.0))
    sign_cosine = np.where((octant - 2) & 4, np.float32(1.0), np.float32(-1.0))
    return np.where(swap, cosine, sine) * sign_sine, np.where(swap, sine, cosine) * sign_cosine


def _horner32(x: Array, coefficients: tuple[float, ...]) -> Array:
    wide = x.astype(np.float64)
    y = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        y = (y * wide + np.float64(np.float32(c))).astype(np.float32)
    return y


# ---- other distributions, float64 throughout as in PyTorch ------------------------------------


def exponential(unit: Array, rate: float) -> Array:
    """Exponential samples with ``rate`` from float64 uniforms."""
    return -1.0 / rate * _libm(math.log1p, -unit)


def geometric(unit: Array, p: float) -> Array:
    """Number of trials up to the first success, from float64 uniforms."""
    with np.errstate(divide="ignore"):
        return np.ceil(np.log(unit) / math.log1p(-p))


def cauchy(unit: Array, median: float, sigma: float) -> Array:
    """Cauchy samples from float64 uniforms."""
    return median + sigma * _libm(math.tan, math.pi * (unit - 0.5))


def log_normal(normals: Array) -> Array:
    """Exponential of float64 normals; infinite where it overflows."""
    limit = math.log(np.finfo(np.float64).max)
    return np.where(normals > limit, np.inf, _libm(math.exp, np.minimum(normals, limit)))


def multinomial(weights: Array, unit: Array) -> Array:
    """Indices drawn with replacement: ``weights[rows, n]`` and ``unit[rows, samples]``.

    Each float64 uniform is looked up in the cumulative distribution, computed in the dtype of the
    weights.
    """
    total = np.cumsum(weights, axis=-1, dtype=weights.dtype)
    total /= total[:, -1:]
    total[:, -1] = 1
    rows = [np.searchsorted(row, u) for row, u in zip(total, unit, strict=True)]
    return np.array(rows, np.int64).reshape(unit.shape)


# ---- arithmetic to the last bit -------------------------------------------------------------


def _libm(function: Callable[[float], float], x: Array) -> Array:
    """The C library's function, as PyTorch calls it; NumPy's vector loops differ in last bits."""
    values = map(function, x.reshape(-1).tolist())
    out = np.fromiter(values, np.float64, x.size)
    return out.reshape(x.shape)


def _fma32(a: Array, b: Any, c: Any) -> Array:
    """``a * b + c`` rounded once: the product of two float32 numbers is exact in float64."""
    wide: Array = np.multiply(a, b, dtype=np.float64)
    wide += c
    return wide.astype(np.float32)


def _fma64(a: Array, b: Any, c: Any) -> Array:
    """``a * b + c`` rounded once (Boldo and Melquiond 2008, emulation by rounding to odd).

    Correct where neither the product nor its error term over- or underflows.
    """
    product, product_error = _two_product(a, np.broadcast_to(b, a.shape))
    low, low_error = _two_sum(np.broadcast_to(c, a.shape), product_error)
    high, high_error = _two_sum(product, low)
    rest, inexact = _two_sum(low_error, high_error)
    bits = rest.view(np.int64)
    odd = np.where(
        (inexact != 0) & (bits & 1 == 0), np.nextafter(rest, np.copysign(np.inf, inexact)), rest
    )
    return high + odd


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """``a + b`` and its rounding error (Knuth)."""
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """``a * b`` and its rounding error (Dekker, with Veltkamp's splitting)."""
    product = a * b
    (ah, al), (bh, bl) = _split(a), _split(b)
    return product, ((ah * bh - product) + ah * bl + al * bh) + al * bl


def _split(a: Array) -> tuple[Array, Array]:
    scaled = a * 134217729.0
    high = scaled - (scaled - a)
    return high, a - high
