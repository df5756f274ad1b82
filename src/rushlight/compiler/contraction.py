"""Matrix products: explicit vectors along the last dimension, one row of accumulators at a time."""

from __future__ import annotations

from ..dtypes import float32, float64
from ..runtime.program import Step
from ..shapes import Shape, contiguous_strides, numel
from .llvm_types import LLVM_TYPES, Writer, function, pointers

LANES = 8


def supports(step: Step) -> bool:
    """float32 and float64 products that are not empty."""
    return step.prim.name == "matmul" and step.dtype in (float32, float64) and numel(step.shape) > 0


def _batch_offset(w: Writer, loops: list[str], shape: Shape, batch: Shape) -> str:
    """The element offset of an operand's matrix for the current batch indices (0 if it
    broadcasts)."""
    lead = len(batch) - (len(shape) - 2)
    steps = contiguous_strides(shape)
    at = "0"
    for i, index in enumerate(loops):
        if i < lead or shape[i - lead] == 1:
            continue
        part = w.value(f"mul i64 {index}, {steps[i - lead]}")
        at = part if at == "0" else w.value(f"add i64 {at}, {part}")
    return at


def emit(step: Step, a: Shape, b: Shape, symbol: str) -> str:
    """IR of ``out = a @ b`` for contiguous operands; the table holds a, b, out."""
    w = Writer()
    kind = LLVM_TYPES[step.dtype]
    suffix = "f32" if kind == "float" else "f64"
    m, k, n = a[-2], a[-1], b[-1]
    batch = step.shape[:-2]
    declared = {
        f"declare <{LANES} x {kind}> @llvm.fma.v{LANES}{suffix}(<{LANES} x {kind}>, "
        f"<{LANES} x {kind}>, <{LANES} x {kind}>)",
        f"declare {kind} @llvm.fma.{suffix}({kind}, {kind}, {kind})",
    }
    pa, pb, pc = pointers(w, 3)
    outer = [w.loop(str(s)) for s in batch]
    indices = [loop[0] for loop in outer]
    base_a = _batch_offset(w, indices, a, batch)
    base_b = _batch_offset(w, indices, b, batch)
    base_c = _batch_offset(w, indices, step.shape, batch)
    row = w.loop(str(m))
    at_a = w.value(f"add i64 {base_a}, {w.value(f'mul i64 {row[0]}, {k}')}")
    at_c = w.value(f"add i64 {base_c}, {w.value(f'mul i64 {row[0]}, {n}')}")
    whole = n - n % LANES
    if whole:
        _columns(w, kind, suffix, LANES, 0, whole, (pa, pb, pc), (at_a, base_b, at_c), k, n)
    if n % LANES:
        _columns(w, kind, suffix, 1, whole, n, (pa, pb, pc), (at_a, base_b, at_c), k, n)
    w.close(row)
    for loop in reversed(outer):
        w.close(loop)
    return function(symbol, w, declared)


def _columns(
    w: Writer,
    kind: str,
    suffix: str,
    lanes: int,
    first: int,
    last: int,
    table: tuple[str, str, str],
    bases: tuple[str, str, str],
    k: int,
    n: int,
) -> None:
    """One row of the result, ``lanes`` columns at a time, from column ``first`` to ``last``."""
    vector = kind if lanes == 1 else f"<{lanes} x {kind}>"
    fma = f"llvm.fma.{suffix}" if lanes == 1 else f"llvm.fma.v{lanes}{suffix}"
    columns = w.loop(str((last - first) // lanes))
    j = w.value(f"add i64 {w.value(f'mul i64 {columns[0]}, {lanes}')}, {first}")
    cell = w.value(
        f"getelementptr {kind}, ptr {table[2]}, i64 {w.value(f'add i64 {bases[2]}, {j}')}"
    )
    w.line(
        f"store {vector} zeroinitializer, ptr {cell}, align 4"
        if lanes > 1
        else f"store {vector} 0.0, ptr {cell}"
    )
    inner = w.loop(str(k))
    ia = w.value(f"add i64 {bases[0]}, {inner[0]}")
    x = w.value(f"load {kind}, ptr {w.value(f'getelementptr {kind}, ptr {table[0]}, i64 {ia}')}")
    ib = w.value(f"add i64 {w.value(f'mul i64 {inner[0]}, {n}')}, {j}")
    ib = w.value(f"add i64 {bases[1]}, {ib}")
    align = ", align 4" if lanes > 1 else ""
    y = w.value(
        f"load {vector}, ptr {w.value(f'getelementptr {kind}, ptr {table[1]}, i64 {ib}')}{align}"
    )
    if lanes > 1:
        one = w.value(f"insertelement {vector} poison, {kind} {x}, i32 0")
        x = w.value(
            f"shufflevector {vector} {one}, {vector} poison, <{lanes} x i32> zeroinitializer"
        )
    total = w.value(f"load {vector}, ptr {cell}{align}")
    total = w.value(f"call {vector} @{fma}({vector} {x}, {vector} {y}, {vector} {total})")
    w.line(f"store {vector} {total}, ptr {cell}{align}")
    w.close(inner)
    w.close(columns)
