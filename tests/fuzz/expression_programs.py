"""Random graphs of primitives. Each value is also computed at once, step by step, from copies.

So whatever the engine adds (common subexpressions, dead code, reuse of memory, donation, fusion,
machine code) is compared with the NumPy reference of each primitive alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rushlight import dtypes
from rushlight.dtypes import dtype
from rushlight.graph.expr import Attrs, Expr, Primitive, leaf
from rushlight.graph.primitives import REGISTRY, verify
from rushlight.graph.tape import record, value_of
from rushlight.runtime.interpreter import run_step
from rushlight.runtime.narrow import NARROW, narrow, widen
from rushlight.runtime.program import Step
from rushlight.shapes import contiguous_strides

FLOATS = (dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16)
WHOLE = (
    dtypes.int64, dtypes.int32, dtypes.int16, dtypes.int8,
    dtypes.uint8, dtypes.uint16, dtypes.uint32, dtypes.uint64,
)  # fmt: skip
ALL = (*FLOATS, *WHOLE, dtypes.bool_)
SHAPES: tuple[tuple[int, ...], ...] = (
    (), (1,), (5,), (13,), (7, 3), (1, 3), (7, 1), (2, 1, 4), (2, 3, 4), (0,), (3, 0, 2),
    (2, 3, 1, 2),
)  # fmt: skip
SPECIAL = (0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e-40, 0.5, 2.5, -2.5, 3e38)

FLOAT_UNARY = (
    "exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "sin", "cos", "tan", "asin",
    "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sigmoid", "erf", "erfc",
    "erfinv", "lgamma", "digamma",
)  # fmt: skip
UNARY = ("neg", "abs", "sign", "floor", "ceil", "round", "trunc", "isnan", "relu")
BINARY = ("add", "sub", "mul", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge")
BITS = ("and", "or", "xor")


class Node:
    """An Expr with the value that it must have."""

    def __init__(self, expr: Expr, value: np.ndarray) -> None:
        self.expr = expr
        self.value = value


def compute(prim: Primitive, operands: list[Node], attrs: Attrs, args: tuple[Any, ...]) -> Node:
    """Record a primitive and compute it at once on copies of its operands' values."""
    e = record(prim, tuple(n.expr for n in operands), attrs, args)
    verify(e)
    n = len(operands)
    step = Step(
        prim, attrs, tuple(range(n)), tuple(range(len(args))), n, e.shape, e.dtype,
        tuple(o.expr.dtype for o in operands),
    )  # fmt: skip
    value = run_step(step, [o.value.copy() for o in operands], list(args))
    return Node(e, np.array(value, order="C", copy=True).reshape(e.shape))


