"""The named tuples that ``max(dim)``, ``sort``, ``topk`` and the like return."""

from __future__ import annotations

import operator
from typing import Any

_made: dict[str, Any] = {}


class _Result(tuple[Any, ...]):
    """A tuple with named fields that prints as PyTorch's return types do."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def __repr__(self) -> str:
        body = ",\n".join(f"{n}={v!r}" for n, v in zip(self._fields, self, strict=True))
        return f"torch.return_types.{type(self).__name__}(\n{body})"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self).__name__, self._fields, tuple(self))


def _rebuild(name: str, fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    return named_result(name, fields)(values)


def named_result(name: str, fields: tuple[str, ...]) -> Any:
    """The class of results with these fields; called with a tuple."""
    found = _made.get(name)
    if found is None:
        body: dict[str, Any] = {"__slots__": (), "_fields": fields, "__module__": __name__}
        for i, field in enumerate(fields):
            body[field] = property(operator.itemgetter(i))
        found = _made[name] = type(name, (_Result,), body)
    return found


def values_and_indices(name: str) -> Any:
    """The class of results with fields ``values`` and ``indices``."""
    return named_result(name, ("values", "indices"))


def __getattr__(name: str) -> Any:
    if name in _made:
        return _made[name]
    if name.startswith("_"):
        raise AttributeError(name)
    return values_and_indices(name)
