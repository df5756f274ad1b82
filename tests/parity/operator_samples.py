"""Sample inputs for generated tests, by family. Operands are arrays, made tensors by each.

``T`` is an operand that is cast to the dtype under test, ``Fixed`` one that keeps its own (an
index, a mask). Values are drawn once, from a seed, so every run sees the same ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class T:
    """An operand of the dtype under test, differentiable if that is floating point."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array, np.float64)


class Fixed:
    """An operand whose dtype is part of the sample."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)


class Sample:
    """Arguments of one call."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs

    def __repr__(self) -> str:
        def show(x: Any) -> str:
            return f"{type(x).__name__}{list(x.array.shape)}" if hasattr(x, "array") else repr(x)

        parts = [show(a) for a in self.args]
        parts += [f"{k}={show(v)}" for k, v in self.kwargs.items()]
        return f"({', '.join(parts)})"


def build(lib: Any, x: Any, dtype: str, grad: bool, layout: str = "contiguous") -> Any:
    """A sample's operand as a tensor of ``lib``; lists are built element by element."""
    if isinstance(x, list | tuple):
        return type(x)(build(lib, y, dtype, grad, layout) for y in x)
    if isinstance(x, Fixed):
        return lib.tensor(x.array.tolist(), dtype=getattr(lib, str(x.array.dtype))).reshape(
            x.array.shape
        )
    if not isinstance(x, T):
        return x
    d = getattr(lib, dtype)
    array = np.ascontiguousarray(x.array)
    with np.errstate(invalid="ignore"):
        if dtype == "bool":
            t = lib.from_numpy((array > 0).copy())
        elif not d.is_floating_point:
            t = lib.from_numpy(np.trunc(np.nan_to_num(array) * 3).astype(np.int64)).to(d)
        else:
            t = lib.from_numpy(array.copy()).to(d)
    if layout == "transposed" and t.dim() >= 2:
        t = t.transpose(0, 1).contiguous().transpose(0, 1)
    elif layout == "strided" and t.dim() >= 1:
        t = lib.stack([t, t], -1)[..., 0]
    return t.detach().requires_grad_() if grad and d.is_floating_point else t


_SHAPES: list[tuple[int, ...]] = [(3, 4), (), (5,), (2, 1, 3), (0, 3)]


def _values(rng: np.random.Generator, shape: tuple[int, ...], domain: str) -> np.ndarray:
    x = rng.standard_normal(shape)
    if domain == "positive":
        return np.abs(x) + 0.2
    if domain == "nonzero":
        return np.where(x < 0, x - 0.4, x + 0.4)
    if domain == "unit":
        return np.tanh(x) * 0.9
    if domain == "above_one":
        return np.abs(x) + 1.2
    if domain == "probability":
        return 1 / (1 + np.exp(-x)) * 0.96 + 0.02
    return x * 1.5


def _unary(rng: np.random.Generator, domain: str) -> list[Sample]:
    return [Sample(T(_values(rng, s, domain))) for s in _SHAPES]


_PAIRS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3, 4), (3, 4)),
    ((3, 4), (4,)),
    ((2, 1, 3), (4, 1)),
    ((3,), ()),
    ((), ()),
    ((0, 3), (1, 3)),
]


def _binary(rng: np.random.Generator, domain: str) -> list[Sample]:
    first = "positive" if domain == "positive" else ""
    return [
        Sample(T(_values(rng, a, first)), T(_values(rng, b, "" if first else domain)))
        for a, b in _PAIRS
    ]


def _both_positive(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(T(_values(rng, a, "positive")), T(_values(rng, b, "positive"))) for a, b in _PAIRS
    ]


def _ternary(rng: np.random.Generator, domain: str) -> list[Sample]:
    return [
        Sample(T(_values(rng, a, "")), T(_values(rng, b, "")), T(_values(rng, b, domain)))
        for a, b in _PAIRS
        if a == b or len(a) == 2
    ]