class Graph:
    """A pool of nodes that grows by random primitives."""

    def __init__(self, pick: Callable[[int], int], dtypes_used: tuple[dtype, ...] = ALL) -> None:
        self.pick = pick
        self.rng = np.random.default_rng(pick(1 << 30))
        self.dtypes = dtypes_used
        self.nodes: list[Node] = []
        self.log: list[str] = []
        for _ in range(4):
            self.new_leaf()

    # --- leaves ---

    def one_of(self, items: Any) -> Any:
        return items[self.pick(len(items))]

    def array(self, shape: tuple[int, ...], d: dtype) -> np.ndarray:
        if d is dtypes.bool_:
            return self.rng.integers(0, 2, shape).astype(bool)
        if not d.is_floating_point:
            low = -9 if d.is_signed else 0
            return self.rng.integers(low, 10, shape).astype(d.numpy)
        a = np.asarray(self.rng.standard_normal(shape) * 3)
        special = self.rng.random(shape) < 0.15
        a = np.where(special, self.rng.choice(SPECIAL, shape), a)
        wide = a.astype(np.float64 if d is dtypes.float64 else np.float32)
        return narrow(wide, d) if d in NARROW else wide

    def keep(self, array: np.ndarray, d: dtype) -> Node:
        array = np.asarray(array, d.numpy)
        node = Node(leaf(array.copy(), d), array)
        self.nodes.append(node)
        return node

    def new_leaf(self, shape: Any = None, d: dtype | None = None) -> Node:
        shape = self.one_of(SHAPES) if shape is None else shape
        d = self.one_of(self.dtypes) if d is None else d
        return self.keep(self.array(shape, d), d)

    def any(self, wanted: Callable[[Node], bool]) -> Node:
        found = [n for n in self.nodes if wanted(n)]
        return self.one_of(found) if found else self.nodes[0]

    def of(self, kinds: tuple[dtype, ...], rank: int = 0) -> Node:
        """A node of one of these dtypes and at least this rank; a new leaf if there is none."""
        found = [n for n in self.nodes if n.expr.dtype in kinds and n.value.ndim >= rank]
        if found and self.pick(4):
            return self.one_of(found)
        shapes = [s for s in SHAPES if len(s) >= rank]
        return self.new_leaf(self.one_of(shapes), self.one_of(kinds))

    def partner(self, a: Node, d: dtype | None = None) -> Node:
        """A node of the dtype of ``a`` (or ``d``) that broadcasts with it."""
        d = a.expr.dtype if d is None else d
        for _ in range(4):
            b = self.one_of(self.nodes)
            if b.expr.dtype is d:
                try:
                    shape = np.broadcast_shapes(a.value.shape, b.value.shape)
                except ValueError:
                    continue
                if np.prod(shape) < 2000:
                    return b
        shape = tuple(n if self.pick(3) else 1 for n in a.value.shape)
        return self.new_leaf(shape[self.pick(len(shape) + 1) :], d)

    # --- primitives ---

    def apply(
        self, name: str, operands: list[Node], attrs: Attrs = (), args: tuple[Any, ...] = ()
    ) -> Node:
        self.log.append(f"{name} {[(n.expr.dtype.name, n.value.shape) for n in operands]} {attrs}")
        node = compute(REGISTRY[name], operands, attrs, args)
        self.nodes.append(node)
        return node

    def straight(self, n: Node) -> Node:
        """The node in row-major memory: NumPy's last bits depend on the strides of an operand."""
        return n if n.expr.prim is None or not n.value.ndim else self.apply("concat", [n], (0,))

    def grow(self) -> None:
        """Add one primitive of any kind."""
        self.one_of(KINDS)(self)

    def check(self, hold_all: bool) -> None:
        """Run what is pending; all nodes that are still held have their values.

        With ``hold_all`` false only the last few are held, so the others are never stored.
        """
        held = self.nodes if hold_all else self.nodes[-3:]
        self.nodes = []
        for node in held:
            got = value_of(node.expr)
            assert got.shape == node.value.shape
            assert got.dtype == node.value.dtype
            assert identical(got, node.value, node.expr.dtype), (node.expr, self.log)


def identical(a: np.ndarray, b: np.ndarray, d: dtype) -> bool:
    """Bitwise equal, all NaN being one value."""
    if d in NARROW:
        a, b = widen(a, d), widen(b, d)
    if a.dtype.kind != "f":
        return bool(np.array_equal(a, b))
    same_sign = np.array_equal(np.signbit(a) & ~np.isnan(a), np.signbit(b) & ~np.isnan(b))
    return bool(np.array_equal(a, b, equal_nan=True)) and same_sign


def _float_unary(g: Graph) -> None:
    g.apply(g.one_of(FLOAT_UNARY), [g.straight(g.of(FLOATS))])


def _unary(g: Graph) -> None:
    g.apply(g.one_of(UNARY), [g.of((*FLOATS, *WHOLE))])


def _binary(g: Graph) -> None:
    a = g.of(ALL if g.pick(3) == 0 else (*FLOATS, *WHOLE))
    name = g.one_of(BINARY)
    if a.expr.dtype is dtypes.bool_ and name == "sub":
        return
    g.apply(name, [a, g.partner(a)])


