"""Run folders: what a training run leaves on disk, and reading it back.

Every file is written in full beside its place and then renamed, so a run that is killed at any
moment leaves the last complete version of each file.
"""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from rushlight.cli.errors import CommandError, reason


@dataclass(frozen=True)
class Config:
    """The choices that make up a run. All but ``data_folder`` have a part in its weights."""

    data: str
    data_folder: str
    model: str
    epochs: int
    batch_size: int
    optimizer: str
    lr: float
    momentum: float
    lr_decay: float
    seed: int
    threads: int


@dataclass(frozen=True)
class Run:
    """A run folder. `create` makes a new one, `open_run` finds an old one."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """Everything that is needed to go on with training."""
        return self.folder / "checkpoint.pth"

    @property
    def model(self) -> Path:
        """The weights as PyTorch's ``.pth`` file."""
        return self.folder / "model.pth"

    def write(self, name: str, content: bytes) -> None:
        """Replace the file ``name`` as a whole. Raises CommandError if the disk refuses."""
        path = self.folder / name
        partial = self.folder / f".{name}.partial"
        try:
            with open(partial, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except OSError as error:
            raise CommandError(f"cannot write {path}: {error.strerror}") from error

    def write_config(self, config: Config, extra: dict[str, Any]) -> None:
        """Write ``config.json``: the configuration, and ``extra`` facts for the reader."""
        text = json.dumps({**asdict(config), **extra}, indent=2)
        self.write("config.json", text.encode() + b"\n")

    def write_metrics(self, history: list[dict[str, Any]]) -> None:
        """Write ``metrics.csv``: a row for each entry of the history."""
        table = io.StringIO()
        writer = csv.DictWriter(table, METRICS, restval="", lineterminator="\n")
        writer.writeheader()
        for row in history:
            writer.writerow({name: _figure(value) for name, value in row.items()})
        self.write("metrics.csv", table.getvalue().encode())

    def write_tensors(self, name: str, content: Any) -> None:
        """Write ``content`` as PyTorch's ``.pth`` file."""
        import rushlight

        file = io.BytesIO()
        rushlight.save(content, file)
        self.write(name, file.getvalue())

    def read_config(self) -> Config:
        """The configuration in ``config.json``. Raises CommandError if it cannot be used."""
        path = self.folder / "config.json"
        try:
            values = json.loads(path.read_text())
            config = Config(**{field.name: values[field.name] for field in fields(Config)})
        except FileNotFoundError:
            raise CommandError(f"{self.folder} is not a run folder: no config.json") from None
        except KeyError as error:
            raise CommandError(f"{path} lacks the entry {error}") from error
        except (OSError, ValueError, TypeError) as error:
            raise CommandError(f"cannot read {path}: {reason(error)}") from error
        _check_types(config, path)
        return config

    def read_tensors(self, path: Path) -> Any:
        """The content of a ``.pth`` file. Raises CommandError if it is missing or damaged."""
        import pickle
        import zipfile

        import rushlight

        try:
            return rushlight.load(str(path))
        except FileNotFoundError:
            raise CommandError(f"{path} is missing") from None
        except (
            OSError, RuntimeError, ValueError, TypeError, LookupError, EOFError, AttributeError,
            pickle.UnpicklingError, zipfile.BadZipFile,
        ) as error:  # fmt: skip
            raise CommandError(f"{path} is damaged or not a .pth file: {reason(error)}") from error


METRICS = (
    "epoch",
    "step",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "lr",
    "images_per_second",
)


def create(out: Path | None, config: Config) -> Run:
    """A new run folder: ``out``, or the first free ``runs/DATA-MODEL-N``.

    Raises CommandError if ``out`` already holds a run or cannot be made.
    """
    if out is None:
        out = _next_free(config)
    if (out / "checkpoint.pth").exists() or (out / "config.json").exists():
        raise CommandError(f"{out} already holds a run: go on with --resume {out}", code=2)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"cannot make the folder {out}: {error.strerror}", code=2) from error
    return Run(out)


def open_run(folder: Path) -> Run:
    """The run in ``folder``. Raises CommandError if there is no such folder."""
    if not folder.is_dir():
        raise CommandError(f"there is no run folder {folder}", code=2)
    return Run(folder)


def _next_free(config: Config) -> Path:
    model = config.model.rpartition(":")[2].lower()
    number = 1
    while (path := Path("runs") / f"{config.data}-{model}-{number}").exists():
        number += 1
    return path


def _check_types(config: Config, path: Path) -> None:
    for field in fields(Config):
        value = getattr(config, field.name)
        kinds: tuple[type, ...] = {"str": (str,), "int": (int,)}.get(str(field.type), (int, float))
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise CommandError(f"{path}: '{field.name}' must be {field.type}, not {value!r}")


def _figure(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else value
