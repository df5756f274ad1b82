"""Trading time for memory: activations that are computed again when backward needs them."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rushlight.autograd import Function, enable_grad, grad, is_grad_enabled, no_grad
from rushlight.random import get_rng_state, set_rng_state
from rushlight.tensor import Tensor

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn"]

_CHECKS = ("default", "none")


class CheckpointError(RuntimeError):
    """The function computed something else when it ran for the second time."""


def noop_context_fn() -> tuple[Any, Any]:
    """Contexts for the first and the second run that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Return `function(*args, **kwargs)` without keeping what its backward would need.

    Backward runs `function` again, with the random state of the first run unless
    `preserve_rng_state=False` is given. Both of PyTorch's variants are one here: gradients reach
    the arguments and every leaf that `function` uses, also through `autograd.grad`, but the
    gradients themselves cannot be differentiated. As in PyTorch, the reentrant variant has no
    gradients unless an argument requires them, and not choosing a variant warns.

    Raises ValueError for arguments that the variant does not take; CheckpointError, in backward,
    when the second run returns Tensors of other shapes or dtypes.
    """
    preserve_rng_state = kwargs.pop("preserve_rng_state", True)
    if use_reentrant is None:
        _warn_about_variant(
            "torch.utils.checkpoint",
            "Starting in PyTorch 2.9, calling checkpoint "
            "without use_reentrant will raise an exception.",
        )
        use_reentrant = True
    if use_reentrant:
        _check_reentrant(kwargs, context_fn, debug)
        if not _requires_grad(args):
            with no_grad():
                return function(*args)
    if determinism_check not in _CHECKS:
        raise ValueError(
            f"determinism_check should be one of {list(_CHECKS)}, but got {determinism_check}"
        )
    if not is_grad_enabled():
        return function(*args, **kwargs)

    first_context, second_context = context_fn()
    random_state = get_rng_state() if preserve_rng_state else None
    call = _Call(function, args, kwargs)
    with first_context:
        result = call.run(call.tensors)
    call.expect(result, check=determinism_check == "default")

    def again(inputs: Sequence[Tensor], grads: Sequence[Tensor | None]) -> list[Tensor | None]:
        with _random_state(random_state), second_context:
            return call.gradients(inputs, grads)

    outputs = [value for value in _entries(result) if isinstance(value, Tensor)]
    attached = iter(CheckpointFunction.apply(again, outputs, *call.tensors, *call.leaves))
    entries = [next(attached) if isinstance(v, Tensor) else v for v in _entries(result)]
    return type(result)(entries) if isinstance(result, tuple | list) else entries[0]


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Run `functions` (a Sequential or a list) in `segments` parts, all but the last checkpointed.

    Raises ValueError for unexpected keyword arguments.
    """
    preserve_rng_state = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant is None:
        _warn_about_variant(
            "torch.utils.checkpoint.checkpoint_sequential",
            "In version 2.9 we will raise an exception if use_reentrant is not passed.",
        )
        use_reentrant = True
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def part(start: int, end: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for step in steps[start:end]:
                value = step(value)
            return value

        return run

    size = len(steps) // segments
    for segment in range(segments - 1):
        input = checkpoint(
            part(segment * size, (segment + 1) * size),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve_rng_state,
        )
    return part(size * (segments - 1), len(steps))(input)


class CheckpointFunction(Function):
    """Attaches results to a backward that computes them again."""

    @staticmethod
    def forward(ctx: Any, again: Callable[..., Any], outputs: list[Tensor], *inputs: Tensor) -> Any:
        """Return the outputs of the first run."""
        ctx.again = again
        ctx.save_for_backward(*inputs)
        ctx.mark_non_differentiable(*[out for out in outputs if not out.requires_grad])
        return tuple(out.detach() for out in outputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> Any:
        """Return the gradients of the inputs, by way of the second run."""
        return None, None, *ctx.again(ctx.saved_tensors, grads)


class _Call:
    """A function with its arguments, those that are Tensors set apart."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.function = function
        self.names = list(kwargs)
        self.arguments = [*args, *kwargs.values()]
        self.tensors = [value for value in self.arguments if isinstance(value, Tensor)]
        self.leaves: list[Tensor] = []
        self.kinds: list[tuple[Any, Any]] | None = None

    def run(self, tensors: Sequence[Tensor]) -> Any:
        """Call the function with copies of `tensors` that have no history."""
        self.inputs = [tensor.detach().requires_grad_(tensor.requires_grad) for tensor in tensors]
        fresh = iter(self.inputs)
        values = [next(fresh) if isinstance(v, Tensor) else v for v in self.arguments]
        positional = len(values) - len(self.names)
        named = dict(zip(self.names, values[positional:], strict=True))
        with enable_grad():
            return self.function(*values[:positional], **named)

    def expect(self, result: Any, check: bool) -> None:
        """Note which leaves `result` depends on besides the arguments, and what it looks like."""
        outputs = [value for value in _entries(result) if isinstance(value, Tensor)]
        given = {id(tensor) for tensor in self.inputs}
        self.leaves = [leaf for leaf in _leaves(outputs) if id(leaf) not in given]
        self.inputs = []
        if check:
            self.kinds = [(tuple(out.shape), out.dtype) for out in outputs]

    def gradients(
        self, tensors: Sequence[Tensor], grads: Sequence[Tensor | None]
    ) -> list[Tensor | None]:
        """Run again, and return the gradients of the arguments and of the leaves."""
        result = self.run(tensors[: len(self.tensors)])
        outputs = [value for value in _entries(result) if isinstance(value, Tensor)]
        kinds = [(tuple(out.shape), out.dtype) for out in outputs]
        if self.kinds is not None and kinds != self.kinds:
            raise CheckpointError(
                "rushlight.utils.checkpoint: Recomputed values have different metadata than during "
                f"the forward pass: {self.kinds} then, {kinds} now"
            )
        pairs = [
            (out, g)
            for out, g in zip(outputs, grads, strict=True)
            if out.requires_grad and g is not None
        ]
        sources = [*self.inputs, *self.leaves]
        self.inputs = []
        wanted = [source for source in sources if source.requires_grad]
        # Tensors from outside that the function uses keep their own history for its other users.
        found = iter(
            grad(
                [out for out, _ in pairs],
                wanted,
                [g for _, g in pairs],
                retain_graph=True,
                allow_unused=True,
            )
        )
        return [next(found) if source.requires_grad else None for source in sources]


def _leaves(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The leaves that require grad and that `outputs` depend on."""
    leaves = [out for out in outputs if out.requires_grad and out.grad_fn is None]
    pending = [out.grad_fn for out in outputs if out.grad_fn is not None]
    seen = set(pending)
    while pending:
        node = pending.pop()
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                pending.append(following)
    return leaves


def _entries(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple | list) else [result]


def _requires_grad(args: Sequence[Any]) -> bool:
    if any(isinstance(value, Tensor) and value.requires_grad for value in args):
        return True
    warnings.warn(
        "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=3
    )
    return False


def _check_reentrant(kwargs: dict[str, Any], context_fn: Callable[..., Any], debug: bool) -> None:
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn or debug:
        raise ValueError(
            "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
        )


def _warn_about_variant(name: str, consequence: str) -> None:
    warnings.warn(
        f"{name}: the use_reentrant parameter should be passed explicitly. {consequence} "
        "use_reentrant=False is recommended, but if you need to preserve the current default "
        "behavior, you can pass use_reentrant=True. Refer to docs for more details on the "
        "differences between the two variants.",
        stacklevel=3,
    )


@contextlib.contextmanager
def _random_state(state: Tensor | None) -> Iterator[None]:
    """Let the default generator continue from `state` for a while."""
    if state is None:
        yield
        return
    before = get_rng_state()
    set_rng_state(state)
    try:
        yield
    finally:
        set_rng_state(before)
