"""Small behaviours that scripts in the wild lean on: one line of code run by both libraries.

A line is an expression, or statements and an expression after ``;;``. Values, shapes, dtypes and
``requires_grad`` and node names are compared, or the type of the exception and how its message
starts.
"""

from __future__ import annotations

import copy
import importlib
import io
import math
import pickle
import re
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch")

LINES = [
    line
    for line in Path(__file__).with_name("wild_snippets.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+")


def _shown(value: Any, library: ModuleType) -> Any:
    """A value as text and numbers that can be compared between the libraries."""
    if isinstance(value, library.Tensor):
        node = type(value.grad_fn).__name__ if value.requires_grad else None
        kind = str(value.dtype).rpartition(".")[2]
        return ["tensor", list(value.shape), kind, node, value.detach().tolist()]
    if isinstance(value, dict):
        return {str(k): _shown(v, library) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [type(value).__name__, *(_shown(v, library) for v in value)]
    if isinstance(value, bool | int | float | type(None)):
        return value
    text = value if isinstance(value, str) else repr(value)
    return re.sub(r"0x[0-9a-f]+", "0x", text.replace("rushlight", "torch"))


def _outcome(line: str, library: ModuleType) -> Any:
    name = library.__name__
    space = {
        "torch": library,
        "nn": importlib.import_module(f"{name}.nn"),
        "F": importlib.import_module(f"{name}.nn.functional"),
        "np": np,
        "math": math,
        "copy": copy,
        "io": io,
        "pickle": pickle,
    }
    library.manual_seed(0)
    np.random.seed(0)
    statements, _, expression = line.rpartition(";;")
    try:
        exec(statements.replace("\\n", "\n"), space)
        return _shown(eval(expression.strip(), space), library)
    except Exception as error:
        first = re.split(r"\n|\. |: ", str(error).replace("rushlight", "torch"))[0]
        return ["raises", type(error).__name__, first[:60]]


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(_same, ours, theirs))
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and _same(list(ours.items()), list(theirs.items()))
    if isinstance(theirs, tuple):
        return _same(list(ours), list(theirs))
    if isinstance(theirs, str) and isinstance(ours, str):
        return NUMBER.sub("#", ours) == NUMBER.sub("#", theirs) and np.allclose(
            [float(x) for x in NUMBER.findall(ours)],
            [float(x) for x in NUMBER.findall(theirs)],
            rtol=1e-4,
            atol=1e-5,
        )
    if isinstance(theirs, float) and isinstance(ours, float):
        return bool(np.isclose(ours, theirs, rtol=1e-4, atol=1e-5, equal_nan=True))
    return type(ours) is type(theirs) and bool(ours == theirs)


@pytest.mark.parametrize("line", LINES)
def test_line(line: str) -> None:
    """Both libraries give the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = _outcome(line, torch)
        ours = _outcome(line, rushlight)
    assert _same(ours, theirs), f"{line}\n ours   {ours}\n theirs {theirs}"
