"""Elementwise kernels: one loop nest that computes a group of steps for each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..dtypes import bool_, dtype
from ..runtime.program import Step
from ..shapes import Shape, contiguous_strides
from .llvm_types import LLVM_TYPES, Writer, function, pointers

if TYPE_CHECKING:
    from .fusion import Group

# Registers hold booleans as i1 and everything else as its memory type.
Emit = Callable[[Writer, dtype, "list[str]", "set[str]"], str]


def _arithmetic(real: str, whole: str) -> Emit:
    def emit(w: Writer, d: dtype, operands: list[str], declared: set[str]) -> str:
        op = real if d.is_floating_point else whole
        return w.value(f"{op} {_register(d)} {operands[0]}, {operands[1]}")

    return emit


def _register(d: dtype) -> str:
    return "i1" if d is bool_ else LLVM_TYPES[d]


def _compare(real: str, signed: str, unsigned: str) -> Emit:
    def emit(w: Writer, d: dtype, operands: list[str], declared: set[str]) -> str:
        if d.is_floating_point:
            op = f"fcmp {real}"
        else:
            op = f"icmp {signed if d.is_signed else unsigned}"
        return w.value(f"{op} {_register(d)} {operands[0]}, {operands[1]}")

    return emit


def _extremum(real: str, signed: str, unsigned: str) -> Emit:
    """NaN wins; the second of equals (zeros of either sign), as in NumPy."""
    compare = _compare(real, signed, unsigned)

    def emit(w: Writer, d: dtype, operands: list[str], declared: set[str]) -> str:
        a, b = operands
        first = compare(w, d, operands, declared)
        kind = _register(d)
        if d.is_floating_point:
            nan = w.value(f"fcmp uno {kind} {a}, {a}")
            first = w.value(f"or i1 {first}, {nan}")
        return w.value(f"select i1 {first}, {kind} {a}, {kind} {b}")

    return emit


def _bits(op: str) -> Emit:
    return lambda w, d, x, declared: w.value(f"{op} {_register(d)} {x[0]}, {x[1]}")


def _negate(w: Writer, d: dtype, x: list[str], declared: set[str]) -> str:
    kind = _register(d)
    return w.value(f"fneg {kind} {x[0]}" if d.is_floating_point else f"sub {kind} 0, {x[0]}")


def _absolute(w: Writer, d: dtype, x: list[str], declared: set[str]) -> str:
    kind = _register(d)
    if d.is_floating_point:
        return _intrinsic("fabs", w, d, x, declared)
    if not d.is_signed:
        return x[0]
    low = w.value(f"icmp slt {kind} {x[0]}, 0")
    return w.value(f"select i1 {low}, {kind} {w.value(f'sub {kind} 0, {x[0]}')}, {kind} {x[0]}")


def _intrinsic(name: str, w: Writer, d: dtype, x: list[str], declared: set[str]) -> str:
    kind = LLVM_TYPES[d]
    symbol = f"llvm.{name}.{'f32' if kind == 'float' else 'f64'}"
    declared.add(f"declare {kind} @{symbol}({', '.join([kind] * len(x))})")
    return w.value(f"call {kind} @{symbol}({', '.join(f'{kind} {v}' for v in x)})")


def _sqrt(w: Writer, d: dtype, x: list[str], declared: set[str]) -> str:
    return _intrinsic("sqrt", w, d, x, declared)


def _not(w: Writer, d: dtype, x: list[str], declared: set[str]) -> str:
    return w.value(f"xor {_register(d)} {x[0]}, {'true' if d is bool_ else -1}")


def _relu(w: Writer, d: dtype, x: list[str], declared: set[str]) -> str:
    zero = "0.0" if d.is_floating_point else "0"
    return _extremum("ogt", "sgt", "ugt")(w, d, [zero, x[0]], declared)


ANY, FLOAT, WHOLE = "any", "float", "whole"
_EMITTERS: dict[str, tuple[Emit, str]] = {
    "add": (_arithmetic("fadd", "add"), ANY),
    "sub": (_arithmetic("fsub", "sub"), ANY),
    "mul": (_arithmetic("fmul", "mul"), ANY),
    "div": (_arithmetic("fdiv", ""), FLOAT),
    "neg": (_negate, ANY),
    "abs": (_absolute, ANY),
    "sqrt": (_sqrt, FLOAT),
    "relu": (_relu, ANY),
    "maximum": (_extremum("ogt", "sgt", "ugt"), ANY),
    "minimum": (_extremum("olt", "slt", "ult"), ANY),
    "and": (_bits("and"), WHOLE),
    "or": (_bits("or"), WHOLE),
    "xor": (_bits("xor"), WHOLE),
    "not": (_not, WHOLE),
    "eq": (_compare("oeq", "eq", "eq"), ANY),
    "ne": (_compare("une", "ne", "ne"), ANY),
    "lt": (_compare("olt", "slt", "ult"), ANY),
    "le": (_compare("ole", "sle", "ule"), ANY),
    "gt": (_compare("ogt", "sgt", "ugt"), ANY),
    "ge": (_compare("oge", "sge", "uge"), ANY),
}
_BOOL_SAFE = {"and", "or", "xor", "not", "eq", "ne", "where"}


def supports(step: Step) -> bool:
    """Whether the emitter computes this step exactly as the reference does."""
    name = step.prim.name
    if any(d not in LLVM_TYPES for d in (*step.input_dtypes, step.dtype)):
        return False
    if name == "where":
        return True
    found = _EMITTERS.get(name)
    if found is None:
        return False
    d = step.input_dtypes[0]
    if d is bool_ and name not in _BOOL_SAFE:
        return False
    return found[1] == ANY or (found[1] == FLOAT) == d.is_floating_point


def _compute(w: Writer, step: Step, operands: list[str], declared: set[str]) -> str:
    if step.prim.name == "where":
        kind = _register(step.dtype)
        condition, a, b = operands
        return w.value(f"select i1 {condition}, {kind} {a}, {kind} {b}")
    return _EMITTERS[step.prim.name][0](w, step.input_dtypes[0], operands, declared)


def _operand_strides(shape: Shape, out: Shape) -> Shape:
    """Strides of a contiguous operand seen as the output's shape: 0 where it broadcasts."""
    lead = len(out) - len(shape)
    steps = contiguous_strides(shape)
    return (0,) * lead + tuple(0 if n == 1 else s for n, s in zip(shape, steps, strict=True))


