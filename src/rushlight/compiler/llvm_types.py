"""Dtypes as LLVM types, and a small writer of IR text."""

from __future__ import annotations

from ..dtypes import (
    bool_,
    dtype,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)

LLVM_TYPES: dict[dtype, str] = {
    float32: "float",
    float64: "double",
    int8: "i8",
    int16: "i16",
    int32: "i32",
    int64: "i64",
    uint8: "i8",
    uint16: "i16",
    uint32: "i32",
    uint64: "i64",
    bool_: "i8",  # in memory; 0 or 1
}


class Writer:
    """Lines of IR with fresh names for values and labels."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.count = 0
        self.block = "entry"

    def value(self, text: str) -> str:
        """Append ``%n = text`` and return ``%n``."""
        name = f"%v{self.count}"
        self.count += 1
        self.lines.append(f"  {name} = {text}")
        return name

    def line(self, text: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        """Start a basic block."""
        self.lines.append(f"{name}:")
        self.block = name

    def fresh(self, stem: str) -> str:
        """A name for a new block."""
        self.count += 1
        return f"{stem}{self.count}"

    def loop(self, end: str) -> tuple[str, str, str, str]:
        """Open ``for i in range(end)``; returns (i, head, latch block, exit block)."""
        head, body, latch, leave = (self.fresh(s) for s in ("head", "body", "latch", "leave"))
        before = self.block
        self.line(f"br label %{head}")
        self.label(head)
        index = f"%i{self.count}"
        self.count += 1
        self.line(f"{index} = phi i64 [0, %{before}], [{index}.next, %{latch}]")
        inside = self.value(f"icmp slt i64 {index}, {end}")
        self.line(f"br i1 {inside}, label %{body}, label %{leave}")
        self.label(body)
        return index, head, latch, leave

    def close(self, loop: tuple[str, str, str, str], step: int = 1) -> None:
        """Close the innermost open loop."""
        index, head, latch, leave = loop
        self.line(f"br label %{latch}")
        self.label(latch)
        self.line(f"{index}.next = add i64 {index}, {step}")
        self.line(f"br label %{head}")
        self.label(leave)


def pointers(writer: Writer, count: int) -> list[str]:
    """Load ``count`` pointers from the argument array ``%table``."""
    loaded = []
    for i in range(count):
        at = writer.value(f"getelementptr ptr, ptr %table, i64 {i}")
        loaded.append(writer.value(f"load ptr, ptr {at}"))
    return loaded


def function(symbol: str, writer: Writer, declarations: set[str]) -> str:
    """The finished module: one function of one pointer table."""
    body = "\n".join(writer.lines)
    declared = "\n".join(sorted(declarations))
    return f"{declared}\ndefine void @{symbol}(ptr %table) {{\nentry:\n{body}\n  ret void\n}}\n"
