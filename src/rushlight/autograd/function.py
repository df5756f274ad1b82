"""Custom differentiable functions: ``Function``, its context, and ``once_differentiable``.

The node of a custom function (its ``grad_fn``) and the context that the user's code sees are two
objects, so that attributes set on the context never meet the engine's own. The node answers for the
context's attributes; the context knows the node weakly, so nothing forms a cycle.
"""

from __future__ import annotations

import functools
import warnings
import weakref
from collections.abc import Callable
from typing import Any

from ..graph.tape import user_site
from ..shapes import broadcast_shapes
from ..tensor import Tensor
from .grad_mode import mode, no_grad
from .node import FREED_MESSAGE, Edge, Node, SavedInput, SavedResult, edge


class FunctionCtx:
    """What ``forward`` leaves for ``backward``. Any attribute may be set on it.

    Attributes:
        needs_input_grad: for each argument of ``apply``, whether it requires grad.
    """

    needs_input_grad: tuple[bool, ...] = ()
    to_save: tuple[Any, ...] = ()
    materialize_grads = True
    dirty_tensors: tuple[Any, ...] = ()
    non_differentiable: tuple[Any, ...] = ()
    saved_for_forward: tuple[Any, ...] = ()
    _node_ref: weakref.ref[FunctionNode] | None = None

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (or ``None``) for ``backward``; called once, at the end of ``forward``."""
        for i, t in enumerate(tensors):
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {i} is of type "
                    f"{type(t).__name__}"
                )
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for ``jvp``."""
        self.saved_for_forward = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which arguments ``forward`` wrote into; they must be among its outputs."""
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` gets zeros (the default) or ``None`` for unused outputs."""
        self.materialize_grads = bool(value)

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``save_for_backward`` kept, as it was then.

        Raises:
            RuntimeError: an earlier backward freed it.
        """
        node = None if self._node_ref is None else self._node_ref()
        return () if node is None else node.unpack_saved()


class FunctionNode(Node):
    """The backward node of one call of a custom function."""

    custom = True

    function: type[Function]
    ctx: FunctionCtx
    metas: tuple[tuple[Any, Any], ...] = ()  # shape and dtype of each output
    positions: tuple[int, ...]  # of the tensors among the arguments, one per edge
    saved: tuple[Any, ...] | None

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{self.name()} object at {id(self):#x}>"

    def __getattr__(self, name: str) -> Any:
        if name == "ctx":
            raise AttributeError(name)
        return getattr(self.ctx, name)

    def unpack_saved(self) -> tuple[Any, ...]:
        """The saved tensors with their history."""
        if self.saved is None:
            raise RuntimeError(FREED_MESSAGE)
        return tuple(
            s.unpack(self)
            if isinstance(s, SavedResult)
            else s.unpack()
            if isinstance(s, SavedInput)
            else s
            for s in self.saved
        )

    def free(self) -> None:
        """Drop the saved tensors; asking for them then raises."""
        if self.saved:
            self.saved = None

    def apply(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """Call the user's ``backward`` and check what it returns."""
        ctx = self.ctx
        given: list[Any] = list(grads)
        given += [None] * (self.outputs - len(given))
        if ctx.materialize_grads:
            given = [
                _zeros(*self.metas[i]) if g is None and self.metas[i][1] is not None else g
                for i, g in enumerate(given)
            ]
        found = _backward_of(self.function)(ctx, *given)
        return self._checked(found if isinstance(found, tuple) else (found,))

    def _checked(self, found: tuple[Any, ...]) -> list[Tensor | None]:
        count = len(ctx_needs := self.ctx.needs_input_grad)
        while len(found) > count and found[-1] is None:
            found = found[:-1]
        if len(found) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected "
                f"{count}, got {len(found)})"
            )
        for i in range(len(ctx_needs)):
            if found[i] is not None and i not in self.positions:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position "
                    f"{i + 1}, but the corresponding forward input was not a Variable"
                )
        return [
            self._fitting(found[p], n, target)
            for n, (p, target) in enumerate(zip(self.positions, self.edges, strict=True))
        ]

    def _fitting(self, grad: Any, index: int, target: Edge | None) -> Tensor | None:
        if grad is None:
            return None
        if not isinstance(grad, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(grad).__name__})")
        if target is None or grad._shape == target[2]:
            return grad
        try:
            fits = broadcast_shapes(target[2], grad._shape) == grad._shape
        except RuntimeError:
            fits = False
        if not fits:
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {index} - got "
                f"{list(grad._shape)} but expected shape compatible with {list(target[2])}"
            )
        return grad


def _zeros(shape: Any, dtype: Any) -> Tensor:
    from ..ops.creation import full_expr

    return full_expr(shape, 0, dtype)