def _bits(g: Graph) -> None:
    a = g.of((*WHOLE, dtypes.bool_))
    if g.pick(4) == 0:
        g.apply("not", [a])
    elif g.pick(4) == 0 and a.expr.dtype is not dtypes.bool_:
        g.apply(g.one_of(("shl", "shr")), [a, g.partner(a)])
    else:
        g.apply(g.one_of(BITS), [a, g.partner(a)])


def _division(g: Graph) -> None:
    if g.pick(2):
        a = g.of(FLOATS)
        name = g.one_of(("div", "floordiv", "remainder", "fmod", "pow", "atan2", "nextafter"))
        if name == "nextafter" and a.expr.dtype in NARROW:
            return
        g.apply(name, [g.straight(a), g.straight(g.partner(a))])
        return
    a = g.of(WHOLE)
    b = g.partner(a)
    one = g.keep(np.ones((), a.expr.dtype.numpy), a.expr.dtype)
    odd = g.apply("or", [b, one])
    g.apply(g.one_of(("floordiv", "remainder", "fmod", "pow")), [a, odd])


def _ternary(g: Graph) -> None:
    a = g.of(ALL)
    if g.pick(2) or not a.expr.dtype.is_floating_point:
        b = g.partner(a)
        shape = np.broadcast_shapes(a.value.shape, b.value.shape)
        g.apply("where", [g.new_leaf(shape, dtypes.bool_), a, b])
    else:
        b = g.partner(a)
        if b.value.shape == a.value.shape:
            g.apply("fma", [a, b, g.new_leaf(a.value.shape, a.expr.dtype)])


def _cast(g: Graph) -> None:
    a = g.of(ALL)
    if g.pick(4) == 0:
        pairs = {4: (dtypes.int32, dtypes.float32), 8: (dtypes.int64, dtypes.float64)}
        found = pairs.get(a.expr.dtype.itemsize)
        if found and a.expr.dtype is not dtypes.bool_:
            g.apply("bitcast", [a], (g.one_of(found),))
        return
    finite = a.expr.dtype.is_floating_point
    to = g.one_of(FLOATS if finite else ALL)  # what NaN becomes as an integer is up to the machine
    g.apply("cast", [a], (to,))


def _source(g: Graph) -> None:
    d = g.one_of(ALL)
    value = g.pick(7)
    kind = g.pick(3)
    if kind == 0:
        g.apply("const", [], (d,), (value,))
    elif kind == 1:
        g.apply("full", [], (g.one_of(SHAPES), d), (value,))
    else:
        d = g.one_of((dtypes.float32, dtypes.float64, dtypes.int64, dtypes.int32))
        g.apply("iota", [], (g.pick(9), d), (value, 1 + g.pick(3)))


def _reduction(g: Graph) -> None:
    a = g.of(ALL, rank=1)
    rank = a.value.ndim
    dims = tuple(i for i in range(rank) if g.pick(2)) or (g.pick(rank),)
    name = g.one_of(("sum", "prod", "max", "min", "any", "all", "argmax", "argmin"))
    d = a.expr.dtype
    if name in ("any", "all") and d is not dtypes.bool_:
        return
    if name in ("sum", "prod") and d is dtypes.bool_:
        return
    if name in ("max", "min", "argmax", "argmin") and 0 in a.value.shape:
        return
    g.apply(name, [g.straight(a)], (dims[:1] if name.startswith("arg") else dims,))


def _scan(g: Graph) -> None:
    a = g.of((*FLOATS, *WHOLE), rank=1)
    name = g.one_of(("cumsum", "cumprod", "cummax", "cummin"))
    g.apply(name, [g.straight(a)], (g.pick(a.value.ndim),))


