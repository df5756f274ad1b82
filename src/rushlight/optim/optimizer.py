"""The base of all optimizers: parameter groups, per-parameter state, state dicts and hooks."""

from __future__ import annotations

import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import wraps
from itertools import chain
from typing import Any, ClassVar, TypeAlias

from rushlight import ops
from rushlight.autograd import enable_grad, set_grad_enabled
from rushlight.dtypes import float32
from rushlight.tensor import Tensor
from rushlight.utils.hooks import RemovableHandle

__all__ = [
    "Optimizer",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
]

Closure: TypeAlias = Callable[[], Any]
Group: TypeAlias = dict[str, Any]
Hyper: TypeAlias = float | Tensor
Hooks: TypeAlias = "OrderedDict[int, Callable[..., Any]]"
Params: TypeAlias = Iterable[Tensor] | Iterable[Group] | Iterable[tuple[str, Tensor]]
State: TypeAlias = dict[str, Any]

_global_pre_hooks: Hooks = OrderedDict()
_global_post_hooks: Hooks = OrderedDict()
_HOOK_TABLES = tuple(
    f"_optimizer_{event}_{when}_hooks"
    for event in ("step", "state_dict", "load_state_dict")
    for when in ("pre", "post")
)


class _RequiredParameter:
    """The default of an option that every parameter group has to give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _RequiredParameter()


class Optimizer:
    """Base class of all optimizers.

    `params` is an iterable of leaf Tensors, of (name, Tensor) pairs as `named_parameters()` gives
    them, or of dicts with a `"params"` entry and the options of that group. `defaults` holds the
    options of groups that do not give their own.

    A subclass defines `step`; registered hooks run around it, and the pending work of the step is
    run before it returns.

    Raises TypeError for anything that is not an ordered collection of Tensors; ValueError for an
    empty list, a Tensor that is not a leaf, or one that appears in two groups.
    """

    _stepping = False

    _optimizer_step_pre_hooks: Hooks
    _optimizer_step_post_hooks: Hooks
    _optimizer_state_dict_pre_hooks: Hooks
    _optimizer_state_dict_post_hooks: Hooks
    _optimizer_load_state_dict_pre_hooks: Hooks
    _optimizer_load_state_dict_post_hooks: Hooks

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = _with_hooks(cls.step)  # type: ignore[method-assign]

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._add_hook_tables()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or "
                f"dicts, but got {_type_name(params)}"
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _add_hook_tables(self) -> None:
        for table in _HOOK_TABLES:
            self.__dict__.setdefault(table, OrderedDict())

    def __getstate__(self) -> dict[str, Any]:
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._add_hook_tables()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for index, group in enumerate(self.param_groups):
            lines += [""] * (index > 0) + [f"Parameter Group {index}"]
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])

    # ---------------------------------------------------------------------------------- stepping

    def step(self, closure: Closure | None = None) -> Any:
        """Update the parameters once. `closure` evaluates the model again and returns the loss."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters: to None, or to zeros when `set_to_none=False`."""
        for param in self._all_params():
            if param.grad is None:
                continue
            if set_to_none:
                param.grad = None
                continue
            if param.grad.grad_fn is None:
                param.grad.requires_grad_(False)
            else:
                param.grad.detach_()
            param.grad.zero_()

    def _all_params(self) -> Iterable[Tensor]:
        return chain.from_iterable(group["params"] for group in self.param_groups)

    # -------------------------------------------------------------------------- parameter groups

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters: a dict with `"params"` and options that differ from defaults.

        Raises as the constructor does, and ValueError when a required option is missing or only
        some of the groups or parameters are named.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        _unpack_names(param_group)
        for param in param_group["params"]:
            self._check_param(param)
        self._fill_in_defaults(param_group)
        self._check_group(param_group)
        self.param_groups.append(param_group)

    def _check_param(self, param: Any) -> None:
        if not isinstance(param, Tensor):
            raise TypeError(
                "optimizer can only optimize Tensors, but one of the params is " + _type_name(param)
            )
        if not (self.defaults.get("differentiable") or param.is_leaf or param.retains_grad):
            raise ValueError("can't optimize a non-leaf Tensor")

    def _fill_in_defaults(self, group: Group) -> None:
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(
                    "parameter group didn't specify a value of required optimization parameter "
                    + name
                )
            group.setdefault(name, default)

    def _check_group(self, group: Group) -> None:
        params = set(group["params"])
        if len(params) != len(group["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=4,
            )
        named = "param_names" in group
        if any(named != ("param_names" in other) for other in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with' if named else 'without'} names to the optimizer"
            )
        if not params.isdisjoint(self._all_params()):
            raise ValueError("some parameters appear in more than one parameter group")

    # ------------------------------------------------------------------------------- state dicts

    def state_dict(self) -> dict[str, Any]:
        """Return `{"state": ..., "param_groups": ...}` with parameters replaced by their numbers.

        The Tensors in it are the optimizer's own, not copies.
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[Tensor, int] = {}
        groups = []
        start = 0
        for group in self.param_groups:
            params = group["params"]
            numbers.update(zip(params, range(start, start + len(params)), strict=True))
            start += len(params)
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[param] for param in params]
            groups.append(packed)
        state = {
            numbers[key] if isinstance(key, Tensor) else key: value
            for key, value in self.state.items()
        }
        result: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            changed = hook(self, result)
            result = result if changed is None else changed
        return result

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the state and options of `state_dict`, as `state_dict()` returned it.

        Parameters are matched by position. Floating-point state takes the dtype of its parameter,
        the step count excepted. Raises ValueError when the groups differ in number or size.
        """
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed

        saved_groups: list[Group] = deepcopy(state_dict["param_groups"])
        _check_same_sizes(self.param_groups, saved_groups)
        saved_params = chain.from_iterable(group["params"] for group in saved_groups)
        params = dict(zip(saved_params, self._all_params(), strict=True))

        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in params:
                state[params[key]] = _cast_state(params[key], value)
            else:
                state[key] = value
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved_groups})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    # ------------------------------------------------------------------------------------- hooks

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return new arguments."""
        return _register(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return _register(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` before a state dict is made."""
        return _register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` on a new state dict; it may return another one."""
        return _register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before loading; it may return another state dict."""
        return _register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` after a state dict was loaded."""
        return _register(self._optimizer_load_state_dict_post_hooks, hook, prepend)


# ----------------------------------------------------------------------------------------- hooks


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before each step of every optimizer."""
    return _register(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after each step of every optimizer."""
    return _register(_global_post_hooks, hook)


def _register(hooks: Hooks, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def _with_hooks(func: Callable[..., Any]) -> Callable[..., Any]:
    """`func`, a class's `step`, between the hooks and followed by a flush.

    A `step` called by another `step` of the same optimizer (through `super()`) runs bare.
    """

    @wraps(func)
    def step(*args: Any, **kwargs: Any) -> Any:
        self: Optimizer = args[0]
        if self._stepping:
            return func(*args, **kwargs)
        self._stepping = True
        try:
            args, kwargs = _run_pre_hooks(self, func, args, kwargs)
            result = func(*args, **kwargs)
            _flush()
            for hook in (*self._optimizer_step_post_hooks.values(), *_global_post_hooks.values()):
                hook(self, args, kwargs)
            return result
        finally:
            self._stepping = False

    step.hooked = True  # type: ignore[attr-defined]
    return step


def _run_pre_hooks(
    optimizer: Optimizer, func: Callable[..., Any], args: Any, kwargs: Any
) -> tuple[Any, Any]:
    for hook in (*_global_pre_hooks.values(), *optimizer._optimizer_step_pre_hooks.values()):
        changed = hook(optimizer, args, kwargs)
        if changed is None:
            continue
        if not (isinstance(changed, tuple) and len(changed) == 2):
            raise RuntimeError(
                f"{func} must return None or a tuple of (new_args, new_kwargs), but got {changed}."
            )
        args, kwargs = changed
    return args, kwargs


def _flush() -> None:
    from rushlight.graph.tape import flush

    flush()


class TensorwiseOptimizer(Optimizer):
    """An optimizer that updates each parameter from its own gradient and state alone.

    A subclass says what the state of a parameter is at first (`_new_state`) and records one
    update as tensor operators (`_update`). Hyper-parameters, and what is computed from them and
    the step count, go into the operators as Python floats: they are arguments of the recorded
    program, so a new learning rate compiles nothing.
    """

    _group_defaults: ClassVar[Mapping[str, Any]] = {}
    """What groups loaded from an old state dict may lack."""

    def step(self, closure: Closure | None = None) -> Any:
        """Update every parameter that has a gradient; return what `closure` returned, or None."""
        loss = None
        with set_grad_enabled(self.defaults.get("differentiable", False)):
            if closure is not None:
                with enable_grad():
                    loss = closure()
            for group in self.param_groups:
                _refuse_capturable(group)
                for param in group["params"]:
                    if param.grad is not None:
                        grad = -param.grad if group["maximize"] else param.grad
                        self._update(group, param, grad, self._state_of(group, param))
        return loss

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, default in self._group_defaults.items():
                group.setdefault(name, default)
        # Old versions kept these as plain numbers.
        for param in self._all_params():
            entry = self.state.get(param, {})
            for name in ("step", "mu_product", "eta", "mu"):
                if isinstance(entry.get(name), int | float):
                    entry[name] = scalar_state(entry[name])

    def _state_of(self, group: Group, param: Tensor) -> State:
        state: State = self.state[param]
        if not state:
            state.update(self._new_state(group, param))
        return state

    def _new_state(self, group: Group, param: Tensor) -> State:
        """The state of `param` before its first update."""
        raise NotImplementedError

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        """Record the update of `param` and of its state, both in place."""
        raise NotImplementedError


# --------------------------------------------------------------------------- for the update rules


def scalar_state(value: float = 0.0) -> Tensor:
    """A number kept in the state of a parameter: a 0-dim float32 Tensor, as PyTorch keeps it."""
    return ops.tensor(value, dtype=float32)


def next_step(state: State) -> float:
    """Count one more step in `state["step"]` and return the count.

    The Tensor holds a value, not pending work: reading it runs nothing.
    """
    step: float = state["step"].item() + 1
    set_scalar(state["step"], step)
    return step


def set_scalar(scalar: Tensor, value: float) -> None:
    """Write a number into a scalar of the state: a value takes its place, no work is recorded."""
    scalar.copy_(scalar_state(value))


def number(value: Hyper) -> float:
    """A hyper-parameter as a Python float: itself, or the element of a one-element Tensor."""
    return value.item() if isinstance(value, Tensor) else value


def add_weight_decay(grad: Tensor, param: Tensor, weight_decay: Hyper) -> Tensor:
    """The gradient of the loss plus that of the L2 penalty, `grad + weight_decay * param`."""
    decay = number(weight_decay)
    return grad.add(param, alpha=decay) if decay != 0 else grad


def check(condition: bool, message: str) -> None:
    """Raise ValueError with `message` unless `condition` holds."""
    if not condition:
        raise ValueError(message)


def check_lr(lr: Hyper) -> None:
    """Raise ValueError unless `lr` is a number, or a Tensor with one element, of at least 0."""
    check(not isinstance(lr, Tensor) or lr.numel() == 1, "Tensor lr must be 1-element")
    check(bool(lr >= 0.0), f"Invalid learning rate: {lr}")


def check_betas(betas: tuple[Any, ...]) -> None:
    """Raise ValueError unless both decay rates are in [0, 1)."""
    for index in (0, 1):
        check(
            bool(0.0 <= betas[index] < 1.0),
            f"Invalid beta parameter at index {index}: {betas[index]}",
        )


def check_implementation(fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """Refuse the combinations of implementation switches that PyTorch refuses.

    The switches choose among kernels that compute the same; here there is only one.
    """
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


# --------------------------------------------------------------------------------------- details


def _type_name(value: Any) -> str:
    if isinstance(value, Tensor):
        return str(value.type())
    cls = type(value)
    prefix = "" if cls.__module__ == "builtins" else f"{cls.__module__}."
    return f"{prefix}{cls.__qualname__}"


def _unpack_names(group: Group) -> None:
    """Make `group["params"]` a list of Tensors, its names, if any, in `group["param_names"]`."""
    params = group["params"]
    if isinstance(params, Tensor):
        params = [params]
    elif isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering "
            "of tensors in sets will change between runs. Please use a list instead."
        )
    entries = list(params)
    names = [entry[0] for entry in entries if isinstance(entry, tuple)]
    group["params"] = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
    if names:
        if len(names) != len(entries):
            raise ValueError(
                "all optimizer params should be with/without names. Some param names are missing"
            )
        group["param_names"] = names


def _check_same_sizes(groups: list[Group], saved_groups: list[Group]) -> None:
    if len(groups) != len(saved_groups):
        raise ValueError("loaded state dict has a different number of parameter groups")
    for group, saved in zip(groups, saved_groups, strict=True):
        if len(group["params"]) != len(saved["params"]):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group"
            )


def _cast_state(param: Tensor, value: Any, key: Any = None) -> Any:
    """`value` with the Tensors in it cast to the dtype of `param`, the step count excepted."""
    if isinstance(value, Tensor):
        return value if key == "step" or not param.is_floating_point() else value.to(param.dtype)
    if isinstance(value, dict):
        return {name: _cast_state(param, entry, name) for name, entry in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return type(value)(_cast_state(param, entry) for entry in value)  # type: ignore[call-arg]
    return value


def _refuse_capturable(group: Group) -> None:
    # PyTorch raises AssertionError here; the wording is its own.
    if group.get("capturable"):
        raise AssertionError(
            "If capturable=True, params and state_steps must be on supported devices: "
            "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']."
        )
