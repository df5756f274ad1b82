"""Module: the base class of everything that owns parameters.

A Module keeps its parameters, buffers and submodules in three dictionaries which attribute access
looks through, so that ``net.fc1.weight`` reads naturally and ``net.parameters()`` finds everything.
Calling a Module runs its hooks around ``forward``; an error raised inside gets one extra line that
names the submodule it came from (``in LeNet.fc1: Linear(...)``).
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self, overload

from rushlight.autograd import no_grad
from rushlight.autograd.function import Function
from rushlight.device import device as Device
from rushlight.dtypes import bfloat16, dtype, float16, float32, float64
from rushlight.nn.parameter import Buffer, Parameter
from rushlight.tensor import Tensor
from rushlight.utils.hooks import RemovableHandle

__all__ = [
    "Module",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
]

_EXTRA_STATE = "_extra_state"


class _IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` returns: the keys that did not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, "
            f"unexpected_keys={self.unexpected_keys!r})"
        )

    def __str__(self) -> str:
        return repr(self)


class _GlobalHook(NamedTuple):
    """A hook that runs for every Module; ``kind`` is the dictionary of Module it stands before."""

    kind: str
    hook: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


_global_hooks: OrderedDict[int, _GlobalHook] = OrderedDict()


def _typename(value: object) -> str:
    """The name PyTorch's messages give to a value's type: ``torch.FloatTensor``, ``int``."""
    if isinstance(value, Tensor):
        return str(value.type())
    kind = value if isinstance(value, type) else type(value)
    prefix = "" if kind.__module__ in ("builtins", "__builtin__") else kind.__module__ + "."
    return prefix + kind.__qualname__


def _indent(text: str) -> str:
    """Indent all lines but the first by two spaces, leaving blank lines blank."""
    first, *rest = text.split("\n")
    return "\n".join([first, *("  " + line if line.strip() else "" for line in rest)])


# -------------------------------------------------------------------------------------- error notes


def _describe(module: Module) -> str:
    """One line for an error note: the repr of a layer, or the class name of a module made of
    modules.
    """
    text = repr(module)
    return module._get_name() if "\n" in text else text


def _note_module(error: Exception, module: Module) -> None:
    """Extend the note on ``error`` that names the module it was raised in, as it leaves ``module``.

    Each Module on the way out prefixes its own name for what stands below it, so that the user
    reads one line with the whole path from the outermost Module. The state kept on the error is
    plain data, so errors stay picklable.
    """
    state = error.__dict__.get("_module_path")
    if state is None:
        path, leaf = "", _describe(module)
        note = f"in {leaf}"
    else:
        inner_id, inner_name, path, leaf, old_note = state
        name = next((n for n, m in module.named_modules() if id(m) == inner_id), f"<{inner_name}>")
        if not name:
            return
        path = f"{name}.{path}" if path else name
        note = f"in {module._get_name()}.{path}: {leaf}"
        error.__notes__ = [n for n in getattr(error, "__notes__", ()) if n is not old_note]
    error.add_note(note)
    error.__dict__["_module_path"] = (id(module), module._get_name(), path, leaf, note)


# ----------------------------------------------------------------------------------- backward hooks


class BackwardHookFunction(Function):
    """Identity whose backward pass hands the gradients to a callback that may replace them."""

    @staticmethod
    def forward(ctx: Any, callback: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        """Return views of ``tensors``."""
        ctx.callback = callback
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return what the callback makes of the gradients."""
        return (None, *ctx.callback(grads))


