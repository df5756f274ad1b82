"""Nodes of the autograd graph: ``grad_fn``, its edges, and what it saved for backward."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..graph.expr import Expr, Shape, Site
from .hooks import RemovableHandle

if TYPE_CHECKING:
    from ..tensor import Tensor

_sequence = itertools.count()

FREED_MESSAGE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward."
)


Edge = tuple[Any, int, Shape, Any]
"""Where a gradient goes: (Node or leaf Tensor, output number, the operand's shape and dtype)."""


def edge(t: Tensor) -> Edge:
    """The edge to what made ``t``, or to ``t`` itself if it is a leaf."""
    node = t._node
    return (t if node is None else node, t._nr, t._shape, t._dtype)


class Node:
    """A step of the backward pass. Subclasses carry the names that PyTorch prints.

    Attributes:
        edges: one per differentiable operand; ``None`` where it needs no gradient.
        seq: creation order: later nodes run first.
        outputs: how many outputs the forward op has.
        site: the user's line that recorded the forward op.
    """

    edges: tuple[Edge | None, ...] = ()
    outputs = 1
    custom = False  # made by a custom Function
    namespace = ""  # the C++ one, where PyTorch's ``name()`` has it
    site: Site = None
    hooks: dict[int, Callable[..., Any]] | None = None
    prehooks: dict[int, Callable[..., Any]] | None = None
    tensor_hooks: dict[int, dict[int, Callable[..., Any]]] | None = None
    retained: dict[int, weakref.ref[Tensor]] | None = None

    def __init__(self) -> None:
        self.seq = next(_sequence)

    def name(self) -> str:
        """The name that PyTorch gives this node."""
        return self.namespace + type(self).__name__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for the user's notes."""
        found: dict[Any, Any] = self.__dict__.setdefault("_metadata", {})
        return found

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """Pairs of (node, output number) that this node passes gradients to."""
        return tuple(
            (None, 0)
            if e is None
            else (e[0], e[1])
            if isinstance(e[0], Node)
            else (accumulator(e[0]), 0)
            for e in self.edges
        )

    def _sequence_nr(self) -> int:
        return self.seq

    def apply(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """Gradients of the operands, one per edge, from those of the outputs."""
        raise NotImplementedError

    def free(self) -> None:
        """Drop what was saved; a second backward then raises."""

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after this node ran."""
        if self.hooks is None:
            self.hooks = OrderedDict()
        handle = RemovableHandle(self.hooks)
        self.hooks[handle.id] = hook
        return handle

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before this node runs."""
        if self.prehooks is None:
            self.prehooks = OrderedDict()
        handle = RemovableHandle(self.prehooks)
        self.prehooks[handle.id] = hook
        return handle

    def add_tensor_hook(self, nr: int, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad)`` when the gradient of output ``nr`` is complete."""
        if self.tensor_hooks is None:
            self.tensor_hooks = {}
        hooks = self.tensor_hooks.setdefault(nr, OrderedDict())
        handle = RemovableHandle(hooks)
        hooks[handle.id] = hook
        return handle

    def retain(self, t: Tensor) -> None:
        """Store the gradient of this output in ``t.grad``."""
        if self.retained is None:
            self.retained = {}
        self.retained[t._nr] = weakref.ref(t)


class AccumulateGrad(Node):
    """The node that stands for a leaf in ``next_functions``. The engine writes to the leaf
    itself."""

    namespace = "torch::autograd::"

    def __init__(self, variable: Tensor) -> None:
        super().__init__()
        self.variable = variable

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after a gradient was accumulated."""
        handle: RemovableHandle = self.variable.register_post_accumulate_grad_hook(
            lambda t: hook((), (t.grad,))
        )
        return handle

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before a gradient is accumulated."""

        def call(grad: Tensor) -> Any:
            found = hook((grad,))
            return found[0] if isinstance(found, tuple) else found

        handle: RemovableHandle = self.variable.register_hook(call)
        return handle


def accumulator(t: Tensor) -> AccumulateGrad:
    """The AccumulateGrad of a leaf: the same object for as long as somebody holds it."""
    found = t._accumulator() if t._accumulator is not None else None
    if found is None:
        found = AccumulateGrad(t)
        t._accumulator = weakref.ref(found)
    node: AccumulateGrad = found
    return node


class SavedInput:
    """An operand as it is now, whatever is written to its Storage or happens to its history later.

    A leaf is held itself, because gradients of gradients must reach it. Of any other tensor only
    the value and the node are: holding the tensor would close a cycle once an in-place op gives it
    a new node.

    Attributes:
        expr: the value (of its Storage).
        view: shape, strides and offset, unless the operand is all of ``expr``.
        leaf: the operand, if it is a leaf that requires grad.
        node, nr: its history otherwise.
    """

    expr: Expr
    view: tuple[Shape, Shape | None, int] | None = None
    leaf: Tensor | None = None
    node: Node | None = None
    nr = 0

    def __init__(self, t: Tensor) -> None:
        if t._req:
            if t._node is None:
                self.leaf = t
            else:
                self.node, self.nr = t._node, t._nr
        storage = t._storage
        if storage.exposed is not None:
            self.expr = storage.read_exposed(t._shape, t._strides, t._offset)
            return
        e = self.expr = storage.expr
        if t._strides is not None or e.shape != t._shape:
            self.view = (t._shape, t._strides, t._offset)

    def unpack(self) -> Tensor:
        """The operand with the value and the history that it had."""
        leaf = self.leaf
        if leaf is not None and leaf._storage.expr is self.expr:
            return leaf
        from ..storage import Storage
        from ..tensor import new_tensor, view_of_storage

        e, view = self.expr, self.view
        t = new_tensor(e) if view is None else view_of_storage(Storage(e), *view, e.dtype)
        if self.node is not None:
            t._req, t._node, t._nr = True, self.node, self.nr
        elif leaf is not None:
            t._req, t._node = True, EarlierValue(leaf)
        return t


class EarlierValue(Node):
    """The history of a leaf's value from before it was overwritten: its gradient is the leaf's."""

    def __init__(self, leaf: Tensor) -> None:
        super().__init__()
        self.edges = (edge(leaf),)

    def apply(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """Pass the gradient on."""
        return grads


class SavedResult:
    """A result as it was computed. It holds the value, not the tensor: no cycle."""

    __slots__ = ("expr", "nr")

    def __init__(self, t: Tensor, nr: int) -> None:
        self.expr = t._expr()
        self.nr = nr

    def unpack(self, node: Node) -> Tensor:
        """The result as a tensor whose history is ``node``."""
        from ..tensor import new_tensor

        t = new_tensor(self.expr)
        if self.expr.dtype.is_floating_point:
            t._req, t._node, t._nr = True, node, self.nr
        return t
