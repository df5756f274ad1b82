"""Golden texts of the printer; they were printed by PyTorch 2.13."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rushlight import dtypes, printing
from rushlight.runtime.narrow import widen


@pytest.fixture(autouse=True)
def _restore_options():
    yield
    printing.set_printoptions(profile="default")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1.0, 2.0, 3.0], "[1., 2., 3.]"),
        ([1.0, math.nan, -math.inf], "[1., nan, -inf]"),
        ([0.5, -0.25], "[ 0.5000, -0.2500]"),
        ([1e-5, 1.0], "[1.0000e-05, 1.0000e+00]"),
        ([1000.0, 1.0], "[1000.,    1.]"),
        ([1001.0, 1.0], "[1.0010e+03, 1.0000e+00]"),
        ([0.0, -0.0], "[0., -0.]"),
        ([0.0, math.nan], "[0., nan]"),
        ([1e9], "[1.0000e+09]"),
        ([5e-324], "[4.9407e-324]"),
        ([[1.0, 2.0], [3.5, -4.0]], "[[ 1.0000,  2.0000],\n [ 3.5000, -4.0000]]"),
        (3.25, "3.2500"),
        (3.0, "3."),
        ([], "[]"),
    ],
)
def test_float_texts(values, text):
    assert printing.array_str(np.array(values, dtype=np.float64)) == text


def test_integers_and_bools_line_up():
    assert printing.array_str(np.array([1, -10, 100])) == "[  1, -10, 100]"
    assert printing.array_str(np.array([True, False])) == "[ True, False]"
    assert printing.array_str(np.array([True, True])) == "[True, True]"
    assert printing.array_str(np.array(2**64 - 1, np.uint64)) == "18446744073709551615"


def test_blocks_of_higher_dimensions_are_separated_by_blank_lines():
    text = printing.array_str(np.arange(8).reshape(2, 2, 2), indent=len("tensor("))
    assert text == ("[[[0, 1],\n         [2, 3]],\n\n        [[4, 5],\n         [6, 7]]]")


def test_long_vectors_wrap_at_the_line_width():
    lines = printing.array_str(np.arange(30), len("tensor(")).split("\n")
    assert lines[0] == "[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,"
    assert lines[1] == "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]"


def test_summary_takes_the_width_of_what_it_shows():
    assert printing.array_str(np.arange(2000)) == "[   0,    1,    2,  ..., 1997, 1998, 1999]"
    wide = np.ones(2000)
    wide[1000] = 1e30  # not shown, so it does not count
    assert printing.array_str(wide) == "[1., 1., 1.,  ..., 1., 1., 1.]"
    wide[-1] = 1e30
    assert printing.array_str(wide).endswith(" 1.0000e+00,\n 1.0000e+30]")


def test_options_profile_and_context_manager():
    a = np.array([1.23456, 2.0])
    with printing.printoptions(precision=2):
        assert printing.array_str(a) == "[1.23, 2.00]"
        assert printing.get_printoptions()["precision"] == 2
    assert printing.array_str(a) == "[1.2346, 2.0000]"
    printing.set_printoptions(sci_mode=True)
    assert printing.array_str(a) == "[1.2346e+00, 2.0000e+00]"
    printing.set_printoptions(profile="short")
    assert printing.array_str(a) == "[1.23, 2.00]"
    printing.set_printoptions(profile="full")
    assert "..." not in printing.array_str(np.arange(5000))


def test_suffixes_say_what_the_elements_do_not():
    assert printing.size_suffixes((3,), dtypes.float32) == []
    assert printing.size_suffixes((3,), dtypes.int64) == []
    assert printing.size_suffixes((3,), dtypes.int32) == ["dtype=torch.int32"]
    assert printing.size_suffixes((0,), dtypes.int64) == ["dtype=torch.int64"]
    assert printing.size_suffixes((0, 3), dtypes.float32) == ["size=(0, 3)"]
    assert printing.size_suffixes((2, 0), dtypes.bool_) == ["size=(2, 0)", "dtype=torch.bool"]


def test_suffixes_go_to_a_new_line_when_the_line_is_full():
    short = printing.add_suffixes("tensor([1.])"[:-1], ["grad_fn=<AddBackward0>"], 7)
    assert short == "tensor([1.], grad_fn=<AddBackward0>)"
    long = printing.add_suffixes("tensor(" + "1" * 60, ["grad_fn=<AddBackward0>"], 7)
    assert long == "tensor(" + "1" * 60 + ",\n       grad_fn=<AddBackward0>)"


def test_bfloat16_bits_are_widened():
    bits = np.array([0x3F80, 0xC049, 0x7F80, 0x7FC0], np.uint16)
    assert printing.array_str(widen(bits, dtypes.bfloat16)) == (
        "[ 1.0000, -3.1406,     inf,     nan]"
    )