def _collapsed(shape: Shape, strides: list[Shape]) -> tuple[Shape, list[Shape]]:
    """Join neighbouring dimensions that every operand walks through without a jump."""
    dims: list[int] = []
    steps: list[list[int]] = []
    for i, n in enumerate(shape):
        mine = [s[i] for s in strides]
        if n == 1:
            continue
        if dims and all(a == b * n for a, b in zip(steps[-1], mine, strict=True)):
            dims[-1] *= n
            steps[-1] = mine
        else:
            dims.append(n)
            steps.append(mine)
    return tuple(dims), [tuple(s[k] for s in steps) for k in range(len(strides))]


def emit(group: Group, shapes: dict[int, Shape], dtypes: dict[int, dtype], symbol: str) -> str:
    """IR of the group's kernel. Its table holds the inputs' pointers, then the outputs'."""
    w = Writer()
    declared: set[str] = set()
    out_shape = group.steps[-1].shape
    table = pointers(w, len(group.inputs) + len(group.outputs))
    strides = [_operand_strides(shapes[s], out_shape) for s in group.inputs]
    strides += [contiguous_strides(out_shape) for _ in group.outputs]
    dims, strides = _collapsed(out_shape, strides)
    loops = [w.loop(str(n)) for n in dims]
    registers: dict[int, str] = {}

    def address(k: int, d: dtype) -> str:
        at = "0"
        for loop, s in zip(loops, strides[k], strict=True):
            if s:
                part = loop[0] if s == 1 else w.value(f"mul i64 {loop[0]}, {s}")
                at = part if at == "0" else w.value(f"add i64 {at}, {part}")
        return w.value(f"getelementptr {LLVM_TYPES[d]}, ptr {table[k]}, i64 {at}")

    for k, slot in enumerate(group.inputs):
        d = dtypes[slot]
        loaded = w.value(f"load {LLVM_TYPES[d]}, ptr {address(k, d)}")
        registers[slot] = w.value(f"icmp ne i8 {loaded}, 0") if d is bool_ else loaded
    for step in group.steps:
        registers[step.out] = _compute(w, step, [registers[s] for s in step.inputs], declared)
    for k, step in enumerate(group.outputs):
        value = registers[step.out]
        if step.dtype is bool_:
            value = w.value(f"zext i1 {value} to i8")
        at = address(len(group.inputs) + k, step.dtype)
        w.line(f"store {LLVM_TYPES[step.dtype]} {value}, ptr {at}")
    for loop in reversed(loops):
        w.close(loop)
    return function(symbol, w, declared)