class Function:
    """Base of custom differentiable functions; subclasses are called as ``Sub.apply(...)``.

    A subclass has static methods ``forward(ctx, *args)`` (or ``forward(*args)`` together with
    ``setup_context(ctx, inputs, output)``) and ``backward(ctx, *grads)``, which returns a gradient
    for each argument of ``forward``, ``None`` for those that have none. ``backward`` is
    differentiable itself unless marked with ``once_differentiable``.
    """

    _node_class: type[FunctionNode]
    generate_vmap_rule = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._node_class = type(cls.__name__ + "Backward", (FunctionNode,), {"function": cls})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Always raises ``RuntimeError``: functions are called by ``apply``."""
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs. To be overridden."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what ``backward`` needs, where ``forward`` takes no context. To be overridden."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradients of the arguments. To be overridden."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Forward-mode derivatives are not supported."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call the function; its outputs get a node named ``<class name>Backward``."""
        if kwargs:
            args = _positional(cls, args, kwargs)
        ctx = FunctionCtx()
        needs = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        ctx.needs_input_grad = needs
        tracked = mode.enabled and any(needs)
        node = cls._node_class() if tracked else None
        if node is not None:
            node.ctx, node.saved = ctx, ()
            node.positions = tuple(i for i, a in enumerate(args) if isinstance(a, Tensor))
            node.edges = tuple(edge(args[i]) if needs[i] else None for i in node.positions)
            node.site = user_site()
        with no_grad():
            if cls.setup_context is Function.setup_context:
                raw = cls.forward(ctx, *args)
            else:
                raw = cls.forward(*args)
                cls.setup_context(ctx, args, raw)
        several = isinstance(raw, tuple)
        outputs = raw if several else (raw,)
        _check_dirty(ctx, args, outputs)
        results = _attach(node, ctx, args, outputs)
        return results if several else results[0]


Function._node_class = type("FunctionBackward", (FunctionNode,), {"function": Function})


class InplaceFunction(Function):
    """A Function with an ``inplace`` flag (kept for old code)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


def _backward_of(cls: type[Function]) -> Callable[..., Any]:
    own, vjp = cls.backward is not Function.backward, cls.vjp is not Function.vjp
    if own and vjp:
        raise RuntimeError(
            "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You "
            "should only implement one of them."
        )
    return cls.vjp if vjp else cls.backward


def _positional(cls: type[Function], args: tuple[Any, ...], kwargs: Any) -> tuple[Any, ...]:
    """Keyword arguments in the places that ``forward`` has for them."""
    import inspect

    with_ctx = cls.setup_context is Function.setup_context
    bound = inspect.signature(cls.forward).bind(*([None] if with_ctx else []), *args, **kwargs)
    bound.apply_defaults()
    return bound.args[1:] if with_ctx else bound.args


def _contains(tensors: tuple[Any, ...], t: Any) -> bool:
    return any(t is x for x in tensors)


def _check_dirty(ctx: FunctionCtx, args: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
    for t in ctx.dirty_tensors:
        if not _contains(outputs, t):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as "
                "output. The inputs that are modified inplace must all be outputs of the Function."
            )
        if mode.enabled and _contains(args, t) and t._base is None and t._req and t._node is None:
            raise RuntimeError(
                "a leaf Variable that requires grad has been used in an in-place operation."
            )


def _attach(
    node: FunctionNode | None, ctx: FunctionCtx, args: tuple[Any, ...], outputs: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Give the outputs their history and the node what was saved."""
    results: list[Any] = []
    for nr, t in enumerate(outputs):
        if not isinstance(t, Tensor):
            results.append(t)
            continue
        fixed = (
            node is None or _contains(ctx.non_differentiable, t) or not t._dtype.is_floating_point
        )
        if fixed:
            given = _contains(args, t) and not _contains(ctx.dirty_tensors, t)
            results.append(t._alias() if given or (t._req and node is not None) else t)
        elif _contains(ctx.dirty_tensors, t):
            _rebase_dirty(t, node, nr)
            results.append(t)
        else:
            results.append(_with_history(t, node, nr, t._req or _contains(args, t)))
    if node is not None:
        node.outputs = len(outputs)
        node.metas = tuple(
            (t._shape, t._dtype) if isinstance(t, Tensor) else ((), None) for t in outputs
        )
        node.saved = tuple(_saved(t, outputs, results) for t in ctx.to_save)
        ctx._node_ref = weakref.ref(node)
    ctx.to_save = ()
    ctx.dirty_tensors = ctx.non_differentiable = ()
    return tuple(results)


def _rebase_dirty(t: Tensor, node: Any, nr: int) -> None:
    from ..ops.registry import rebase

    value = t._alias()
    value._req, value._node, value._nr = True, node, nr
    rebase(t, value)


def _with_history(t: Tensor, node: Any, nr: int, copy: bool) -> Tensor:
    """``t`` with ``node`` as its history; a view of it where it has another one already."""
    if copy or t._node is not None:
        from ..ops.layout import make_view

        t = make_view(t, t._shape, t.stride(), t._offset)
    t._req, t._node, t._nr = True, node, nr
    return t


def _saved(t: Any, outputs: tuple[Any, ...], results: list[Any]) -> Any:
    if t is None:
        return None
    for nr, out in enumerate(outputs):
        if t is out and results[nr]._node is not None:
            return SavedResult(results[nr], nr)
    return SavedInput(t)


# --- once differentiable -------------------------------------------------------------------------


class Error(Node):
    """A node that raises when a gradient reaches it."""

    message: str

    def apply(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """Always raises ``RuntimeError``."""
        raise RuntimeError(self.message)


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a ``backward`` that cannot be differentiated itself; doing so raises."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with no_grad():
            outputs = fn(ctx, *args)
        if not mode.enabled or not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return outputs
        return (
            tuple(_undifferentiable(t) for t in outputs)
            if isinstance(outputs, tuple)
            else _undifferentiable(outputs)
        )

    return wrapper


def _undifferentiable(t: Any) -> Any:
    if not isinstance(t, Tensor):
        return t
    node = Error()
    node.message = (
        "trying to differentiate twice a function that was marked with @once_differentiable"
    )
    t = t._alias()
    t._req, t._node = True, node
    return t


__all__ = ["Function", "FunctionCtx", "InplaceFunction", "once_differentiable"]
