"""Comparing a script's output with its golden output: text strictly, numbers within bounds."""

from __future__ import annotations

import difflib
import math
import re

RELATIVE = 1e-4
ABSOLUTE = 1e-6
HEADER_LINES = 2
RAW_DIGITS = 9  # a float printed with so many significant digits was printed in full, not rounded

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_FLOAT = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*(?:e[-+]?\d+)?|\d+e[-+]?\d+)(?!\w)")


def mask(text: str) -> str:
    """`text` with memory addresses replaced and trailing newlines reduced to one."""
    return _ADDRESS.sub("0xADDRESS", text).rstrip("\n") + "\n"


def read_golden(text: str) -> str:
    """The output within a golden file: what follows its header of comment lines."""
    lines = text.splitlines(keepends=True)
    if len(lines) < HEADER_LINES or not all(line.startswith("# ") for line in lines[:HEADER_LINES]):
        raise ValueError("a golden file begins with two comment lines")
    return "".join(lines[HEADER_LINES:])


def difference(want: str, got: str, how: str) -> str:
    """Empty if `got` is acceptable where `want` is expected, else a readable difference."""
    compare = {"exact": _exact, "numbers": _numbers, "prefix": _prefix}[how]
    want_lines, got_lines = mask(want).splitlines(), mask(got).splitlines()
    if len(want_lines) == len(got_lines) and all(map(compare, want_lines, got_lines)):
        return ""
    # Lines that are acceptable shall not show up in the difference.
    shown = [
        want_lines[i] if i < len(want_lines) and compare(want_lines[i], line) else line
        for i, line in enumerate(got_lines)
    ]
    return "\n".join(difflib.unified_diff(want_lines, shown, "golden", "output", lineterm="", n=1))


def numbers_agree(want: float, got: float, last_place: float = 0.0) -> bool:
    """Whether two numbers agree to 1e-4 relative, or to a unit of the last place printed."""
    if not (math.isfinite(want) and math.isfinite(got)):
        return want == got or (math.isnan(want) and math.isnan(got))
    return abs(want - got) <= max(RELATIVE * abs(want), ABSOLUTE, 1.001 * last_place)


def _exact(want: str, got: str) -> bool:
    return want == got


def _prefix(want: str, got: str) -> bool:
    return got.startswith(want)


def _numbers(want: str, got: str) -> bool:
    if _FLOAT.sub("#", want) != _FLOAT.sub("#", got):
        return False
    return all(map(_same_float, _FLOAT.findall(want), _FLOAT.findall(got)))


def _same_float(want: str, got: str) -> bool:
    if _significant_digits(want) >= RAW_DIGITS or _significant_digits(got) >= RAW_DIGITS:
        return numbers_agree(float(want), float(got))
    if _decimals(want) != _decimals(got) or ("e" in want) != ("e" in got):
        return False
    return numbers_agree(float(want), float(got), _last_place(want))


def _significant_digits(token: str) -> int:
    return len(re.sub(r"\D", "", token.split("e")[0]).lstrip("0"))


def _decimals(token: str) -> int:
    return len(token.split("e")[0].partition(".")[2])


def _last_place(token: str) -> float:
    exponent = int(token.partition("e")[2] or 0)
    return 10.0 ** (exponent - _decimals(token))
