"""Whether operators record history, per thread: ``no_grad``, ``enable_grad``,
``inference_mode``."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import GeneratorType, TracebackType
from typing import Any, Self, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class _Mode(threading.local):
    enabled = True
    inference = False


mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether operators record history on this thread."""
    return mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside ``inference_mode()``."""
    return mode.inference


class _Context:
    """A context manager that is also a decorator (of functions, generators and classes)."""

    def _target(self) -> bool:
        raise NotImplementedError

    def clone(self) -> _Context:
        """A fresh context with the same setting: one is needed for each call of a decorated
        function."""
        return self.__class__()

    def __enter__(self) -> None:
        self.previous = mode.enabled
        mode.enabled = self._target()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        mode.enabled = self.previous

    def __call__(self, function: F) -> F:
        """The function inside this context."""
        if isinstance(function, type):
            function.__init__ = self(function.__init__)  # type: ignore[misc]
            return function

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                result = function(*args, **kwargs)
            return self._steps(result) if isinstance(result, GeneratorType) else result

        return call  # type: ignore[return-value]

    def _steps(self, generator: GeneratorType[Any, Any, Any]) -> Any:
        """Run a generator's body inside the context and its consumer outside."""
        sent: Any = None
        throw: BaseException | None = None
        while True:
            try:
                with self.clone():
                    item = generator.send(sent) if throw is None else generator.throw(throw)
            except StopIteration as stop:
                return stop.value
            throw = None
            try:
                sent = yield item
            except GeneratorExit:
                generator.close()
                raise
            except BaseException as error:
                throw = error


class no_grad(_Context):
    """Operators inside record no history; also a decorator."""

    def __new__(cls, function: Any = None) -> Self:
        """A context, or (called with a function) that function inside the context."""
        self = super().__new__(cls)
        return self if function is None else self(function)

    def _target(self) -> bool:
        return False


class enable_grad(_Context):
    """Operators inside record history, also within ``no_grad``."""

    def __new__(cls, function: Any = None) -> Self:
        """A context, or (called with a function) that function inside the context."""
        self = super().__new__(cls)
        return self if function is None else self(function)

    def _target(self) -> bool:
        return True


class set_grad_enabled(_Context):
    """Switch history on or off: at once when called, and undone at the end of a ``with``."""

    def __init__(self, mode: bool) -> None:
        self.wanted = bool(mode)
        self.previous = _set(self.wanted)

    def _target(self) -> bool:
        return self.wanted

    def clone(self) -> set_grad_enabled:
        """A fresh context with the same setting."""
        return self.__class__(self.wanted)

    def __enter__(self) -> None:
        mode.enabled = self.wanted

    def __call__(self, function: F) -> F:
        """The function inside this context."""
        _set(self.previous)
        return super().__call__(function)


def _set(enabled: bool) -> bool:
    previous = mode.enabled
    mode.enabled = enabled
    return previous


class inference_mode(_Context):
    """``no_grad``, and tensors made inside can never be part of a graph."""

    def __new__(cls, mode: Any = True) -> Self:
        """A context, or (called with a function) that function inside the context."""
        self = super().__new__(cls)
        if isinstance(mode, bool):
            return self
        self.__init__(True)  # type: ignore[misc]
        return self(mode)

    def __init__(self, mode: bool = True) -> None:
        self.mode = bool(mode)

    def clone(self) -> inference_mode:
        """A fresh context with the same setting."""
        return self.__class__(self.mode)

    def __enter__(self) -> None:
        self.previous, self.previous_inference = mode.enabled, mode.inference
        if self.mode:
            mode.enabled = False
        mode.inference = self.mode

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        mode.enabled, mode.inference = self.previous, self.previous_inference