def _movement(g: Graph) -> None:
    a = g.of(ALL, rank=1)
    shape = a.value.shape
    kind = g.pick(6)
    if kind == 0:
        g.apply("reshape", [a], (g.one_of(((a.value.size,), (1, *shape), (*shape[::-1],))),))
    elif kind == 1:
        order = [int(i) for i in g.rng.permutation(len(shape))]
        strides = contiguous_strides(shape)
        attrs = tuple(shape[i] for i in order), tuple(strides[i] for i in order)
        g.apply("strided", [a], attrs, (0,))
    elif kind == 2 and a.value.size > 3:
        g.apply("strided", [a], ((2, 2), (g.pick(2), 1)), (g.pick(a.value.size - 2),))
    elif kind == 3:
        dims = tuple(i for i in range(len(shape)) if g.pick(2))
        g.apply("flip", [a], (dims,))
    elif kind == 4:
        widths = tuple((g.pick(3) - min(n, 1), g.pick(3)) for n in shape)
        g.apply("pad", [a, g.new_leaf((), a.expr.dtype)], (widths,))
    else:
        dim = g.pick(len(shape))
        g.apply("concat", [a, g.new_leaf(shape, a.expr.dtype), a], (dim,))


def _write(g: Graph) -> None:
    a = g.of(ALL, rank=1)
    n = a.value.size
    if n < 4:
        return
    size = 1 + g.pick(n // 2)
    step = 1 + g.pick(2)
    start = g.pick(n - (size - 1) * step)
    value = g.new_leaf((size,), a.expr.dtype)
    g.apply("write", [a, value], ((size,), (step,)), (start,))


def _indices(g: Graph, n: int, shape: tuple[int, ...]) -> Node:
    return g.keep(g.rng.integers(0, n, shape), dtypes.int64)


def _indexing(g: Graph) -> None:
    a = g.of(ALL, rank=1)
    shape = a.value.shape
    dim = g.pick(len(shape))
    if 0 in shape:
        return
    kind = g.pick(4)
    if kind == 0:
        wanted = tuple(m if i != dim else 3 for i, m in enumerate(shape))
        g.apply("gather", [a, _indices(g, shape[dim], wanted)], (dim,))
    elif kind == 1:
        how = g.one_of(("set", "add", "multiply", "amax", "amin"))
        if a.expr.dtype is dtypes.bool_ or (how != "set" and a.expr.dtype in NARROW):
            how = "set"
        place = np.broadcast_to(
            g.rng.permutation(shape[dim]).reshape(
                [-1 if i == dim else 1 for i in range(len(shape))]
            ),
            shape,
        )
        index = g.keep(place, dtypes.int64)
        g.apply("scatter", [a, index, g.new_leaf(shape, a.expr.dtype)], (dim, how))
    elif kind == 2:
        wanted = g.one_of(((2,), (2, 3), ()))
        g.apply("index", [a, _indices(g, shape[dim], wanted)], ((dim,),))
    elif a.expr.dtype is not dtypes.bool_:
        index = g.keep(g.rng.permutation(shape[dim]), dtypes.int64)
        g.apply("index_put", [a, g.new_leaf(shape, a.expr.dtype), index], ((dim,), bool(g.pick(2))))


def _sorting(g: Graph) -> None:
    a = g.of(ALL, rank=1)
    if g.pick(3) and 0 not in a.value.shape:
        g.apply("argsort", [a], (g.pick(a.value.ndim), bool(g.pick(2))))
        return
    d = g.one_of((dtypes.float32, dtypes.int64))
    ordered = g.keep(np.sort(g.rng.integers(-5, 5, 7)).astype(d.numpy), d)
    values = g.keep(g.rng.integers(-6, 6, (2, 3)).astype(d.numpy), d)
    g.apply("searchsorted", [ordered, values], (bool(g.pick(2)),))


KINDS = (
    _float_unary, _unary, _unary, _binary, _binary, _binary, _bits, _division, _ternary, _cast,
    _source, _reduction, _scan, _movement, _movement, _write, _write, _indexing, _sorting,
)  # fmt: skip
COMPILED = (
    _unary,
    _unary,
    _binary,
    _binary,
    _binary,
    _bits,
    _division,
    _ternary,
    _movement,
    _write,
)
