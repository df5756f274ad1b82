"""The backward pass: nodes run in reverse order of creation, iteratively."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

from ..graph.tape import flush, local
from ..tensor import Tensor, new_tensor
from . import anomaly
from .grad_mode import mode
from .node import AccumulateGrad, Node

_LEAF_FIRST = -(1 << 62)


def _next_nodes(node: Node | Tensor) -> list[Node | Tensor]:
    if isinstance(node, Tensor):
        return []
    return [edge[0] for edge in node.edges if edge is not None]


def _count_dependencies(roots: Sequence[Node | Tensor]) -> dict[int, int]:
    """How many edges lead to each node that can be reached from the roots."""
    counts: dict[int, int] = {}
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        for target in _next_nodes(node):
            counts[id(target)] = counts.get(id(target), 0) + 1
            if id(target) not in seen:
                stack.append(target)
    return counts


def _nodes_towards(roots: Sequence[Node | Tensor], wanted: set[int]) -> set[int]:
    """The nodes through which some wanted node (or leaf) is reached, the wanted ones included."""
    useful: set[int] = set()
    done: set[int] = set()
    stack: list[tuple[Node | Tensor, bool]] = [(r, False) for r in roots]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            if id(node) in wanted or any(id(t) in useful for t in _next_nodes(node)):
                useful.add(id(node))
            continue
        if id(node) in done:
            continue
        done.add(id(node))
        stack.append((node, True))
        stack.extend((t, False) for t in _next_nodes(node) if id(t) not in done)
    return useful


def _add(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    if a is None or b is None:
        return b if a is None else a
    total: Tensor = a + b
    return total


def _fit(grad: Tensor, shape: tuple[int, ...], dtype: Any) -> Tensor:
    """Undo broadcasting and promotion: the gradient as the operand's shape and dtype."""
    if grad._shape != shape:
        grad = grad.sum_to_size(shape)
    if grad._dtype is not dtype:
        grad = grad.to(dtype)
    return grad


def _run_tensor_hooks(hooks: dict[int, Any], grad: Tensor) -> Tensor:
    for hook in tuple(hooks.values()):
        found = hook(grad)
        if found is not None:
            if not isinstance(found, Tensor):
                raise TypeError(
                    f"backward hook returned an object of type {type(found).__name__}, expected "
                    f"a Tensor"
                )
            if found._shape != grad._shape:
                raise RuntimeError(
                    f"hook '{getattr(hook, '__name__', hook)}' has changed the size of value: from "
                    f"{list(grad._shape)} to {list(found._shape)}"
                )
            grad = found
    return grad


def _accumulate(leaf: Tensor, grad: Tensor, create_graph: bool) -> None:
    if leaf._hooks:
        grad = _run_tensor_hooks(leaf._hooks, grad)
    old = leaf._grad
    if old is None:
        if create_graph:
            leaf._grad = grad
        else:
            leaf._grad = new_tensor(grad._expr())
    elif create_graph:
        leaf._grad = old + grad
    else:
        old.add_(grad)
    if leaf._post_hooks:
        for hook in tuple(leaf._post_hooks.values()):
            hook(leaf)


def _watched(node: Node, grads: list[Tensor | None]) -> list[Tensor | None]:
    """Run a node under anomaly detection."""
    try:
        results = node.apply(grads)
    except Exception:
        anomaly.describe(node)
        raise
    anomaly.check(node, results)
    return results


