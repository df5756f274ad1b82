"""The registry of operators: one row each, next to the function that computes it.

    @operator("ExpBackward0", input=lambda grad, result: grad * result, inplace=True, out=True)
    def exp(input: Tensor) -> Tensor:
        return unary(P.EXP, input)

A backward rule is one formula per differentiable operand, written with operators only. The names
of a
formula's parameters say what it needs: ``grad`` (or ``grads`` for operators with several outputs),
operands and options by the names they have in the operator, ``result`` for the output, and
``input_like`` where of the operand ``input`` only shape, strides and dtype are needed. Only what a
needed formula names is saved. Broadcasting and promotion are undone once, in the engine.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from ..autograd.grad_mode import mode
from ..autograd.node import FREED_MESSAGE, Edge, Node, SavedInput, SavedResult, edge
from ..dtypes import SCALAR_TYPE_NAMES, can_cast
from ..errors import with_note
from ..shapes import contiguous_strides, numel
from ..tensor import Tensor, new_tensor

F = TypeVar("F", bound=Callable[..., Any])

OPERATORS: dict[str, Operator] = {}
METHODS: dict[str, Callable[..., Any]] = {}
FUNCTIONS: dict[str, Callable[..., Any]] = {}
NN_FUNCTIONS: dict[
    str, Callable[..., Any]
] = {}  # in ``ops`` only: public through ``nn.functional``
_node_classes: dict[str, type[Node]] = {}
# PyTorch saves the number as a tensor, so that a second backward raises.
_KEEP_NUMBERS = frozenset({"mul", "div"})
_PLAIN_NUMBERS = frozenset({int, float, bool, type(None)})


class OperatorNode(Node):
    """The backward node of one call of an operator.

    Attributes:
        plan: which formulas to run on what.
        saved: the values that they name; ``None`` once freed.
        counts: for operators on lists, how many operands each list had.
    """

    plan: Plan
    saved: list[Any] | None
    saves_tensors = False
    counts: tuple[int | None, ...] | None = None

    def free(self) -> None:
        """Drop the saved tensors; a second backward then raises."""
        if self.saves_tensors:
            self.saved = None

    def apply(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """Evaluate the formulas of the operands that need a gradient."""
        if self.saved is None:
            raise RuntimeError(FREED_MESSAGE)
        values = [_unpack(value, self) for value in self.saved]
        results: list[Tensor | None] = []
        for i, (formula, all_grads, positions) in enumerate(self.plan.calls):
            count = None if self.counts is None else self.counts[i]
            grad: Any = grads if all_grads else grads[0]
            if formula is None or grad is None:
                results.extend([None] * (1 if count is None else count))
                continue
            found = formula(grad, *[values[k] for k in positions])
            if count is None:
                results.append(found)
            else:
                results.extend(found)
        return results


RESULT = -1
_LIKE = "_like"


class Like:
    """What a formula needs of an operand whose values it does not need: nothing is kept alive."""

    __slots__ = ("_dtype", "_offset", "_shape", "_strides")

    def __init__(self, t: Tensor) -> None:
        self._shape = t._shape
        self._strides = t._strides
        self._dtype = t._dtype
        self._offset = t._offset

    def stride(self) -> tuple[int, ...]:
        """The strides of the operand."""
        return contiguous_strides(self._shape) if self._strides is None else self._strides

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    def new_zeros(self, shape: tuple[int, ...]) -> Tensor:
        """Zeros of the operand's dtype."""
        from .creation import full_expr

        return full_expr(shape, 0, self._dtype)


def _like(value: Any) -> Any:
    if isinstance(value, Tensor):
        return Like(value)
    return [_like(v) for v in value] if value.__class__ in (list, tuple) else value


class Plan:
    """How to differentiate a call, given which operands are tracked.

    Attributes:
        saved: positions of the parameters whose values the needed formulas use, or ``RESULT``, or
            ``RESULT - 1 - position`` where only the operand's metadata is used.
        calls: per operand: its formula (or ``None``), whether it takes all output gradients, and
            the positions of its arguments in ``saved``.
    """

    __slots__ = ("calls", "saved")

    def __init__(
        self, formulas: list[Formula], tracked: tuple[bool, ...], parameters: tuple[str, ...]
    ) -> None:
        names: dict[str, None] = {}
        for row, wanted in zip(formulas, tracked, strict=True):
            if wanted:
                names.update(dict.fromkeys(row.names))
        self.saved = tuple(_position(n, parameters) for n in names)
        place = {name: i for i, name in enumerate(names)}
        self.calls = tuple(
            (
                row.formula if wanted else None,
                row.all_grads,
                tuple(place[n] for n in row.names) if wanted else (),
            )
            for row, wanted in zip(formulas, tracked, strict=True)
        )


