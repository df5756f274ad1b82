"""Handles of registered hooks."""

from __future__ import annotations

import itertools
import weakref
from typing import Any

_ids = itertools.count()


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes it out again; also a context manager."""

    def __init__(self, hooks: dict[int, Any], *, extra_dict: Any = None) -> None:
        self.id = next(_ids)
        self._remove = hooks.pop
        self._extra = extra_dict

    def remove(self) -> None:
        """Take the hook out; nothing happens the second time."""
        self._remove(self.id, None)
        if self._extra is not None:
            for other in self._extra if isinstance(self._extra, list) else [self._extra]:
                other.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def weak(target: Any) -> weakref.ref[Any]:
    """A weak reference, so that graphs and tensors form no cycles."""
    return weakref.ref(target)
