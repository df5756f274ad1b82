"""Public counters that tests assert on: counts, never times."""

from __future__ import annotations


class Counters:
    """What the engine has done since the last ``reset()``.

    Attributes:
        nodes: Exprs recorded.
        flushes: Programs run.
        programs: Programs built (a miss of the Program cache).
        bindings: recordings whose key was new (a miss of the first cache level).
        steps: steps of Programs run by the interpreter.
        bytes_moved: bytes that in-place writes moved.
        kernels_compiled: kernels compiled to machine code.
    """

    __slots__ = (
        "bindings",
        "bytes_moved",
        "flushes",
        "kernels_compiled",
        "nodes",
        "programs",
        "steps",
    )

    bindings: int
    bytes_moved: int
    flushes: int
    kernels_compiled: int
    nodes: int
    programs: int
    steps: int

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set every counter to zero."""
        for name in Counters.__slots__:
            setattr(self, name, 0)

    def as_dict(self) -> dict[str, int]:
        """All counters by name."""
        return {name: getattr(self, name) for name in Counters.__slots__}

    def __repr__(self) -> str:
        return "Counters(" + ", ".join(f"{k}={v}" for k, v in self.as_dict().items()) + ")"


counters = Counters()