def _matrix_shapes(rng: np.random.Generator, *pairs: tuple[Any, ...]) -> list[Sample]:
    return [Sample(*[T(rng.standard_normal(s)) for s in shapes]) for shapes in pairs]


def _index(rng: np.random.Generator, shape: tuple[int, ...], n: int) -> Fixed:
    return Fixed(rng.integers(0, n, shape))


def _with(samples: list[Sample], *options: dict[str, Any]) -> list[Sample]:
    return [Sample(*s.args, **{**s.kwargs, **o}) for s in samples for o in options]


def _randn(rng: np.random.Generator, *shape: int) -> T:
    return T(rng.standard_normal(shape))


def _dims(rng: np.random.Generator) -> list[Sample]:
    x = _randn(rng, 3, 4, 2)
    return [Sample(x, d) for d in (0, 1, -1)] + [Sample(_randn(rng, 5), 0), Sample(_randn(rng), 0)]


def _reduction(rng: np.random.Generator, dims: bool = True) -> list[Sample]:
    x = _randn(rng, 3, 4, 2)
    out = [Sample(x), Sample(_randn(rng)), Sample(_randn(rng, 5)), Sample(x, 1)]
    out += [Sample(x, -1, True), Sample(x, dim=0, keepdim=True)]
    if dims:
        out += [Sample(x, (0, 2)), Sample(x, (1, -1), True), Sample(_randn(rng, 0, 3), 1)]
    return out


FAMILIES: dict[str, Callable[[np.random.Generator], list[Sample]]] = {}


def family(name: str) -> Callable[[Callable[..., list[Sample]]], Callable[..., list[Sample]]]:
    """Register a generator of samples."""

    def decorate(f: Callable[..., list[Sample]]) -> Callable[..., list[Sample]]:
        FAMILIES[name] = f
        return f

    return decorate


for _domain in ("", "positive", "nonzero", "unit", "above_one", "probability"):
    _suffix = f":{_domain}" if _domain else ""
    FAMILIES[f"unary{_suffix}"] = lambda rng, d=_domain: _unary(rng, d)
    FAMILIES[f"binary{_suffix}"] = lambda rng, d=_domain: _binary(rng, d)
    FAMILIES[f"ternary{_suffix}"] = lambda rng, d=_domain: _ternary(rng, d)