def _position(name: str, parameters: tuple[str, ...]) -> int:
    """Where a formula's parameter comes from: see ``Plan.saved``."""
    if name == "result":
        return RESULT
    if name.endswith(_LIKE) and name not in parameters:
        return RESULT - 1 - parameters.index(name.removesuffix(_LIKE))
    return parameters.index(name)


def _unpack(value: Any, node: Node) -> Any:
    kind = value.__class__
    if kind is SavedInput:
        return value.unpack()
    if kind is SavedResult:
        return value.unpack(node)
    if kind is _SavedList:
        return [_unpack(v, node) for v in value.items]
    return value


class _SavedList:
    __slots__ = ("items",)

    def __init__(self, items: list[Any]) -> None:
        self.items = items


def node_class(name: str) -> type[Any]:
    """The Node subclass whose name PyTorch prints for this ``grad_fn``."""
    found = _node_classes.get(name)
    if found is None:
        found = _node_classes[name] = type(name, (OperatorNode,), {})
    return found


class Formula:
    """The gradient of one operand.

    Attributes:
        name, position: the operand's name and its place among the positional parameters.
        formula: called with the gradient and the values of ``names``.
    """

    __slots__ = ("all_grads", "formula", "name", "names", "position")

    def __init__(self, name: str, position: int, formula: Callable[..., Any]) -> None:
        code = formula.__code__
        parameters = code.co_varnames[: code.co_argcount]
        self.name = name
        self.position = position
        self.formula = formula
        self.all_grads = parameters[0] == "grads"
        self.names = parameters[1:]


