"""Timing of labelled regions: ``record_function`` inside ``profile``.

Work is lazy, so each boundary of a region runs what is pending: a region's time is that of the work
recorded inside it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from ..graph.tape import flush
from ..runtime.counters import counters

_active: list[profile] = []


class Event:
    """One label's total: ``key``, ``count`` and times in microseconds."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.count = 0
        self.cpu_time_total = 0.0

    @property
    def cpu_time(self) -> float:
        """The mean time of one entry, in microseconds."""
        return self.cpu_time_total / max(self.count, 1)

    def __repr__(self) -> str:
        return f"<Event {self.key}: {self.count} calls, {self.cpu_time_total:.1f} us>"


class EventList(list[Event]):
    """The events of a profile."""

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """The events as text, the longest first."""
        rows = sorted(self, key=lambda event: -event.cpu_time_total)[:row_limit]
        width = max([len(e.key) for e in rows], default=4) + 2
        lines = [f"{'Name':<{width}}{'CPU total':>12}{'CPU mean':>12}{'# of Calls':>12}"]
        lines += [
            f"{e.key:<{width}}{e.cpu_time_total:>10.1f}us{e.cpu_time:>10.1f}us{e.count:>12}"
            for e in rows
        ]
        return "\n".join(lines)


class profile:
    """Collects the regions inside a ``with`` block. PyTorch's other options are accepted."""

    def __init__(self, enabled: bool = True, **options: Any) -> None:
        self.enabled = enabled
        self.events: dict[str, Event] = {}
        self.flushes = 0

    def __enter__(self) -> profile:
        if self.enabled:
            flush()
            self._started, self._flushes = time.perf_counter(), counters.flushes
            _active.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.enabled:
            flush()
            _active.remove(self)
            self._add("[total]", time.perf_counter() - self._started)
            self.flushes = counters.flushes - self._flushes

    def _add(self, key: str, seconds: float) -> None:
        event = self.events.setdefault(key, Event(key))
        event.count += 1
        event.cpu_time_total += seconds * 1e6

    def key_averages(self, *args: Any, **options: Any) -> EventList:
        """The totals by label."""
        return EventList(self.events.values())

    def table(self, **options: Any) -> str:
        """``key_averages().table()``."""
        return self.key_averages().table(**options)


class record_function:
    """A labelled region; also a decorator. Without an active ``profile`` it does nothing."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        if _active:
            flush()
            self._started = time.perf_counter()
        return self

    def __exit__(self, *exc: object) -> None:
        if _active:
            flush()
            spent = time.perf_counter() - self._started
            for p in _active:
                p._add(self.name, spent)

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` with each call as a region."""

        @functools.wraps(func)
        def call(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return func(*args, **kwargs)

        return call


__all__ = ["Event", "EventList", "profile", "record_function"]