FAMILIES.update(
    {
        "mm": lambda rng: _matrix_shapes(rng, ((3, 4), (4, 2)), ((1, 1), (1, 1)), ((0, 3), (3, 2))),
        "bmm": lambda rng: _matrix_shapes(rng, ((2, 3, 4), (2, 4, 2)), ((1, 2, 2), (1, 2, 2))),
        "mv": lambda rng: _matrix_shapes(rng, ((3, 4), (4,)), ((1, 1), (1,))),
        "dot": lambda rng: _matrix_shapes(rng, ((4,), (4,)), ((0,), (0,))),
        "addmm": lambda rng: _with(
            _matrix_shapes(rng, ((3, 2), (3, 4), (4, 2)), ((2,), (3, 4), (4, 2))),
            {},
            {"beta": 2, "alpha": 3},
        ),
        "addmv": lambda rng: _matrix_shapes(rng, ((3,), (3, 4), (4,))),
        "baddbmm": lambda rng: _matrix_shapes(rng, ((2, 3, 2), (2, 3, 4), (2, 4, 2))),
        "addbmm": lambda rng: _matrix_shapes(rng, ((3, 2), (2, 3, 4), (2, 4, 2))),
        "addr": lambda rng: _matrix_shapes(rng, ((3, 4), (3,), (4,))),
        "outer": lambda rng: _matrix_shapes(rng, ((3,), (4,))),
        "matmul": lambda rng: _matrix_shapes(
            rng,
            ((3,), (3,)),
            ((3, 4), (4,)),
            ((4,), (4, 3)),
            ((2, 3, 4), (4,)),
            ((2, 3, 4), (4, 5)),
            ((2, 1, 3, 4), (5, 4, 2)),
        ),
        "matrix": lambda rng: _with(
            _matrix_shapes(rng, ((3, 4),), ((4, 3),), ((2, 3, 3),)),
            {},
            {"diagonal": 1},
            {"diagonal": -2},
        ),
        "square": lambda rng: _matrix_shapes(rng, ((3, 3),), ((2, 4),)),
        "diag_embed": lambda rng: _with(
            _matrix_shapes(rng, ((3,),), ((2, 3),)), {}, {"offset": 1}, {"offset": -1}
        ),
        "softmax": _dims,
        "cumulative": _dims,
        "logsumexp": lambda rng: [*_dims(rng), Sample(_randn(rng, 3, 4), (0, 1), True)],
        "cat": lambda rng: [
            Sample([_randn(rng, 2, 3), _randn(rng, 1, 3)]),
            Sample([_randn(rng, 2, 3), _randn(rng, 2, 2)], 1),
            Sample((_randn(rng, 3), _randn(rng, 0)), dim=-1),
        ],
        "stack": lambda rng: [
            Sample([_randn(rng, 2, 3), _randn(rng, 2, 3)]),
            Sample([_randn(rng, 2, 3), _randn(rng, 2, 3)], -1),
            Sample([_randn(rng), _randn(rng)], dim=0),
        ],
        "clamp": lambda rng: [
            Sample(_randn(rng, 3, 4), -0.5, 0.5),
            Sample(_randn(rng, 3, 4), min=0),
            Sample(_randn(rng, 3, 4), max=0),
            Sample(_randn(rng, 3, 4), _randn(rng, 4), None),
            Sample(_randn(rng, 3, 4), _randn(rng, 3, 4), _randn(rng, 3, 1)),
        ],
        "where": lambda rng: [
            Sample(Fixed(rng.random((3, 4)) > 0.5), _randn(rng, 3, 4), _randn(rng, 3, 4)),
            Sample(Fixed(rng.random((3, 1)) > 0.5), _randn(rng, 4), _randn(rng)),
            Sample(Fixed(rng.random(3) > 0.5), _randn(rng, 3), 2.5),
            Sample(Fixed(rng.random(3) > 0.5), 1, _randn(rng, 3)),
        ],
        "masked_fill": lambda rng: [
            Sample(_randn(rng, 3, 4), Fixed(rng.random((3, 4)) > 0.5), 2),
            Sample(_randn(rng, 3, 4), Fixed(rng.random(4) > 0.5), _randn(rng)),
        ],
        "masked_select": lambda rng: [
            Sample(_randn(rng, 3, 4), Fixed(rng.random((3, 4)) > 0.5)),
            Sample(_randn(rng, 3, 4), Fixed(rng.random(4) > 0.5)),
        ],
        "gather": lambda rng: [
            Sample(_randn(rng, 3, 4), 1, _index(rng, (3, 2), 4)),
            Sample(_randn(rng, 3, 4), 0, _index(rng, (5, 3), 3)),
            Sample(_randn(rng, 3), -1, _index(rng, (4,), 3)),
            Sample(_randn(rng), 0, _index(rng, (), 1)),
        ],
        "scatter": lambda rng: [
            Sample(_randn(rng, 3, 4), 1, _index(rng, (3, 2), 4), _randn(rng, 3, 2)),
            Sample(_randn(rng, 3, 4), 0, _index(rng, (2, 4), 3), _randn(rng, 3, 4)),
            Sample(_randn(rng, 5), 0, _index(rng, (3,), 5), _randn(rng, 3)),
        ],
        "scatter:unique": lambda rng: [
            Sample(_randn(rng, 3, 4), 1, Fixed([[0, 3], [1, 0], [2, 1]]), _randn(rng, 3, 2)),
            Sample(_randn(rng, 5), 0, Fixed([4, 0, 2]), _randn(rng, 3)),
            Sample(_randn(rng, 5), 0, Fixed([4, 0, 2]), 2),
        ],
        "index_select": lambda rng: [
            Sample(_randn(rng, 3, 4), 0, _index(rng, (5,), 3)),
            Sample(_randn(rng, 3, 4), -1, _index(rng, (2,), 4)),
            Sample(_randn(rng, 3, 4), 1, Fixed(np.zeros(0, np.int64))),
        ],
        "index_add": lambda rng: [
            Sample(_randn(rng, 3, 4), 0, _index(rng, (2,), 3), _randn(rng, 2, 4)),
            Sample(_randn(rng, 3, 4), 1, _index(rng, (5,), 4), _randn(rng, 3, 5), alpha=2),
        ],
        "index_copy": lambda rng: [
            Sample(_randn(rng, 3, 4), 0, Fixed([2, 0]), _randn(rng, 2, 4)),
        ],
        "index_fill": lambda rng: [Sample(_randn(rng, 3, 4), 1, Fixed([1, 3]), 2)],
        "take": lambda rng: [Sample(_randn(rng, 3, 4), _index(rng, (2, 3), 12))],
        "take_along_dim": lambda rng: [
            Sample(_randn(rng, 3, 4), _index(rng, (3, 1), 4), 1),
            Sample(_randn(rng, 3, 4), _index(rng, (5,), 12)),
        ],
        "bitwise": lambda rng: [
            Sample(Fixed(rng.integers(0, 7, a)), Fixed(rng.integers(0, 7, b))) for a, b in _PAIRS
        ],
        "bitwise1": lambda rng: [
            Sample(Fixed(rng.integers(-9, 9, (3, 4)))),
            Sample(Fixed(rng.random(3) > 0.5)),
            Sample(Fixed(np.arange(3, dtype=np.uint8))),
        ],
        "bitwise:bool": lambda rng: [
            Sample(Fixed(rng.random((3, 4)) > 0.5), Fixed(rng.random(4) > 0.5))
        ],
        "reduction": _reduction,
        "reduction:dim": lambda rng: _reduction(rng, dims=False),
        "reduction:distinct": lambda rng: [
            Sample(T(rng.permutation(24).reshape(2, 3, 4) / 3)),
            Sample(T(rng.permutation(24).reshape(2, 3, 4) / 3), 1),
            Sample(T(rng.permutation(24).reshape(2, 3, 4) / 3), -1, True),
            Sample(_randn(rng)),
            Sample(_randn(rng), 0),
        ],
        "dim:distinct": lambda rng: [
            Sample(T(rng.permutation(24).reshape(2, 3, 4) / 3), 1),
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), -1),
            Sample(T(rng.permutation(5)), 0),
        ],
        "sort": lambda rng: [
            Sample(T(rng.permutation(24).reshape(2, 3, 4) / 3)),
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), 0),
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), -1, True),
            Sample(_randn(rng)),
        ],
        "topk": lambda rng: [
            Sample(T(rng.permutation(24).reshape(2, 3, 4) / 3), 2),
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), 2, 0),
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), 1, -1, False),
        ],
        "var": lambda rng: [
            Sample(_randn(rng, 3, 4)),
            Sample(_randn(rng, 3, 4), 1),
            Sample(_randn(rng, 3, 4), (0, 1), unbiased=False),
            Sample(_randn(rng, 3, 4), dim=0, correction=0, keepdim=True),
            Sample(_randn(rng, 3, 4), False),
        ],
        "norm": lambda rng: [
            Sample(T(_values(rng, (3, 4), "nonzero"))),
            *[
                Sample(T(_values(rng, (3, 4), "nonzero")), p, 1)
                for p in (1, 2, 3, 1.5, float("inf"))
            ],
            Sample(T(_values(rng, (3, 4), "nonzero")), 2, (0, 1), True),
        ],
        "flip": lambda rng: [Sample(_randn(rng, 3, 4), [0]), Sample(_randn(rng, 3, 4), (0, 1))],
        "roll": lambda rng: [
            Sample(_randn(rng, 3, 4), 2),
            Sample(_randn(rng, 3, 4), -1, 1),
            Sample(_randn(rng, 3, 4), (1, 2), (0, 1)),
        ],
        "rot90": lambda rng: [Sample(_randn(rng, 3, 4), k, [0, 1]) for k in range(-1, 4)],
        "reshape": lambda rng: [
            Sample(_randn(rng, 3, 4), (2, 6)),
            Sample(_randn(rng, 3, 4), (-1,)),
            Sample(_randn(rng), (1, 1)),
            Sample(_randn(rng, 0, 3), (3, 0)),
        ],
        "permute": lambda rng: [Sample(_randn(rng, 2, 3, 4), (2, 0, 1)), Sample(_randn(rng), ())],
        "transpose": lambda rng: [Sample(_randn(rng, 2, 3, 4), 0, -1), Sample(_randn(rng), 0, 0)],
        "movedim": lambda rng: [
            Sample(_randn(rng, 2, 3, 4), 0, 2),
            Sample(_randn(rng, 2, 3, 4), (0, 1), (1, 2)),
        ],
        "unsqueeze": lambda rng: [Sample(_randn(rng, 3, 4), d) for d in (0, 1, -1)],
        "squeeze": lambda rng: [
            Sample(_randn(rng, 1, 3, 1)),
            Sample(_randn(rng, 1, 3, 1), 0),
            Sample(_randn(rng, 1, 3, 1), 1),
            Sample(_randn(rng, 1, 3, 1), (0, 2)),
        ],
        "t": lambda rng: [Sample(_randn(rng, 3, 4)), Sample(_randn(rng, 3)), Sample(_randn(rng))],
        "narrow": lambda rng: [
            Sample(_randn(rng, 5, 3), 0, 1, 3),
            Sample(_randn(rng, 5, 3), 1, -2, 2),
        ],
        "select": lambda rng: [Sample(_randn(rng, 5, 3), 0, 2), Sample(_randn(rng, 5, 3), -1, -1)],
        "diagonal": lambda rng: [
            Sample(_randn(rng, 3, 4)),
            Sample(_randn(rng, 3, 4), 1),
            Sample(_randn(rng, 2, 3, 4), -1, 0, 2),
        ],
        "split": lambda rng: [
            Sample(_randn(rng, 5, 3), 2),
            Sample(_randn(rng, 5, 3), [1, 4]),
            Sample(_randn(rng, 5, 3), 2, 1),
        ],
        "chunk": lambda rng: [Sample(_randn(rng, 5, 3), 2), Sample(_randn(rng, 5, 3), 4, -1)],
        "unbind": lambda rng: [Sample(_randn(rng, 3, 2)), Sample(_randn(rng, 3, 2), 1)],
        "repeat": lambda rng: [
            Sample(_randn(rng, 3, 2), (2, 2)),
            Sample(_randn(rng, 3), (2, 1, 3)),
        ],
        "repeat_interleave": lambda rng: [
            Sample(_randn(rng, 3, 2), 2),
            Sample(_randn(rng, 3, 2), 2, 0),
            Sample(_randn(rng, 3, 2), Fixed([1, 0, 2]), dim=0),
        ],
        "expand": lambda rng: [Sample(_randn(rng, 3, 1), (3, 4)), Sample(_randn(rng, 3), (2, -1))],
        "kron": lambda rng: _matrix_shapes(rng, ((2, 3), (3, 2)), ((3,), (2, 2))),
        "cross": lambda rng: [Sample(_randn(rng, 2, 3), _randn(rng, 2, 3), 1)],
        "cdist": lambda rng: [
            Sample(_randn(rng, 4, 3), _randn(rng, 2, 3)),
            Sample(_randn(rng, 2, 4, 3), _randn(rng, 2, 2, 3), 1.0),
            Sample(_randn(rng, 4, 3), _randn(rng, 2, 3), 3.0),
        ],
        "cov": lambda rng: [Sample(_randn(rng, 3, 5)), Sample(_randn(rng, 5))],
        "invertible": lambda rng: [
            Sample(T(rng.standard_normal((3, 3)) + 3 * np.eye(3))),
            Sample(T(rng.standard_normal((2, 2, 2)) + 3 * np.eye(2))),
        ],
        "solve": lambda rng: [
            Sample(T(rng.standard_normal((3, 3)) + 3 * np.eye(3)), _randn(rng, 3)),
            Sample(T(rng.standard_normal((2, 3, 3)) + 3 * np.eye(3)), _randn(rng, 2, 3, 2)),
            Sample(T(rng.standard_normal((3, 3)) + 3 * np.eye(3)), _randn(rng, 2, 3), left=False),
        ],
        "tall": lambda rng: [Sample(_randn(rng, 4, 3)), Sample(_randn(rng, 2, 3, 3))],
        "any_matrix": lambda rng: [Sample(_randn(rng, 4, 3)), Sample(_randn(rng, 3, 4))],
        "power": lambda rng: [
            Sample(T(rng.standard_normal((3, 3)) + 3 * np.eye(3)), n) for n in (0, 1, 3, -2)
        ],
        "quantile": lambda rng: [
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), 0.3),
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), 0.6, 1, True),
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), 0.25, 0, interpolation="higher"),
        ],
        "kthvalue": lambda rng: [
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), 2),
            Sample(T(rng.permutation(12).reshape(3, 4) / 3), 1, 0, True),
        ],
        "diff": lambda rng: [Sample(_randn(rng, 3, 4)), Sample(_randn(rng, 3, 4), 2, 0)],
        "tensordot": lambda rng: [
            Sample(_randn(rng, 2, 3, 4), _randn(rng, 3, 4, 2), 2),
            Sample(_randn(rng, 2, 3), _randn(rng, 4, 2), ([0], [1])),
        ],
        "searchsorted": lambda rng: [
            Sample(T(np.arange(6)), T(rng.standard_normal((2, 3)) * 3)),
            Sample(T(np.arange(6)), T(rng.standard_normal(4) * 3), right=True),
        ],
        "renorm": lambda rng: [Sample(_randn(rng, 3, 4), 2, 0, 1.0)],
        "lerp": lambda rng: [
            Sample(_randn(rng, 3, 4), _randn(rng, 3, 4), 0.3),
            Sample(_randn(rng, 3, 4), _randn(rng, 4), 0.8),
            Sample(_randn(rng, 3, 4), _randn(rng, 3, 4), T(rng.random((3, 4)))),
        ],
        "unfold": lambda rng: [Sample(_randn(rng, 5, 3), 0, 2, 1), Sample(_randn(rng, 6), 0, 2, 3)],
        "as_strided": lambda rng: [
            Sample(_randn(rng, 4, 3), (2, 2), (3, 1)),
            Sample(_randn(rng, 4, 3), (2, 3), (1, 2), 1),
        ],
        "scalar": lambda rng: [
            Sample(_randn(rng, 3, 4), 2),
            Sample(_randn(rng, 3, 4), 0.5),
            Sample(_randn(rng), 3),
            Sample(_randn(rng, 0), 1.5),
        ],
        "tensors": lambda rng: [Sample([_randn(rng, 2, 2), _randn(rng, 1, 3)])],
        "threshold": lambda rng: [Sample(_randn(rng, 3, 4), 0.1, 20.0)],
        "glu": lambda rng: [Sample(_randn(rng, 3, 4)), Sample(_randn(rng, 4, 3), 0)],
        "prelu": lambda rng: [
            Sample(T(_values(rng, (2, 3, 4), "nonzero")), _randn(rng, 3)),
            Sample(T(_values(rng, (2, 3), "nonzero")), _randn(rng, 1)),
        ],
    }
)

