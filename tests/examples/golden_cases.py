"""The scripts that have golden outputs, their settings, and how outputs are compared."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
SHARED_DATA = Path(os.environ.get("RUSHLIGHT_SHARED_DATA", ROOT.parent / "shared" / "data"))
RECORDER = ROOT / "tests" / "examples" / "record_losses.py"
SHORT = {"EXAMPLE_STEPS": "50", "EXAMPLE_EPOCHS": "1"}
LOSSES = 50


@dataclass(frozen=True)
class Case:
    """One script: how it is run and how its output is judged.

    `compare` is "exact" (masked text is equal), "numbers" (the same text, floats to 1e-4) or
    "prefix" (each line starts with the golden line: Rushlight's errors may say more).
    """

    script: str
    compare: str = "exact"
    data: str = ""
    losses: bool = False
    slow: bool = False
    needs: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=lambda: dict(SHORT))

    @property
    def name(self) -> str:
        return Path(self.script).stem

    @property
    def path(self) -> Path:
        return ROOT / self.script

    @property
    def golden(self) -> Path:
        return GOLDEN / f"{self.name}.txt"

    @property
    def golden_losses(self) -> Path:
        return GOLDEN / f"{self.name}.losses.json"

    def environment(self) -> dict[str, str]:
        """The settings on top of this process's environment, with one thread and no display."""
        fixed = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0"}
        return {**os.environ, **fixed, **self.settings}


def example(name: str, compare: str = "exact", **options: object) -> Case:
    return Case(f"examples/{name}.py", compare, **options)  # type: ignore[arg-type]


EXAMPLES = [
    example("lenet_walk", "numbers", losses=True),
    example("mnist_cnn", "numbers", data="mnist", losses=True),
    example("quickstart", "numbers", data="fashion-mnist", losses=True),
    example("tensors_and_numpy"),
    example("datasets_and_dataloaders", data="fashion-mnist", needs=("matplotlib", "pandas")),
    example("transforms_lambda", data="fashion-mnist"),
    example("build_the_network", "numbers"),
    example("autograd_walk"),
    example("optimization_loop", "numbers", data="fashion-mnist", losses=True),
    example("digit_classifier", "numbers", data="mnist", losses=True),
    example("nn_from_scratch", "numbers", data="mnist", losses=True),
    example("blitz_tensors"),
    example("blitz_autograd", "numbers"),
    example("blitz_cifar", "numbers", losses=True),
    example("poly_numpy", "numbers"),
    example("poly_tensors", "numbers"),
    example("poly_autograd", "numbers", losses=True),
    example("poly_function", "numbers", losses=True),
    example("poly_nn", "numbers", losses=True),
    example("poly_optim", "numbers", losses=True),
    example("poly_module", "numbers", losses=True),
    example("poly_dynamic", "numbers", losses=True),
    example("char_mlp", "numbers", losses=True),
    example("char_rnn", "numbers", losses=True),
    example("save_and_load", "numbers"),
]

PREFIX_SCRIPTS = {"errors"}
NUMBER_SCRIPTS = {"numbers"}


def _snippet(path: Path) -> Case:
    kind = path.stem.split("_")[0]
    compare = (
        "prefix" if kind in PREFIX_SCRIPTS else "numbers" if kind in NUMBER_SCRIPTS else "exact"
    )
    return Case(f"tests/golden/scripts/{path.name}", compare, settings={})


SNIPPETS = [_snippet(path) for path in sorted((GOLDEN / "scripts").glob("*.py"))]
CASES = [*EXAMPLES, *SNIPPETS]

_FOLDERS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}


def data_available(name: str) -> bool:
    """Whether the shared copy of the data set `name` is on this machine."""
    return len(list((SHARED_DATA / name).glob("*.gz"))) == 4


def prepare_data(name: str, root: Path) -> Path:
    """Unpack data set `name` under `root`, once, in the layout torchvision's download leaves."""
    raw = root / _FOLDERS[name] / "raw"
    if not raw.exists():
        raw.mkdir(parents=True)
        for file in (SHARED_DATA / name).glob("*.gz"):
            (raw / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    return root
