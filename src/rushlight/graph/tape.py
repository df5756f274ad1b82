"""Recording: each thread's Tape of pending Exprs, its incremental key, and the flush.

A Tape lists the Exprs of one thread in the order they were recorded, the realized ones that they
read (leaves) included. The key grows with it: every recording is one step down a trie of all
recordings seen before, so two recordings share a trie node exactly if they have the same structure,
shapes and dtypes, operand by operand. Shape and dtype of a result are stored in the trie node: a
known
recording computes no shapes at all. At a flush the trie node plus the set of Exprs that something
outside the Tape still holds (a Storage, a saved tensor) select the Program; nothing else is run.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy as np

from ..dtypes import dtype
from ..runtime.counters import counters
from ..runtime.flags import flags
from ..runtime.memory import check_memory
from ..shapes import numel
from .binding import Binding, bind
from .expr import Attrs, Expr, Primitive, Shape, Site

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_is_internal: dict[str, bool] = {}
_generations = itertools.count()
_TRIE_LIMIT = 100_000
_PENDING_BYTES_LIMIT = 4 << 30
_getrefcount = sys.getrefcount
_getframe = sys._getframe


class TrieNode:
    """A prefix of recordings. Most have one continuation, which is kept without a dictionary.

    Attributes:
        key, child: the first continuation seen: (primitive, attrs, operand positions) and its node.
        others: further continuations.
        shape, dtype, nbytes: of the result that this step recorded.
        references: references to each Expr from inside a Tape that stands here.
        site: the user's line that recorded this first.
        bindings: what to run here, by backend and by which Exprs are held from outside.
    """

    __slots__ = (
        "bindings",
        "child",
        "dtype",
        "key",
        "nbytes",
        "others",
        "references",
        "shape",
        "site",
    )

    size = 0

    def __init__(self, shape: Shape, dtype: dtype | None) -> None:
        self.key: tuple[Any, ...] | None = None
        self.child: TrieNode | None = None
        self.others: dict[tuple[Any, ...], TrieNode] | None = None
        self.shape = shape
        self.dtype = dtype
        self.nbytes = 0
        self.references: list[int] | None = None
        self.site: Site = None
        self.bindings: dict[tuple[str, tuple[int, ...]], Binding] = {}
        TrieNode.size += 1

    def follow(self, key: tuple[Any, ...]) -> TrieNode | None:
        """The node of this continuation, if it was seen before."""
        if self.key == key:
            return self.child
        return None if self.others is None else self.others.get(key)

    def add(self, key: tuple[Any, ...], node: TrieNode) -> None:
        """Remember a continuation."""
        if self.key is None:
            self.key, self.child = key, node
        elif self.others is None:
            self.others = {key: node}
        else:
            self.others[key] = node


_root = TrieNode((), None)


class Tape:
    """The pending work of one thread."""

    __slots__ = ("args", "exprs", "gen", "leaf_index", "nbytes", "parameters_written", "state")

    def __init__(self) -> None:
        self.gen = next(_generations)
        self.exprs: list[Expr] = []
        self.args: list[Any] = []
        self.leaf_index: dict[int, int] = {}
        self.nbytes = 0
        self.parameters_written = False
        self.state = _root


class _Local(threading.local):
    def __init__(self) -> None:
        self.tape = Tape()
        self.site: Site = None


local = _Local()
_flush_lock = threading.RLock()
_disturbed: set[int] = set()  # generations of the Tapes of which another thread ran a part


def _restart_after_fork() -> None:
    global _flush_lock
    _flush_lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart_after_fork)


def user_site(frame: FrameType | None = None) -> Site:
    """The innermost line outside the package, from ``frame`` outwards, as (code, instruction)."""
    frame = frame or _getframe(1)
    while frame is not None:
        code = frame.f_code
        internal = _is_internal.get(code.co_filename)
        if internal is None:
            internal = _is_internal_file(code.co_filename)
        if not internal:
            return code, frame.f_lasti
        frame = frame.f_back
    return None


def _is_internal_file(name: str) -> bool:
    found = _is_internal[name] = os.path.abspath(name).startswith(_PACKAGE) or name.startswith(
        "<frozen"
    )
    return found


def _adopt(tape: Tape, e: Expr) -> int:
    """Give a realized Expr (or one that another Tape has pending) a position on this Tape."""
    index = tape.leaf_index.get(id(e))
    if index is not None:
        return index
    if e.error is not None:
        raise e.error
    if e.buffer is None:
        realize((e,))
    index = len(tape.exprs)
    tape.exprs.append(e)
    tape.leaf_index[id(e)] = index
    key = (None, e.shape, e.dtype)
    state = tape.state.follow(key)
    if state is None:
        state = _grow(tape.state, key, e.shape, e.dtype)
    tape.state = state
    return index


def _grow(parent: TrieNode, key: tuple[Any, ...], shape: Shape, dtype: dtype) -> TrieNode:
    global _root
    if TrieNode.size > _TRIE_LIMIT:  # bounded: forget every recording and learn anew
        TrieNode.size = 0
        _root = TrieNode((), None)
    node = TrieNode(shape, dtype)
    node.nbytes = numel(shape) * dtype.itemsize
    parent.add(key, node)
    return node


def _nbytes(e: Expr) -> int:
    return numel(e.shape) * e.dtype.itemsize


def record(
    prim: Primitive, inputs: tuple[Expr, ...], attrs: Attrs = (), args: tuple[Any, ...] = ()
) -> Expr:
    """Record ``prim(inputs; attrs, args)`` on this thread's Tape and return its pending Expr.

    Validates by the primitive's rule, so whatever is wrong with shapes or dtypes raises here, in
    the call that the user wrote.
    """
    tape = local.tape
    if tape.nbytes > _PENDING_BYTES_LIMIT or len(tape.exprs) >= flags.node_limit:
        flush()  # the safety net against unbounded laziness
        tape = local.tape
    gen = tape.gen
    if len(inputs) == 1:
        a = inputs[0]
        key: tuple[Any, ...] = (prim, attrs, a.index if a.gen == gen else _adopt(tape, a))
    elif len(inputs) == 2:
        a, b = inputs
        i = a.index if a.gen == gen else _adopt(tape, a)
        key = (prim, attrs, i, b.index if b.gen == gen else _adopt(tape, b))
    else:
        key = (prim, attrs, *[e.index if e.gen == gen else _adopt(tape, e) for e in inputs])
    at = tape.state
    state = at.child if at.key == key else at.follow(key)
    if state is None:
        shape, d = prim.rule(inputs, attrs)
        if not prim.aliases:
            check_memory(numel(shape) * d.itemsize)
        state = _grow(at, key, shape, d)
        state.site = local.site or user_site(_getframe(2))
        if prim.aliases:
            state.nbytes = 0
        elif prim.updates:  # written in place, as a rule
            state.nbytes = sum(_nbytes(operand) for operand in inputs[1:])
    exprs = tape.exprs
    # An op that can fail knows its own line. Others share the line that first recorded their kind
    # here, which saves a walk up the stack.
    site = (local.site or user_site(_getframe(2))) if prim.fallible else state.site
    e = Expr(prim, inputs, attrs, args, state.shape, state.dtype, gen, len(exprs), site)  # type: ignore[arg-type]
    exprs.append(e)
    if args:
        tape.args.extend(args)
    tape.state = state
    tape.nbytes += state.nbytes
    counters.nodes += 1
    return e


def _held(exprs: Sequence[Any], inside: Sequence[int]) -> tuple[int, ...]:
    """Positions of what has more references than those from inside the Tape."""
    return tuple([i for i, e in enumerate(exprs) if _getrefcount(e) > inside[i]])


def _references_of_a_listed_object() -> int:
    """How many references ``_held`` sees to what only its list holds: versions of Python differ."""
    probe = [object()]
    count = 0
    while _held(probe, [count]):
        count += 1
    return count


_LISTED = _references_of_a_listed_object()


def _reference_counts(exprs: Sequence[Expr]) -> list[int]:
    """References that each Expr has from inside the Tape: being listed, and being an operand."""
    counts = [_LISTED] * len(exprs)
    position = {id(e): i for i, e in enumerate(exprs)}
    for e in exprs:
        for operand in e.inputs:
            counts[position[id(operand)]] += 1
    return counts


def flush() -> None:
    """Run all live pending work of the calling thread.

    A transaction: on an error no Storage has changed. The Expr that failed and what depends on it
    raise that error again when they are used; everything else stays pending and can still run.
    """
    tape = local.tape
    if not tape.exprs:
        return
    with _flush_lock:
        local.tape = Tape()
        exprs, state = tape.exprs, tape.state
        if tape.gen in _disturbed:
            _flush_disturbed(tape)
            return
        inside = state.references
        if inside is None:
            inside = state.references = _reference_counts(exprs)
        held = _held(exprs, inside)
        chosen = (flags.backend, held)
        binding = state.bindings.get(chosen)
        if binding is None:
            binding = state.bindings[chosen] = bind(exprs, held)
        if binding.outputs:
            binding.run(exprs, tape.args)


def _flush_disturbed(tape: Tape) -> None:
    """Flush a Tape of which another thread ran a part: what is cached by key does not apply."""
    _disturbed.discard(tape.gen)
    exprs = tape.exprs
    inside = _reference_counts(exprs)
    held = _held(exprs, inside)
    binding = bind(exprs, held)
    if binding.outputs:
        binding.run(exprs, [a for e in exprs if e.buffer is None for a in e.args])


def realize(wanted: Sequence[Expr]) -> None:
    """Make these Exprs realized, wherever they were recorded."""
    pending = [e for e in wanted if e.buffer is None]
    if not pending:
        return
    gen = local.tape.gen
    if any(e.gen == gen for e in pending):
        flush()
    pending = [e for e in pending if e.buffer is None]
    for e in pending:
        if e.error is not None:
            raise e.error
    if pending:  # of another thread, or left over by a flush that failed
        with _flush_lock:
            _run_apart(pending)


def _run_apart(wanted: Sequence[Expr]) -> None:
    """Run the graph below ``wanted`` by itself, whatever Tape it stands on."""
    order: list[Expr] = []
    seen: set[int] = set()
    stack: list[tuple[Expr, bool]] = [(e, False) for e in reversed(wanted)]
    while stack:
        e, done = stack.pop()
        if done:
            order.append(e)
            continue
        if id(e) in seen:
            continue
        seen.add(id(e))
        stack.append((e, True))
        inputs = e.inputs  # read before the buffer: another thread sets them in the other order
        if e.buffer is None:
            if e.error is not None:
                raise e.error
            stack.extend((operand, False) for operand in inputs if id(operand) not in seen)
    position = {id(e): i for i, e in enumerate(order)}
    args = [a for e in order if e.buffer is None for a in e.args]
    held = tuple(position[id(e)] for e in wanted)
    leaves = tuple(i for i, e in enumerate(order) if e.buffer is not None)
    binding = bind(order, tuple(sorted({*held, *leaves})))
    _disturbed.update([e.gen for e in wanted])
    binding.run(order, args)


def value_of(e: Expr) -> np.ndarray:
    """The array of an Expr, running what is needed. Not to be written to."""
    if e.buffer is None:
        realize((e,))
    return e.buffer  # type: ignore[return-value]