class _Pass:
    """One backward pass: gradients that wait at nodes, dependencies left, what was captured."""

    def __init__(
        self,
        roots: Sequence[Tensor],
        grads: Sequence[Tensor],
        keep_graph: bool,
        create_graph: bool,
        inputs: Sequence[Tensor] | None,
        accumulate: bool,
    ) -> None:
        self.keep_graph = keep_graph
        self.create_graph = create_graph
        self.accumulate = accumulate
        self.targets: dict[int, list[tuple[int, int]]] = {}  # node id -> [(output nr, position)]
        self.captured: list[Tensor | None] = [None] * len(inputs or ())
        self.leaves: set[int] | None = None
        root_nodes: list[Node | Tensor] = [t if t._node is None else t._node for t in roots]
        self.useful: set[int] | None = None
        if inputs is not None:
            for position, t in enumerate(inputs):
                target: Node | Tensor = t if t._node is None else t._node
                self.targets.setdefault(id(target), []).append((t._nr, position))
            self.useful = _nodes_towards(root_nodes, set(self.targets))
        self.left = _count_dependencies(root_nodes)
        self.waiting: dict[int, list[Tensor | None]] = {}
        self.ready: list[tuple[int, int, Node | Tensor]] = []
        self.queued: set[int] = set()
        self.tick = 0
        for node, t, grad in zip(root_nodes, roots, grads, strict=True):
            self._deliver(node, t._nr, grad)
        for node in root_nodes:
            if not self.left.get(id(node)):
                self._push(node)

    def _push(self, node: Node | Tensor) -> None:
        if id(node) in self.queued:
            return
        self.queued.add(id(node))
        self.tick += 1
        order = _LEAF_FIRST if isinstance(node, Tensor) else -node.seq
        heapq.heappush(self.ready, (order, self.tick, node))

    def _deliver(self, node: Node | Tensor, nr: int, grad: Tensor | None) -> None:
        slots = self.waiting.get(id(node))
        if slots is None:
            n = 1 if isinstance(node, Tensor) else max(node.outputs, nr + 1)
            slots = self.waiting[id(node)] = [None] * n
        slots[nr] = _add(slots[nr], grad)

    def run(self) -> None:
        while self.ready:
            _, _, node = heapq.heappop(self.ready)
            grads = self.waiting.pop(id(node), None)
            if isinstance(node, Tensor):
                self._finish_leaf(node, grads[0] if grads else None)
            else:
                self._run_node(node, grads or [None] * node.outputs)

    def _finish_leaf(self, leaf: Tensor, grad: Tensor | None) -> None:
        if grad is None:
            return
        if self.useful is None:
            if leaf._req:
                _accumulate(leaf, grad, self.create_graph)
            return
        wanted = self.targets.get(id(leaf))
        if wanted is None:
            return
        if self.accumulate:
            _accumulate(leaf, grad, self.create_graph)
            return
        if leaf._hooks:
            grad = _run_tensor_hooks(leaf._hooks, grad)
        for _, position in wanted:
            self.captured[position] = grad

    def _run_node(self, node: Node, grads: list[Tensor | None]) -> None:
        local.site = node.site
        if node.tensor_hooks:
            for nr, hooks in node.tensor_hooks.items():
                grad = grads[nr]
                if grad is not None:
                    grads[nr] = _run_tensor_hooks(hooks, grad)
        if node.retained:
            for nr, ref in node.retained.items():
                t, grad = ref(), grads[nr]
                if t is not None and grad is not None:
                    fresh = grad if self.create_graph else new_tensor(grad._expr())
                    t._grad = fresh if t._grad is None else t._grad + fresh
        for nr, position in self.targets.get(id(node), ()):
            self.captured[position] = grads[nr]
        if self.useful is not None and not any(
            id(target) in self.useful for target in _next_nodes(node)
        ):
            self._release(node, ())
            return
        if node.prehooks:
            for hook in tuple(node.prehooks.values()):
                found = hook(tuple(grads))
                if found is not None:
                    grads = list(found) if isinstance(found, tuple | list) else [found]
        if any(g is not None for g in grads):
            results = _watched(node, grads) if anomaly.state.enabled else node.apply(grads)
        else:
            results = [None] * len(node.edges)
        if node.hooks:
            for hook in tuple(node.hooks.values()):
                found = hook(tuple(results), tuple(grads))
                if found is not None:
                    results = list(found) if isinstance(found, tuple | list) else [found]
        if not self.keep_graph:
            node.free()
        self._release(node, results)

    def _release(self, node: Node, results: Sequence[Tensor | None]) -> None:
        """Hand results on along the edges; nodes with nothing left to wait for become ready."""
        for i, edge in enumerate(node.edges):
            if edge is None:
                continue
            target, nr, shape, dtype = edge
            grad = results[i] if i < len(results) else None
            if grad is not None:
                self._deliver(target, nr, _fit(grad, shape, dtype))
            left = self.left[id(target)] = self.left[id(target)] - 1
            if not left:
                self._push(target)


def run_backward(
    roots: Sequence[Tensor],
    grads: Sequence[Tensor],
    keep_graph: bool,
    create_graph: bool,
    inputs: Sequence[Tensor] | None = None,
    accumulate: bool = True,
) -> list[Tensor | None]:
    """Run the backward pass from ``roots``; return the gradients captured for ``inputs``.

    With ``accumulate`` gradients are added to ``.grad`` of the leaves (of ``inputs`` only, if
    given).
    """
    if local.tape.parameters_written:
        flush()  # a structural boundary: the update before and this step's forward
    previous, previous_site = mode.enabled, local.site
    mode.enabled = create_graph
    try:
        work = _Pass(roots, grads, keep_graph, create_graph, inputs, accumulate)
        work.run()
        if accumulate and inputs is not None:
            _retain_captured(work, inputs)
        return work.captured
    finally:
        mode.enabled = previous
        local.site = previous_site


def _retain_captured(work: _Pass, inputs: Sequence[Tensor]) -> None:
    for t, grad in zip(inputs, work.captured, strict=True):
        if t._node is not None and grad is not None:
            _accumulate(t, grad, work.create_graph)


__all__ = ["AccumulateGrad", "run_backward"]