# Public functions and methods that are not rows of the registry of operators, by family.
FUNCTIONS: dict[str, str] = {
    "sum": "reduction",
    "mean": "reduction",
    "nansum": "reduction",
    "nanmean": "reduction",
    "prod": "reduction:dim",
    "all": "reduction",
    "any": "reduction",
    "amax": "reduction:distinct",
    "amin": "reduction:distinct",
    "max": "reduction:distinct",
    "min": "reduction:distinct",
    "argmax": "reduction:distinct",
    "argmin": "reduction:distinct",
    "median": "reduction:distinct",
    "nanmedian": "reduction:distinct",
    "var": "var",
    "std": "var",
    "var_mean": "var",
    "std_mean": "var",
    "norm": "norm",
    "count_nonzero": "reduction",
    "logcumsumexp": "cumulative",
    "cummax": "dim:distinct",
    "cummin": "dim:distinct",
    "flip": "flip",
    "roll": "roll",
    "rot90": "rot90",
    "reshape": "reshape",
    "permute": "permute",
    "transpose": "transpose",
    "movedim": "movedim",
    "unsqueeze": "unsqueeze",
    "squeeze": "squeeze",
    "t": "t",
    "narrow": "narrow",
    "select": "select",
    "diagonal": "diagonal",
    "split": "split",
    "chunk": "chunk",
    "tensor_split": "chunk",
    "unbind": "unbind",
    "tile": "repeat",
    "broadcast_to": "expand",
    "repeat_interleave": "repeat_interleave",
    "kron": "kron",
    "cross": "cross",
    "cdist": "cdist",
    "cov": "cov",
    "corrcoef": "cov",
    "diag": "t",
    "diagflat": "t",
    "matmul": "matmul",
    "outer": "outer",
    "inner": "outer:same",
    "addmv": "addmv",
    "baddbmm": "baddbmm",
    "addbmm": "addbmm",
    "addr": "addr",
    "tensordot": "tensordot",
    "index_add": "index_add",
    "index_copy": "index_copy",
    "index_fill": "index_fill",
    "take": "take",
    "take_along_dim": "take_along_dim",
    "scatter": "scatter:unique",
    "sort": "sort",
    "argsort": "sort",
    "msort": "t",
    "topk": "topk",
    "kthvalue": "kthvalue",
    "mode": "dim:distinct",
    "quantile": "quantile",
    "nanquantile": "quantile",
    "diff": "diff",
    "searchsorted": "searchsorted",
    "fmax": "binary",
    "fmin": "binary",
    "logaddexp": "binary",
    "logaddexp2": "binary",
    "hypot": "binary:nonzero",
    "copysign": "binary:nonzero",
    "heaviside": "binary",
    "xlogy": "binary:both_positive",
    "nan_to_num": "unary",
    "positive": "unary",
    "rsub": "binary",
    "float_power": "binary:positive",
    "gcd": "bitwise",
    "lcm": "bitwise",
    "ldexp": "binary",
    "frexp": "unary",
    "nextafter": "binary",
    "isclose": "binary",
    "equal": "binary",
    "allclose": "binary",
    "isin": "binary",
    "trapezoid": "t:vector",
    "renorm": "renorm",
    "aminmax": "unary",
    "ravel": "t",
    "flatten": "t",
    "block_diag": "tensors",
    "inverse": "invertible",
    "det": "invertible",
    "slogdet": "invertible",
    "logdet": "invertible",
    "matrix_power": "power",
    "pinverse": "any_matrix",
    "qr": "tall",
    "linalg.inv": "invertible",
    "linalg.det": "invertible",
    "linalg.solve": "solve",
    "linalg.pinv": "any_matrix",
    "linalg.svdvals": "any_matrix",
    "linalg.vector_norm": "norm",
    "linalg.norm": "any_matrix",
    "linalg.qr": "tall",
    "special.entr": "unary:positive",
    "special.ndtr": "unary",
    "special.log_ndtr": "unary",
    "special.i1": "unary",
    "special.i0e": "unary",
    "special.i1e": "unary",
    "mvlgamma": "mvlgamma",
    "special.xlog1py": "binary:both_positive",
    "as_strided": "as_strided",
    "dist": "norm:pair",
    "prelu": "prelu",
    "celu": "unary",
    "selu": "unary",
    "clamp_min": "scalar",
    "clamp_max": "scalar",
    "cumulative_trapezoid": "t:vector",
    "bucketize": "bucketize",
    "argwhere": "unary",
    "nonzero": "unary",
    "moveaxis": "movedim",
    "swapaxes": "transpose",
    "hstack": "tensors:same",
    "vstack": "tensors:same",
    "dstack": "tensors:same",
    "column_stack": "tensors:same",
    "atleast_1d": "unary",
    "atleast_2d": "unary",
    "atleast_3d": "unary",
    "fliplr": "square",
    "flipud": "square",
    "vander": "t:vector",
    "scatter_reduce": "scatter_reduce",
    "index_reduce": "index_reduce",
    "slice_scatter": "square2",
    "select_scatter": "select_scatter",
    "diagonal_scatter": "diagonal_scatter",
    "unflatten": "unflatten",
    "linalg.cross": "cross3",
    "linalg.multi_dot": "chain",
    "linalg.matrix_norm": "any_matrix",
    "linalg.eigvalsh": "symmetric",
    "polygamma": "polygamma",
    "angle": "unary",
    "put": "put",
    "linalg.matrix_exp": "invertible",
    "isreal": "unary",
    "hsplit": "halves",
    "vsplit": "halves",
    "rrelu": "unary",
    "conj": "unary",
}
FAMILIES.update(
    {
        "binary:both_positive": _both_positive,
        "outer:same": lambda rng: _matrix_shapes(rng, ((3,), (3,)), ((2, 3), (4, 3))),
        "t:vector": lambda rng: [Sample(_randn(rng, 5))],
        "mvlgamma": lambda rng: [Sample(T(_values(rng, (3, 4), "positive") + 2), 3)],
        "norm:pair": lambda rng: [
            Sample(_randn(rng, 3, 4), _randn(rng, 4)),
            Sample(_randn(rng, 3), _randn(rng, 3), 1),
        ],
        "bucketize": lambda rng: [Sample(_randn(rng, 3, 4), T([-1.0, 0.0, 1.0]))],
        "tensors:same": lambda rng: [Sample([_randn(rng, 2, 2), _randn(rng, 2, 2)])],
        "scatter_reduce": lambda rng: [
            Sample(
                _randn(rng, 3, 4), 1, _index(rng, (3, 2), 4), _randn(rng, 3, 2), r, include_self=s
            )
            for r in ("sum", "prod", "mean", "amax", "amin")
            for s in (True, False)
        ],
        "index_reduce": lambda rng: [
            Sample(_randn(rng, 3, 4), 0, _index(rng, (2,), 3), _randn(rng, 2, 4), r)
            for r in ("prod", "mean", "amax", "amin")
        ],
        "square2": lambda rng: [
            Sample(_randn(rng, 4, 4), _randn(rng, 2, 4), 0, 1, 3),
            Sample(_randn(rng, 4, 4), _randn(rng, 4, 2), 1, 0, None, 2),
        ],
        "select_scatter": lambda rng: [Sample(_randn(rng, 4, 3), _randn(rng, 3), 0, 2)],
        "diagonal_scatter": lambda rng: [Sample(_randn(rng, 3, 3), _randn(rng, 3))],
        "unflatten": lambda rng: [Sample(_randn(rng, 4, 6), 1, (2, -1))],
        "cross3": lambda rng: [Sample(_randn(rng, 2, 3), _randn(rng, 2, 3))],
        "chain": lambda rng: [Sample([_randn(rng, 3, 2), _randn(rng, 2, 4), _randn(rng, 4, 2)])],
        "symmetric": lambda rng: [Sample(T((m := rng.standard_normal((4, 4))) + m.T))],
        "polygamma": lambda rng: [
            Sample(n, T(_values(rng, (3, 4), "positive"))) for n in (0, 1, 2, 3)
        ],
        "put": lambda rng: [Sample(_randn(rng, 3, 4), Fixed([1, 7]), _randn(rng, 2))],
        "halves": lambda rng: [Sample(_randn(rng, 4, 4), 2)],
    }
)

# Results that PyTorch fills with random numbers.
FUNCTIONS.pop("rrelu")


def samples_of(name: str) -> list[Sample]:
    """The samples of a family, the same in every run."""
    return FAMILIES[name](np.random.default_rng(sum(map(ord, name))))