class Operator:
    """One row: the function, how it differentiates, where it is found, how tests sample it."""

    __slots__ = (
        "formulas",
        "forward",
        "function",
        "grad_fn",
        "inplace",
        "name",
        "node_type",
        "out",
        "parameters",
        "plans",
        "samples",
        "tail",
    )

    def __init__(
        self,
        forward: Callable[..., Any],
        grad_fn: str | Callable[[dict[str, Any]], str] | None,
        formulas: dict[str, Callable[..., Any]],
        samples: str | None,
    ) -> None:
        code = forward.__code__
        n = code.co_argcount + code.co_kwonlyargcount
        self.name = forward.__name__
        self.forward = forward
        self.grad_fn = grad_fn
        self.parameters = code.co_varnames[:n]
        positional = code.co_varnames[: code.co_argcount]
        defaults = forward.__defaults__ or ()
        by_name = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
        by_name.update(forward.__kwdefaults__ or {})
        self.tail = tuple(by_name.get(name) for name in self.parameters)  # defaults, by position
        self.node_type: type[Any] | None = None
        self.formulas = [
            Formula(name, self.parameters.index(name), formula)
            for name, formula in formulas.items()
        ]
        self.plans: dict[int, Plan] = {}  # by which operands are tracked, one bit each
        self.samples = samples
        self.inplace = False
        self.out = False
        self.function: Callable[..., Any] = forward

    def tracked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether a differentiable operand requires grad."""
        n = len(args)
        for row in self.formulas:
            a = args[row.position] if row.position < n else kwargs.get(row.name)
            if isinstance(a, Tensor):
                if a._base is not None:
                    a._sync()
                if a._req:
                    return True
            elif a.__class__ in (list, tuple):
                for t in a:
                    if isinstance(t, Tensor) and t.requires_grad:
                        return True
        return False

    def record(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the operator and give its results a backward node."""
        mode.enabled = False
        try:
            result = self.forward(*args, **kwargs)
        finally:
            mode.enabled = True
        first = result if isinstance(result, Tensor) else result[0]
        if first is result and not first._dtype.is_floating_point:
            return result  # integers have no gradient
        for a in args:
            if first is a:
                return result  # nothing to do, the operand itself came back
        values = args + self.tail[len(args) :]
        if kwargs:
            values = self._with_keywords(values, kwargs)
        node = (self.node_type or self._choose_node_type(values))()
        node.site = first._storage.expr.site
        self._connect(node, values)
        node.saved = self.kept(node, values, result)
        if first is result:
            result._req, result._node = True, node
            return result
        node.outputs = len(result)
        for nr, t in enumerate(result):
            if t._dtype.is_floating_point:
                t._req, t._node, t._nr = True, node, nr
        return result

    def kept(self, node: Any, values: tuple[Any, ...], result: Any) -> list[Any]:
        """What the plan of ``node`` wants saved."""
        saved: list[Any] = []
        for i in node.plan.saved:
            if i >= 0:
                value = values[i]
                if isinstance(value, Tensor):
                    node.saves_tensors = True
                    saved.append(SavedInput(value))
                elif value.__class__ in (list, tuple):
                    saved.append(self._saved_list(node, value))
                else:
                    saved.append(value)
                    if self.name in _KEEP_NUMBERS:
                        node.saves_tensors = True
            elif i == RESULT:
                node.saves_tensors = True
                saved.append(
                    SavedResult(result, 0)
                    if isinstance(result, Tensor)
                    else _SavedList([SavedResult(t, nr) for nr, t in enumerate(result)])
                )
            else:
                saved.append(_like(values[RESULT - 1 - i]))
        return saved

    def _saved_list(self, node: Any, values: Any) -> Any:
        """A list of operands as they are now; an option that is a list as it is."""
        if not any(isinstance(v, Tensor) for v in values):
            return values
        node.saves_tensors = True
        return _SavedList([SavedInput(v) if isinstance(v, Tensor) else v for v in values])

    def _with_keywords(self, values: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The values of all parameters, those given by name put in their places."""
        filled = list(values)
        for name, value in kwargs.items():
            filled[self.parameters.index(name)] = value
        return tuple(filled)

    def _choose_node_type(self, values: tuple[Any, ...]) -> type[Any]:
        """The class of this call's node; remembered where it does not depend on the operands."""
        name = self.grad_fn or f"{self.name.capitalize()}Backward0"
        if not isinstance(name, str):
            return node_class(name(dict(zip(self.parameters, values, strict=True))))
        self.node_type = node_class(name)
        return self.node_type

    def _connect(self, node: Any, values: tuple[Any, ...]) -> None:
        """Set the edges, the plan, and the counts of operands given as lists."""
        edges: list[Edge | None] = []
        mask, bit = 0, 1
        counts: list[int | None] | None = None
        for row in self.formulas:
            a = values[row.position]
            if isinstance(a, Tensor):
                if a._base is not None:
                    a._sync()
                if a._req:
                    mask |= bit
                    edges.append(edge(a))
                else:
                    edges.append(None)
            elif a.__class__ is list or a.__class__ is tuple:
                mine = [edge(t) if isinstance(t, Tensor) and t._req else None for t in a]
                edges += mine
                if any(e is not None for e in mine):
                    mask |= bit
                if counts is None:
                    counts = [None] * len(self.formulas)
                counts[self.formulas.index(row)] = len(mine)
            else:
                edges.append(None)
            bit += bit
        plan = self.plans.get(mask)
        if plan is None:
            tracked = tuple(bool(mask >> i & 1) for i in range(len(self.formulas)))
            plan = self.plans[mask] = Plan(self.formulas, tracked, self.parameters)
        node.plan = plan
        node.edges = tuple(edges)
        if counts is not None:
            node.counts = tuple(counts)


def operator(
    grad_fn: str | Callable[[dict[str, Any]], str] | None = None,
    *,
    name: str | None = None,
    method: bool = True,
    function: bool = True,
    inplace: bool = False,
    out: bool = False,
    samples: str | None = None,
    aliases: tuple[str, ...] = (),
    **formulas: Callable[..., Any],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register an operator.

    Args:
        grad_fn: the name of its node, as PyTorch prints it, or a function from the operands to it
            where PyTorch has overloads; formulas are given by operand name.
        method, function, inplace, out: the forms in which it is public: ``x.f()``,
            ``rushlight.f(x)``,
            ``x.f_()`` and ``f(x, out=y)``.
        samples: the family of sample inputs that generated tests draw from.
        aliases: further names.
    """

    def decorate(forward: Callable[..., Any]) -> Callable[..., Any]:
        if name is not None:
            forward.__name__ = name
        row = Operator(forward, grad_fn, formulas, samples)
        call = _wrap(row, out)
        row.function = call
        row.inplace, row.out = inplace, out
        for n in (row.name, *aliases):
            if n in OPERATORS:
                raise ValueError(f"operator {n!r} is registered twice")
            OPERATORS[n] = row
            if function:
                FUNCTIONS[n] = call
            if method:
                METHODS[n] = call
            if not function:
                NN_FUNCTIONS[n] = call
            if inplace:
                written = make_inplace(row, n + "_")
                if method:
                    METHODS[n + "_"] = written
                (FUNCTIONS if function else NN_FUNCTIONS)[n + "_"] = written
        return call

    return decorate


def method(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function a method of Tensor (under its own name, or under ``names``)."""

    def decorate(f: Callable[..., Any]) -> Callable[..., Any]:
        for n in names or (f.__name__,):
            METHODS[n] = f
        return f

    return decorate


def function(
    *names: str, method: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function public as ``rushlight.name`` (and as a method)."""

    def decorate(f: Callable[..., Any]) -> Callable[..., Any]:
        for n in names or (f.__name__,):
            FUNCTIONS[n] = f
            if method:
                METHODS[n] = f
        return f

    return decorate


def nn_function(f: F) -> F:
    """Make a function part of ``rushlight.ops`` without a place in the root namespace."""
    NN_FUNCTIONS[f.__name__] = f
    return f


def _wrap(row: Operator, out_form: bool) -> Callable[..., Any]:
    forward = row.forward
    if not row.formulas:
        if not out_form:
            return forward

        @functools.wraps(forward)
        def plain(*args: Any, out: Any = None, **kwargs: Any) -> Any:
            result = forward(*args, **kwargs)
            return result if out is None else write_out(row.name, result, out, (), kwargs)

        return plain

    tracked, record = row.tracked, row.record

    @functools.wraps(forward)
    def differentiable(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            if out_form and "out" in kwargs:
                out = kwargs.pop("out")
                if out is not None:
                    return write_out(row.name, forward(*args, **kwargs), out, args, kwargs)
            if mode.enabled and tracked(args, kwargs):
                return record(args, kwargs)
            return forward(*args, **kwargs)
        for a in args:  # most operands are plain tensors, neither views nor tracked
            if isinstance(a, Tensor):
                if not a._req and a._base is None:
                    continue
            elif a.__class__ in _PLAIN_NUMBERS:
                continue
            if mode.enabled and tracked(args, kwargs):
                return record(args, kwargs)
            break
        return forward(*args)

    return differentiable


def write_out(
    name: str, result: Any, out: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Write results into the tensors given as ``out=``; resizes them as PyTorch does."""
    if not isinstance(result, Tensor):
        for r, o in zip(result, out, strict=True):
            write_out(name, r, o, args, kwargs)
        return out
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    operands = [a for a in (*args, *kwargs.values(), out) if isinstance(a, Tensor)]
    if mode.enabled and any(t.requires_grad for t in operands):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic "
            f"differentiation, but "
            "one of the arguments requires grad."
        )
    if not can_cast(result._dtype, out._dtype):
        raise RuntimeError(
            f"result type {SCALAR_TYPE_NAMES[result._dtype]} can't be cast to the desired output "
            f"type {SCALAR_TYPE_NAMES[out._dtype]}"
        )
    if out._shape != result._shape:
        if numel(out._shape):
            import warnings

            warnings.warn(
                f"An output with one or more elements was resized since it had shape "
                f"{list(out._shape)}, which does not match the required output shape "
                f"{list(result._shape)}. This behavior is deprecated, and in a future PyTorch "
                f"release "
                "outputs will not be resized unless they have zero elements. You can explicitly "
                "reuse "
                "an out tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
                UserWarning,
                stacklevel=3,
            )
        out.resize_(result._shape)
    out._put(result.to(out._dtype)._expr())
    return out


def make_inplace(row: Operator, name: str) -> Callable[..., Any]:
    """The ``f_`` form: compute out of place, then re-point the Storage and rebase the history."""
    call = row.function

    def inplace(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_inplace(self)
        shadow = self._shadow() if self._req and mode.enabled else self
        result = call(shadow, *args, **kwargs)
        if result._dtype is not self._dtype and not can_cast(result._dtype, self._dtype):
            raise RuntimeError(
                f"result type {SCALAR_TYPE_NAMES[result._dtype]} can't be cast to the desired "
                f"output type {SCALAR_TYPE_NAMES[self._dtype]}"
            )
        return assign(self, result)

    inplace.__name__ = name
    inplace.__qualname__ = f"Tensor.{name}"
    inplace.__doc__ = f"In-place form of ``{row.name}``: writes into this tensor and returns it."
    return inplace


_LEAF_HINT = "to change its values without history, write inside `with torch.no_grad():`"


def check_inplace(t: Tensor) -> None:
    """Raise PyTorch's errors where ``t`` may not be written to."""
    if mode.enabled:
        base = t._base
        if base is None:
            if t._req and t._node is None:
                raise with_note(
                    RuntimeError(
                        "a leaf Variable that requires grad is being used in an in-place operation."
                    ),
                    _LEAF_HINT,
                )
        else:
            t._sync()
            if t._node is not None and t._node.custom:
                raise RuntimeError(
                    f"Output {t._nr} of {t._node.name()} is a view and is being modified "
                    f"inplace. This "
                    "view was created inside a custom Function (or because an input was returned "
                    "as-is) "
                    "and the autograd logic to handle view+inplace would override the custom "
                    "backward "
                    "associated with the custom Function, leading to incorrect gradients. This "
                    "behavior "
                    "is forbidden. You can fix this by cloning the output of the custom Function."
                )
            if base._req and base._node is None:
                raise with_note(
                    RuntimeError(
                        "a view of a leaf Variable that requires grad is being used in an in-place "
                        "operation."
                    ),
                    _LEAF_HINT,
                )
    if t._inference and not mode.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can "
            "make a clone to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    strides = t._strides
    if strides is not None and any(
        s == 0 and n > 1 for s, n in zip(strides, t._shape, strict=True)
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )


def assign(t: Tensor, value: Tensor) -> Tensor:
    """Make ``value`` (values and history) the new content of ``t``: the end of every in-place
    op."""
    if value._shape != t._shape:
        raise RuntimeError(
            f"output with shape {list(t._shape)} doesn't match the broadcast shape "
            f"{list(value._shape)}"
        )
    if value._dtype is not t._dtype:
        value = value.to(t._dtype)
    t._put(value._expr())
    if mode.enabled and (value._req or t._req):
        rebase(t, value)
    return t


class CopySlices(Node):
    """The history of a base after an in-place write through one of its views.

    Attributes:
        shape, strides, offset: the view, relative to the base's first element.
        base_strides: of a base that is not contiguous.
    """

    namespace = "torch::autograd::"
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    base_strides: tuple[int, ...] | None

    def apply(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """The written region's gradient goes to the value, the rest to the old base."""
        grad = grads[0]
        if grad is None:
            return [None, None]
        memory = self._in_memory(grad)
        inner = memory.as_strided(self.shape, self.strides, self.offset)
        if self.edges[0] is None:
            return [None, inner]
        zeros = new_tensor(inner._expr()).new_zeros(self.shape)
        rest = memory.as_strided_scatter(zeros, self.shape, self.strides, self.offset)
        if self.base_strides is not None:
            rest = rest.as_strided(grad._shape, self.base_strides, 0)
        return [rest, inner]

    def _in_memory(self, grad: Tensor) -> Tensor:
        """The base's gradient as its memory is laid out."""
        if self.base_strides is None:
            return grad.contiguous()
        from .movement import memory_gradient

        last = max(
            offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
            for shape, strides, offset in (
                (grad._shape, self.base_strides, 0),
                (self.shape, self.strides, self.offset),
            )
        )
        return memory_gradient(grad, self.base_strides, 0, last + 1)


def rebase(t: Tensor, value: Tensor) -> None:
    """Give ``t`` the history of ``value``; through a view, its base and siblings change as well."""
    base = t._base
    if base is None:
        t._node, t._nr, t._req = value._node, value._nr, value._req
        if value._node is None:
            t._req = False
        t._generation += 1
        return
    from .movement import regenerate_view

    node = CopySlices()
    node.edges = (edge(base) if base._req else None, edge(value) if value._req else None)
    node.shape, node.strides = t._shape, t.stride()
    node.offset = t._offset - base._offset
    node.base_strides = None if base.is_contiguous() else base.stride()
    node.site = value._storage.expr.site
    base._node, base._nr, base._req = node, 0, True
    base._generation += 1
    regenerate_view(t)
