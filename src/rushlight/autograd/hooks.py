"""RemovableHandle: what every ``register_*_hook`` returns."""

from __future__ import annotations

import itertools
import weakref
from typing import Any


class RemovableHandle:
    """Removes a hook from its dictionary, by call or at the end of a ``with`` block.

    Args:
        hooks_dict: the ordered dictionary of hooks; it is not kept alive by the handle.
        extra_dict: one more dictionary, or several, that have an entry for the hook.
    """

    id: int
    _ids = itertools.count()

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None) -> None:
        if extra_dict is None:
            extras = []
        else:
            extras = extra_dict if isinstance(extra_dict, list) else [extra_dict]
        self._dicts = tuple(weakref.ref(d) for d in (hooks_dict, *extras))
        self.id = next(RemovableHandle._ids)

    def remove(self) -> None:
        """Remove the hook; nothing happens if it is gone already."""
        for reference in self._dicts:
            hooks = reference()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()

    def __getstate__(self) -> tuple[Any, int]:
        return tuple(reference() for reference in self._dicts), self.id

    def __setstate__(self, state: tuple[Any, int]) -> None:
        dicts, self.id = state
        self._dicts = tuple(weakref.ref(d) for d in dicts if d is not None)