class _FullBackwardHooks:
    """The full backward hooks of one call of a Module.

    The tensors going in and coming out are passed through an identity function each: the outer one
    sees ``grad_output`` and runs the pre-hooks, the inner one sees ``grad_input`` and runs the
    hooks.
    """

    def __init__(
        self, module: Module, pre_hooks: list[Callable[..., Any]], hooks: list[Callable[..., Any]]
    ) -> None:
        self.module = module
        self.pre_hooks = pre_hooks
        self.hooks = hooks
        self.grad_output: tuple[Tensor | None, ...] = ()
        self.input_count = 0
        self.input_slots: list[int] | None = None
        self.output_slots: list[int] = []
        self.output_count = 0

    @staticmethod
    def _wrap(
        values: tuple[Any, ...], callback: Callable[..., Any]
    ) -> tuple[tuple[Any, ...], list[int]]:
        """Pass the tensors among ``values`` through the identity; also return their positions."""
        slots = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
        if not any(values[i].requires_grad for i in slots):
            return values, []
        wrapped = BackwardHookFunction.apply(callback, *(values[i] for i in slots))
        result = list(values)
        for slot, value in zip(
            slots, wrapped if isinstance(wrapped, tuple) else (wrapped,), strict=True
        ):
            result[slot] = value
        return tuple(result), slots

    @staticmethod
    def _scatter(grads: tuple[Any, ...], slots: list[int], count: int) -> tuple[Any, ...]:
        """Gradients of all arguments, None for those that are not tensors."""
        full: list[Any] = [None] * count
        for slot, grad in zip(slots, grads, strict=True):
            full[slot] = grad
        return tuple(full)

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Wrap the positional arguments of forward."""
        self.input_count = len(args)
        args, slots = self._wrap(args, self._on_grad_input)
        if slots:
            self.input_slots = slots
        return args

    def watch_outputs(self, result: Any) -> Any:
        """Wrap the result of forward (a tensor or a tuple)."""
        is_tuple = isinstance(result, tuple)
        values = result if is_tuple else (result,)
        self.output_count = len(values)
        self.output_slots = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
        values, _ = self._wrap(values, self._on_grad_output)
        if not is_tuple:
            return values[0]
        return type(result)(*values) if hasattr(result, "_fields") else values

    def _run(self, hooks: list[Callable[..., Any]], grads: Any, *context: Any, what: str) -> Any:
        """Run hooks on ``grads``, each seeing what the one before returned."""
        for hook in hooks:
            replaced = hook(self.module, grads, *context)
            if replaced is None:
                continue
            replaced = replaced if isinstance(replaced, tuple) else (replaced,)
            if len(replaced) != len(grads):
                raise RuntimeError(
                    f"{what}: Backward hook returned an invalid number of grad, "
                    f"got {len(replaced)}, but expected {len(grads)}"
                )
            grads = replaced
        return grads

    def _on_grad_output(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        full = self._scatter(grads, self.output_slots, self.output_count)
        full = self._run(self.pre_hooks, full, what="Backward pre hook")
        self.grad_output = full
        if self.input_slots is None:  # no gradient flows into the module: its hooks run now
            none = (None,) * self.input_count
            if self.hooks:
                warnings.warn(
                    "Full backward hook is firing when gradients are computed with respect to "
                    "module outputs since no inputs require gradients. See "
                    "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
                    "#torch.nn.Module.register_full_backward_hook for more details.",
                    stacklevel=5,
                )
            if any(g is not None for g in self._run(self.hooks, none, full, what="Backward hook")):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None "
                    "or None for all gradients."
                )
        return tuple(full[i] for i in self.output_slots)

    def _on_grad_input(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        slots = self.input_slots or []
        full = self._scatter(grads, slots, self.input_count)
        full = self._run(self.hooks, full, self.grad_output, what="Backward hook")
        return tuple(full[i] for i in slots)


# ------------------------------------------------------------------------------------------- Module


class Module:
    """Base class of all neural network modules.

    Subclasses call ``super().__init__()`` first, assign Parameters, Modules and buffers as
    attributes, and define ``forward``. See ``state_dict``, ``to``, ``train`` and the
    ``register_*_hook`` methods.
    """

    training: bool
    dump_patches: bool = False
    call_super_init: bool = False
    _version: int = 1
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _is_full_backward_hook: bool | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            name = type(self).__name__
            if kwargs:
                raise TypeError(
                    f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
                )
            raise TypeError(
                f"{name}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _non_persistent_buffers_set=set(),
            _backward_pre_hooks=OrderedDict(),
            _backward_hooks=OrderedDict(),
            _is_full_backward_hook=None,
            _forward_hooks=OrderedDict(),
            _forward_hooks_with_kwargs=OrderedDict(),
            _forward_hooks_always_called=OrderedDict(),
            _forward_pre_hooks=OrderedDict(),
            _forward_pre_hooks_with_kwargs=OrderedDict(),
            _state_dict_hooks=OrderedDict(),
            _state_dict_pre_hooks=OrderedDict(),
            _load_state_dict_pre_hooks=OrderedDict(),
            _load_state_dict_post_hooks=OrderedDict(),
            _modules={},
        )
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def _forward_unimplemented(self, *input: Any) -> None:
        """Compute the output of the module; subclasses override this.

        Raises:
            NotImplementedError: if they do not.
        """
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    forward: Callable[..., Any] = _forward_unimplemented

    # -------------------------------------------------------------------------------------- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward`` and the hooks around it; an error is told which module it came from."""
        try:
            if (
                self._forward_hooks
                or self._forward_pre_hooks
                or self._backward_hooks
                or self._backward_pre_hooks
                or _global_hooks
            ):
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            _note_module(error, self)
            raise

    def _hooks(self, kind: str) -> list[tuple[int, Callable[..., Any]]]:
        """Hooks of one kind in the order they run: the global ones first."""
        own = self.__dict__[kind].items()
        if not _global_hooks:
            return list(own)
        return [*((i, g.hook) for i, g in _global_hooks.items() if g.kind == kind), *own]

    def _hook_flag(self, hook_id: int, flag: str) -> bool:
        """Whether a forward hook was registered with ``with_kwargs`` or ``always_call``."""
        if hook_id in _global_hooks:
            return bool(getattr(_global_hooks[hook_id], flag))
        own = (
            "_forward_hooks_with_kwargs"
            if flag == "with_kwargs"
            else "_forward_hooks_always_called"
        )
        return hook_id in self.__dict__[own]

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The long way round ``forward``: pre-hooks, backward hooks on inputs, forward, hooks,
        outputs.
        """
        result: Any = None
        done: set[int] = set()
        try:
            args, kwargs = self._run_forward_pre_hooks(args, kwargs)
            pre_hooks = [hook for _, hook in self._hooks("_backward_pre_hooks")]
            hooks = [hook for _, hook in self._hooks("_backward_hooks")]
            legacy = hooks if self._is_full_backward_hook is False else []
            watcher = None
            if pre_hooks or (hooks and not legacy):
                watcher = _FullBackwardHooks(self, pre_hooks, [] if legacy else hooks)
                args = watcher.watch_inputs(args)
            result = self.forward(*args, **kwargs)
            for hook_id, hook in self._hooks("_forward_hooks"):
                done.add(hook_id)
                result = self._run_forward_hook(hook_id, hook, args, kwargs, result)
            if watcher:
                if not isinstance(result, (Tensor, tuple)):
                    warnings.warn(
                        "For backward hooks to be called, module output should be a Tensor or a "
                        "tuple of "
                        f"Tensors but received {type(result)}",
                        stacklevel=3,
                    )
                result = watcher.watch_outputs(result)
            if legacy:
                self._attach_legacy_backward_hooks(legacy, result)
            return result
        except Exception:
            self._run_always_called_hooks(done, args, kwargs, result)
            raise

    def _run_forward_pre_hooks(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for hook_id, hook in self._hooks("_forward_pre_hooks"):
            if hook_id in self._forward_pre_hooks_with_kwargs:
                replaced = hook(self, args, kwargs)
                if replaced is None:
                    continue
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {replaced}."
                    )
                args, kwargs = replaced
            else:
                replaced = hook(self, args)
                if replaced is not None:
                    args = replaced if isinstance(replaced, tuple) else (replaced,)
        return args, kwargs

    def _run_forward_hook(
        self, hook_id: int, hook: Callable[..., Any], args: Any, kwargs: Any, result: Any
    ) -> Any:
        if self._hook_flag(hook_id, "with_kwargs"):
            replaced = hook(self, args, kwargs, result)
        else:
            replaced = hook(self, args, result)
        return result if replaced is None else replaced

    def _run_always_called_hooks(self, done: set[int], args: Any, kwargs: Any, result: Any) -> None:
        """After an error: run the forward hooks registered with ``always_call`` that have not run
        yet.
        """
        for hook_id, hook in self._hooks("_forward_hooks"):
            if hook_id in done or not self._hook_flag(hook_id, "always_call"):
                continue
            try:
                result = self._run_forward_hook(hook_id, hook, args, kwargs, result)
            except Exception as error:
                warnings.warn(
                    "module forward hook with ``always_call=True`` raised an exception "
                    f"that was silenced as another error was raised in forward: {error!s}",
                    stacklevel=4,
                )

    def _attach_legacy_backward_hooks(self, hooks: list[Callable[..., Any]], result: Any) -> None:
        """Non-full backward hooks look at the last operation of the module only, as they always
        did.
        """
        while not isinstance(result, Tensor):
            if isinstance(result, dict):
                result = next(v for v in result.values() if isinstance(v, Tensor))
            else:
                result = result[0]
        if result.grad_fn is not None:
            for hook in hooks:
                result.grad_fn.register_hook(
                    lambda grad_in, grad_out, hook=hook: hook(self, grad_in, grad_out)
                )

    # ----------------------------------------------------------------------------------- attributes

    def __getattr__(self, name: str) -> Any:
        members = self.__dict__
        for kind in ("_parameters", "_buffers", "_modules"):
            if kind in members and name in members[kind]:
                return members[kind][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        members = self.__dict__
        if isinstance(value, Parameter):
            self._require_init("parameters")
            self._forget(name, "_buffers", "_modules")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._require_init("module")
            self._forget(name, "_parameters", "_buffers")
            members["_modules"][name] = value
        elif name in members.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, value)
        elif name in members.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' "
                    "(torch.nn.Module or None expected)"
                )
            members["_modules"][name] = value
        elif isinstance(value, Buffer):
            self.register_buffer(name, value, value.persistent)
        elif name in members.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            members["_buffers"][name] = value
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        for kind in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(kind, ()):
                del self.__dict__[kind][name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__}
        names.update(self._parameters, self._buffers, self._modules)
        return sorted(name for name in names if not name[:1].isdigit())

    def __setstate__(self, state: dict[str, Any]) -> None:
        fresh = Module()
        self.__dict__.update(fresh.__dict__)
        self.__dict__.update(state)

    def _require_init(self, what: str) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")

    def _forget(self, name: str, *kinds: str) -> None:
        """Remove whatever else goes by this name, so that the new member is the one found."""
        self.__dict__.pop(name, None)
        for kind in kinds:
            self.__dict__[kind].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def _check_new_name(self, kind: str, name: str, existing: dict[str, Any]) -> None:
        """Raise PyTorch's errors for a name that cannot be given to a member."""
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
        if hasattr(self, name) and name not in existing:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            suffix = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{suffix}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter that is then an attribute called ``name``.

        Raises:
            AttributeError: before ``Module.__init__`` has run.
            KeyError: if the name is taken, empty, or has a dot.
            TypeError: if the name is no string or ``param`` neither a Parameter nor None.
        """
        self._require_init("parameter")
        self._check_new_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created "
                f"explicitly. To express '{name}' as a function of another Tensor, compute the "
                f"value in "
                "the forward() method."
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the module's state but is not trained.

        Args:
            name: the attribute it is found under.
            tensor: the value; None registers the name only.
            persistent: whether it is part of ``state_dict``.

        Raises:
            AttributeError: before ``Module.__init__`` has run.
            KeyError: if the name is taken, empty, or has a dot.
            TypeError: if the name is no string or ``tensor`` neither a Tensor nor None.
        """
        self._require_init("buffer")
        self._check_new_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child module that is then an attribute called ``name``.

        Raises:
            KeyError: if the name is taken, empty, or has a dot.
            TypeError: if the name is no string or ``module`` neither a Module nor None.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_new_name("module", name, self._modules)
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """Alias of ``add_module``."""
        self.add_module(name, module)

    # ------------------------------------------------------------------------------ look-up by path

    def get_submodule(self, target: str) -> Module:
        """The submodule at the dotted path ``target``; the module itself for the empty path.

        Raises:
            AttributeError: if a step of the path is missing or is no Module.
        """
        module: Module = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put ``module`` at the dotted path ``target``.

        Args:
            target: where; all steps but the last must exist.
            module: what.
            strict: also require that the last step exists.

        Raises:
            ValueError: for an empty path or something that is not a Module.
            AttributeError: if a required step is missing or is no Module.
        """
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        *path, name = target.split(".")
        parent = self.get_submodule(".".join(path))
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def _get_member(self, target: str) -> tuple[Module, str, Any]:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        return module, name, getattr(module, name)

    def get_parameter(self, target: str) -> Parameter:
        """The Parameter at the dotted path ``target``.

        Raises:
            AttributeError: if there is none.
        """
        _, name, value = self._get_member(target)
        if not isinstance(value, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return value

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at the dotted path ``target``.

        Raises:
            AttributeError: if there is none.
        """
        module, name, value = self._get_member(target)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return value

    # ------------------------------------------------------------------------------------ iteration

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yield ``(path, module)`` for this module and all below it, each module once unless told
        otherwise.
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """Yield this module and all below it."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield ``(name, module)`` for the immediate children, each module once."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """Yield the immediate children, each once."""
        for _, module in self.named_children():
            yield module

    def _named_members(
        self,
        get_members_fn: Callable[[Module], Any],
        prefix: str = "",
        recurse: bool = True,
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Any]]:
        """Yield ``(path, member)`` for what ``get_members_fn`` finds in each module."""
        seen: set[int] = set()
        modules: Any = [(prefix, self)]
        if recurse:
            modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in modules:
            for name, member in get_members_fn(module):
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield (f"{path}.{name}" if path else name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield ``(path, parameter)``; shared parameters once unless told otherwise."""
        yield from self._named_members(
            lambda module: module._parameters.items(), prefix, recurse, remove_duplicate
        )

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield the parameters, as optimizers take them."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield ``(path, buffer)``; shared buffers once unless told otherwise."""
        yield from self._named_members(
            lambda module: module._buffers.items(), prefix, recurse, remove_duplicate
        )

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield the buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    # ------------------------------------------------------------------------- modes and conversion

    def train(self, mode: bool = True) -> Self:
        """Set training mode for this module and all below it.

        Raises:
            ValueError: if ``mode`` is not a bool.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode: ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set ``requires_grad`` of every parameter."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradient of every parameter, or set it to zero."""
        for parameter in self.parameters():
            grad = parameter.grad
            if grad is None:
                continue
            if set_to_none:
                parameter.grad = None
                continue
            if grad.grad_fn is not None:
                grad.detach_()
            else:
                grad.requires_grad_(False)
            grad.zero_()

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn`` on every module below this one, then on this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the value of every parameter, gradient and buffer by ``fn`` of it; identities
        stay.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is None:
                continue
            grad = parameter.grad
            with no_grad():
                parameter.data = fn(parameter)
                if grad is not None:
                    requires_grad = grad.requires_grad
                    parameter.grad = fn(grad.detach()).requires_grad_(requires_grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    @overload
    def to(
        self, device: Any = ..., dtype: dtype | None = ..., non_blocking: bool = ...
    ) -> Self: ...
    @overload
    def to(self, dtype: dtype, non_blocking: bool = ...) -> Self: ...
    @overload
    def to(self, tensor: Tensor, non_blocking: bool = ...) -> Self: ...

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert parameters and buffers to a device and (floating point ones) to a dtype, in "
        "place.

        Takes ``(device, dtype, non_blocking)``, ``(dtype, non_blocking)`` or ``(tensor,
        non_blocking)``, and ``memory_format``, which changes nothing here: layouts are chosen by
        the compiler.

        Raises:
            TypeError: for a dtype that is not floating point.
            AssertionError: for a CUDA device, as in a CPU build of PyTorch.
        """
        where, kind = _parse_to(*args, **kwargs)
        if kind is not None and not (kind.is_floating_point or kind.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, "
                f"but got desired dtype={kind}"
            )

        def convert(tensor: Tensor) -> Tensor:
            target = kind if kind is not None and tensor.is_floating_point() else tensor.dtype
            return tensor.to(target) if where is None else tensor.to(where, target)

        return self._apply(convert)

    def type(self, dst_type: dtype | str) -> Self:
        """Cast all parameters and buffers, whatever their dtype."""
        return self._apply(lambda t: t.type(dst_type))

    def _cast(self, kind: dtype) -> Self:
        return self._apply(lambda t: t.to(kind) if t.is_floating_point() else t)

    def float(self) -> Self:
        """Cast floating point parameters and buffers to float32."""
        return self._cast(float32)

    def double(self) -> Self:
        """Cast floating point parameters and buffers to float64."""
        return self._cast(float64)

    def half(self) -> Self:
        """Cast floating point parameters and buffers to float16."""
        return self._cast(float16)

    def bfloat16(self) -> Self:
        """Cast floating point parameters and buffers to bfloat16."""
        return self._cast(bfloat16)

    def cpu(self) -> Self:
        """Move to the CPU, where everything already is."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Self:
        """Raise PyTorch's error: there is no GPU here (a module without tensors is returned)."""
        return self._apply(lambda t: t.cuda(device))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Replace parameters and buffers by uninitialised ones on ``device``."""
        from rushlight import ops

        return self._apply(lambda t: ops.empty_like(t, device=device), recurse=recurse)

    def share_memory(self) -> Self:
        """Return the module: memory is shared between threads already."""
        return self

    # ---------------------------------------------------------------------------------------- hooks

    def _add_hook(
        self,
        kind: str,
        hook: Callable[..., Any],
        prepend: bool = False,
        flags: tuple[str, ...] = (),
    ) -> RemovableHandle:
        hooks = self.__dict__[kind]
        marked = [self.__dict__[flag] for flag in flags]
        handle = RemovableHandle(hooks, extra_dict=marked)
        hooks[handle.id] = hook
        for flag in marked:
            flag[handle.id] = True
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before forward; what it returns replaces the arguments.

        With ``with_kwargs`` it is ``hook(module, args, kwargs) -> None or (args, kwargs)``.
        """
        flags = ("_forward_pre_hooks_with_kwargs",) if with_kwargs else ()
        return self._add_hook("_forward_pre_hooks", hook, prepend, flags)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after forward; what it returns replaces the output.

        With ``with_kwargs`` it is ``hook(module, args, kwargs, output)``; with ``always_call`` it
        also runs when forward raised.
        """
        flags = (("_forward_hooks_with_kwargs",) if with_kwargs else ()) + (
            ("_forward_hooks_always_called",) if always_call else ()
        )
        return self._add_hook("_forward_hooks", hook, prepend, flags)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known.

        What it returns replaces them.
        """
        return self._add_hook("_backward_pre_hooks", hook, prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are "
        "known.

        What it returns replaces ``grad_input``.

        Raises:
            RuntimeError: if the module has regular (non-full) backward hooks.
        """
        if self._is_full_backward_hook is False:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single "
                "Module. "
                "Please use only one of them."
            )
        self._is_full_backward_hook = True
        return self._add_hook("_backward_hooks", hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Deprecated: call ``hook(module, grad_input, grad_output)`` of the module's last "
        "operation.

        Raises:
            RuntimeError: if the module has full backward hooks.
        """
        if self._is_full_backward_hook is True:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single "
                "Module. "
                "Please use only one of them."
            )
        self._is_full_backward_hook = False
        return self._add_hook("_backward_hooks", hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` collects."""
        return self._add_hook("_state_dict_pre_hooks", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after ``state_dict``; it must
        return None.
        """
        hook._from_public_api = True  # type: ignore[attr-defined]
        return self._add_hook("_state_dict_hooks", hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Like ``register_state_dict_post_hook``, but the hook may return another dictionary."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was previously "
                "registered via register_state_dict_post_hook"
            )
        return self._add_hook("_state_dict_hooks", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected,
        errors)``.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        return self._add_hook("_load_state_dict_pre_hooks", _LoadHook(hook, with_module))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after loading; it may change the keys."""
        return self._add_hook("_load_state_dict_post_hooks", hook)

    # ---------------------------------------------------------------------------------------- state

    def get_extra_state(self) -> Any:
        """What a subclass adds to its ``state_dict`` besides tensors."""
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be called."
        )

    def set_extra_state(self, state: Any) -> None:
        """Take back what ``get_extra_state`` returned."""
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be called."
        )

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Write this module's own state (not that of its children) into ``destination``."""
        for name, parameter in self._parameters.items():
            if parameter is not None:
                destination[prefix + name] = parameter if keep_vars else parameter.detach()
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = buffer if keep_vars else buffer.detach()
        if type(self).get_extra_state is not Module.get_extra_state:
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> Any:
        """All parameters and persistent buffers by their path, sharing memory with the module.

        Args:
            args: deprecated positional form of the keyword arguments.
            destination: a dictionary to write into instead of a new OrderedDict.
            prefix: put before every key.
            keep_vars: store the Parameters themselves instead of detached tensors.

        Returns:
            The dictionary; its ``_metadata`` holds the version of each module's state.
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict"
                " for details.",
                FutureWarning,
                stacklevel=2,
            )
            destination = args[0] if destination is None else destination
            prefix = args[1] if len(args) > 1 and not prefix else prefix
            keep_vars = args[2] if len(args) > 2 and not keep_vars else keep_vars
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            replaced = hook(self, destination, prefix, local_metadata)
            if replaced is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = replaced
        return destination

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Read this module's own state (not that of its children) and report what does not fit."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                self,
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        own: dict[str, Any] = {k: p for k, p in self._parameters.items() if p is not None}
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                own[name] = buffer
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, current in own.items():
            key = prefix + name
            if key in state_dict:
                error = self._load_member(name, current, key, state_dict[key], assign)
                if error:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(key)
        extra = prefix + _EXTRA_STATE
        has_extra = type(self).set_extra_state is not Module.set_extra_state
        if has_extra and extra in state_dict:
            self.set_extra_state(state_dict[extra])
        elif has_extra and strict:
            missing_keys.append(extra)
        if not strict:
            return
        for key in state_dict:
            if key == extra:
                if not has_extra:
                    unexpected_keys.append(key)
            elif key.startswith(prefix):
                head, dot, _ = key[len(prefix) :].partition(".")
                if head not in (self._modules if dot else own):
                    unexpected_keys.append(key)

    def _load_member(
        self, name: str, current: Any, key: str, value: Any, assign: bool
    ) -> str | None:
        """Load one parameter or buffer; return the error message if it does not fit."""
        if not isinstance(value, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
                f"object "
                f"from checkpoint but received {type(value)}"
            )
        if current.dim() == 0 and value.dim() == 1:
            value = value[0]  # checkpoints older than 0-d tensors
        if value.shape != current.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {value.shape} from "
                f"checkpoint, "
                f"the shape in current model is {current.shape}."
            )
        try:
            with no_grad():
                if not assign:
                    current.copy_(value)
                elif isinstance(current, Parameter) and not isinstance(value, Parameter):
                    setattr(self, name, Parameter(value, requires_grad=current.requires_grad))
                else:
                    if isinstance(current, Parameter):
                        value.requires_grad_(current.requires_grad)
                    setattr(self, name, value)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{current.size()} and whose dimensions in the checkpoint are {value.size()}, "
                f"an exception occurred : {error.args}."
            )
        return None

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy the values of ``state_dict`` into this module and all below it.

        Args:
            state_dict: values by path, as ``state_dict`` returns them.
            strict: whether keys that are missing or not known are an error.
            assign: put the given tensors in place of the module's instead of copying their values.

        Returns:
            ``(missing_keys, unexpected_keys)``.

        Raises:
            TypeError: if ``state_dict`` is no mapping.
            RuntimeError: if something does not fit; the message lists everything.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        copied: Any = OrderedDict(state_dict)
        if metadata is not None:
            copied._metadata = metadata

        def load(module: Module, part: Any, prefix: str) -> None:
            local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
            if assign:
                local_metadata["assign_to_params_buffers"] = True
            module._load_from_state_dict(
                part, prefix, local_metadata, True, missing, unexpected, errors
            )
            for name, child in module._modules.items():
                if child is not None:
                    path = f"{prefix}{name}."
                    load(child, {k: v for k, v in part.items() if k.startswith(path)}, path)
            report = _IncompatibleKeys(missing, unexpected)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, report) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                        "expected to "
                        "return new values, if incompatible_keys need to be modified, it should "
                        "be done "
                        "inplace."
                    )

        load(self, copied, "")
        if strict:
            for what, keys in (("Unexpected", unexpected), ("Missing", missing)):
                if keys:
                    quoted = ", ".join(f'"{key}"' for key in keys)
                    errors.insert(0, f"{what} key(s) in state_dict: {quoted}. ")
        if errors:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {self._get_name()}:\n\t" + "\n\t".join(errors)
            )
        return _IncompatibleKeys(missing, unexpected)

    # ------------------------------------------------------------------------------------- printing

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the parentheses of the module's repr."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if len(lines) <= 1 and not self._modules:
            return f"{self._get_name()}({extra})"
        lines += [f"({name}): {_indent(repr(module))}" for name, module in self._modules.items()]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class _LoadHook:
    """A pre-hook of ``load_state_dict``, with or without the module as first argument."""

    def __init__(self, hook: Callable[..., Any], with_module: bool) -> None:
        self.hook = hook
        self.with_module = with_module

    def __call__(self, module: Module, *args: Any) -> Any:
        return self.hook(module, *args) if self.with_module else self.hook(*args)


def _parse_to(*args: Any, **kwargs: Any) -> tuple[Any, dtype | None]:
    """The device and dtype among the arguments of ``Module.to``."""
    where, kind = kwargs.pop("device", None), kwargs.pop("dtype", None)
    tensor = kwargs.pop("tensor", None)
    kwargs.pop("non_blocking", None)
    kwargs.pop("memory_format", None)
    kwargs.pop("copy", None)
    if kwargs:
        raise TypeError(f"to() received an invalid keyword argument '{next(iter(kwargs))}'")
    for position, value in enumerate(args):
        if isinstance(value, Tensor) and position == 0:
            tensor = value
        elif isinstance(value, dtype):
            kind = value
        elif isinstance(value, bool) or value is None:
            continue
        elif position == 0:
            where = value
        else:
            raise TypeError(f"to() received an invalid combination of arguments: {value!r}")
    if tensor is not None:
        where, kind = tensor.device, tensor.dtype
    return (None if where is None else Device(where)), kind


def _add_global_hook(*row: Any) -> RemovableHandle:
    handle = RemovableHandle(_global_hooks)
    _global_hooks[handle.id] = _GlobalHook(*row)
    return handle


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before the forward of every Module."""
    return _add_global_hook("_forward_pre_hooks", hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after the forward of every Module."""
    return _add_global_hook("_forward_hooks", hook, with_kwargs, always_call)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` in the backward pass of every Module."""
    return _add_global_hook("_backward_pre_hooks", hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` in the backward pass of every Module."""
    return _add_global_hook("_backward_hooks", hook)
