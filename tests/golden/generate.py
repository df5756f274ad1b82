"""Write the golden outputs by running the scripts with real PyTorch.

    python tests/golden/generate.py [--check] [NAME ...]

With `--check` nothing is written; the exit status tells whether the committed files are current.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

from golden_cases import CASES, LOSSES, RECORDER, Case, data_available, prepare_data
from golden_compare import difference, mask, numbers_agree, read_golden

ORACLE = Path(__file__).with_name("oracle.py")


def run_with_torch(case: Case, data: Path) -> tuple[str, list[float]]:
    """The script's output and, for training scripts, its first losses."""
    with tempfile.TemporaryDirectory() as folder:
        if case.data:
            (Path(folder) / "data").symlink_to(prepare_data(case.data, data))
        losses = Path(folder) / "losses.json"
        recording = [RECORDER, losses, LOSSES] if case.losses else []
        command = [sys.executable, ORACLE, *recording, case.path]
        done = subprocess.run(
            list(map(str, command)),
            cwd=folder,
            env=case.environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{case.script} failed\n{done.stdout[-2000:]}\n{done.stderr}")
        return mask(done.stdout), json.loads(losses.read_text()) if case.losses else []


def header(case: Case) -> str:
    """The two comment lines a golden file begins with."""
    settings = " ".join(f"{key}={value}" for key, value in sorted(case.settings.items()))
    packages = ", ".join(
        f"{name} {version(name).partition('+')[0]}" for name in ("torch", "torchvision", "numpy")
    )
    return (
        f"# {case.script} with {packages}, Python {platform.python_version()}, one thread\n"
        f"# settings: {settings or 'none'}\n"
    )


def check(case: Case, text: str, losses: list[float]) -> str:
    """What is out of date in the committed files, or nothing."""
    wrong = difference(read_golden(case.golden.read_text()), text, case.compare)
    if case.losses:
        committed = json.loads(case.golden_losses.read_text())
        if len(committed) != len(losses) or not all(map(numbers_agree, committed, losses)):
            wrong += f"\n{case.golden_losses.name} is out of date"
    return wrong


def write(case: Case, text: str, losses: list[float]) -> None:
    """Replace the committed files."""
    case.golden.write_text(header(case) + text)
    if case.losses:
        case.golden_losses.write_text(json.dumps(losses, indent=0) + "\n")


def handle(case: Case, data: Path, checking: bool) -> int:
    """Check or write one case; 1 if it is out of date."""
    if case.data and not data_available(case.data):
        print(f"skipped {case.name}: no {case.data} here")
        return 0
    text, losses = run_with_torch(case, data)
    if not checking:
        write(case, text, losses)
        print(f"wrote {case.name}: {len(text.splitlines())} lines, {len(losses)} losses")
    elif wrong := check(case, text, losses):
        print(f"{case.name} is out of date\n{wrong}")
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    unknown = set(args.names) - {case.name for case in CASES}
    if unknown:
        parser.error(f"no such script: {sorted(unknown)}")
    status = 0
    with tempfile.TemporaryDirectory() as data:
        for case in CASES:
            if not args.names or case.name in args.names:
                status |= handle(case, Path(data), args.check)
    return status


if __name__ == "__main__":
    sys.exit(main())
