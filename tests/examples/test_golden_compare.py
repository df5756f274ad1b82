"""The comparison of outputs is strict: what must differ is shown to differ."""

from __future__ import annotations

import pytest
from golden_cases import CASES
from golden_compare import difference, mask, numbers_agree, read_golden


@pytest.mark.parametrize("how", ["exact", "numbers", "prefix"])
@pytest.mark.parametrize("text", ["", "one\n", "tensor([1.0000, -2.5000])\n\n  done 3\n"])
def test_equal_texts_agree(text, how):
    assert difference(text, text, how) == ""


@pytest.mark.parametrize(
    ("want", "got"),
    [
        ("loss 1.0000", "loss 1.0001"),
        ("a b", "a  b"),
        ("a", "a\nb"),
        ("a\nb", "a"),
        ("a\nb", "b\na"),
        ("tensor(1.)", "tensor(1)"),
        ("", "x"),
    ],
)
def test_exact_refuses_any_change(want, got):
    assert difference(want, got, "exact")


def test_addresses_are_masked_and_nothing_else():
    assert difference("<A object at 0x7f0012>", "<A object at 0xffff0000>", "exact") == ""
    assert difference("<A object at 0x7f0012>", "<B object at 0x7f0012>", "exact")
    assert mask("0x1 0xabcdef\n\n\n") == "0x1 0xADDRESS\n"


@pytest.mark.parametrize(
    ("want", "got"),
    [
        ("loss 2.3048", "loss 2.3049"),
        ("loss 0.0012", "loss 0.0013"),
        ("loss 215799.859375", "loss 215799.84375"),
        ("[1.0000e+00, -3.2000e-05]", "[1.0001e+00, -3.2001e-05]"),
        ("-0.0000", "0.0000"),
        ("y = 2.3e-10 + 1.0 x", "y = -1.1e-10 + 1.0 x"),
    ],
)
def test_numbers_may_differ_by_rounding(want, got):
    assert difference(want, got, "exact")
    assert difference(want, got, "numbers") == ""


@pytest.mark.parametrize(
    ("want", "got"),
    [
        ("loss 2.3048", "loss 2.3148"),
        ("loss 0.0012", "loss 0.0014"),
        ("loss 2.3048", "loss 2.30481"),
        ("loss 1.5", "loss 1.50"),
        ("loss 215799.859375", "loss 215899.859375"),
        ("1.0000e+00", "1.0000"),
        ("1.0000e+00", "1.0000e+01"),
        ("Accuracy: 2909/10000", "Accuracy: 2910/10000"),
        ("Accuracy 0.4175 of 10", "Accuracy 0.4175  of 10"),
        ("-1.0000", "1.0000"),
        ("tensor([1., 2.])", "tensor([1., 2., 3.])"),
        ("tensor(nan)", "tensor(1.0000)"),
        ("conv1.weight", "conv2.weight"),
        ("step 10 loss 1.0000", "step 11 loss 1.0000"),
    ],
)
def test_numbers_refuse_more_than_rounding(want, got):
    assert difference(want, got, "numbers")


def test_prefix_accepts_more_text_at_the_end_of_a_line_only():
    assert difference("a: ValueError: no\nb", "a: ValueError: no (in net.fc1)\nb", "prefix") == ""
    assert difference("a: ValueError: no\nb", "in net.fc1: a: ValueError: no\nb", "prefix")
    assert difference("a: ValueError: no\nb", "a: ValueError: no\nb\nc", "prefix")
    assert difference("a: ValueError: no", "a: TypeError: no", "prefix")


def test_the_difference_shows_the_wrong_line_alone():
    shown = difference("ok 1.0000\nbad 1.0000\nok", "ok 1.0001\nbad 3.0000\nok", "numbers")
    assert "-bad 1.0000" in shown
    assert "+bad 3.0000" in shown
    assert "1.0001" not in shown


def test_numbers_agree_at_the_bounds():
    assert numbers_agree(1.0, 1.00009)
    assert not numbers_agree(1.0, 1.00011)
    assert numbers_agree(0.0, 9e-7)
    assert not numbers_agree(0.0, 2e-6)
    assert numbers_agree(float("inf"), float("inf"))
    assert numbers_agree(float("nan"), float("nan"))
    assert not numbers_agree(float("inf"), float("-inf"))
    assert not numbers_agree(1.0, float("nan"))


def test_a_golden_file_needs_its_header():
    assert read_golden("# a\n# b\ntext\n# more\n") == "text\n# more\n"
    with pytest.raises(ValueError, match="two comment lines"):
        read_golden("text\n")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_script_has_its_golden_files(case):
    assert case.path.is_file()
    assert read_golden(case.golden.read_text())
    assert case.golden_losses.is_file() == case.losses


def test_names_are_unique():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
