"""Scripts written for PyTorch, run by `python -m rushlight`, print what they print with PyTorch."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from golden_cases import CASES, LOSSES, RECORDER, ROOT, Case, data_available, prepare_data
from golden_compare import difference, numbers_agree, read_golden

PACKAGED = "mnist"  # this data set ships with Rushlight


@pytest.fixture(scope="session")
def data_root(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


def run(arguments: list[object], case: Case, folder: Path) -> str:
    """The standard output of `python -m rushlight` with `arguments`, run in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", *map(str, arguments)],
        cwd=folder,
        env=case.environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{case.script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def need(case: Case, folder: Path, data_root: Path) -> None:
    """Skip if something the script reads is missing; otherwise lay out its data in `folder`."""
    for package in case.needs:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{case.script} needs {package}")
    if case.data and case.data != PACKAGED:
        if not data_available(case.data):
            pytest.skip(f"{case.script} needs {case.data}, which is not shipped")
        (folder / "data").symlink_to(prepare_data(case.data, data_root))


def marked(case: Case):
    return pytest.param(case, id=case.name, marks=pytest.mark.slow if case.slow else ())


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_output(case, tmp_path, data_root):
    need(case, tmp_path, data_root)
    losses = tmp_path / "losses.json"
    recording = [RECORDER, losses, LOSSES] if case.losses else []
    output = run([*recording, case.path], case, tmp_path)
    wrong = difference(read_golden(case.golden.read_text()), output, case.compare)
    if case.losses:
        wrong += compare_losses(
            json.loads(case.golden_losses.read_text()), json.loads(losses.read_text())
        )
    assert not wrong, f"{case.script}\n{wrong}"


def compare_losses(want: list[float], got: list[float]) -> str:
    """What is wrong with the losses of the first training steps, or nothing."""
    if len(want) != len(got):
        return f"\n{len(got)} losses where {len(want)} are expected"
    bad = [
        f"step {i}: {w} expected, got {g}"
        for i, (w, g) in enumerate(zip(want, got, strict=True))
        if not numbers_agree(w, g)
    ]
    return "\n".join(["", *bad[:5]]) if bad else ""


def test_compare_losses_is_strict():
    assert compare_losses([1.0, 2.0], [1.0, 2.0]) == ""
    assert "1 losses where 2" in compare_losses([1.0, 2.0], [1.0])
    assert "step 1: 2.0 expected, got 2.1" in compare_losses([1.0, 2.0], [1.0, 2.1])


@pytest.mark.parametrize("case", [marked(case) for case in CASES if case.losses])
def test_training_runs_without_the_recorder(case, tmp_path, data_root):
    """The recorder reads every loss; here nothing but the script itself reads any."""
    need(case, tmp_path, data_root)
    output = run([case.path], case, tmp_path)
    wrong = difference(read_golden(case.golden.read_text()), output, case.compare)
    assert not wrong, f"{case.script}\n{wrong}"


@pytest.mark.slow
def test_golden_files_are_current():
    """PyTorch still prints what is committed, where PyTorch is installed in the version named."""
    for package in ("torch", "torchvision"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "golden" / "generate.py", "--check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
