"""A small data set in place of the 60,000 digits, and the commands as a user calls them."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from rushlight.cli import app, datasets, session, training
from rushlight.compat.aliases import ROOTS
from rushlight.vision.datasets import MNIST

TRAIN, TEST = 320, 200  # five steps in an epoch


@pytest.fixture
def small_data(monkeypatch):
    """The first images of MNIST only."""

    def load(data, folder, *, train):
        dataset = original(data, folder, train=train)
        assert isinstance(dataset, MNIST)
        size = TRAIN if train else TEST
        dataset.data, dataset.targets = dataset.data[:size], dataset.targets[:size]
        return dataset

    original = datasets.load
    monkeypatch.setattr(training, "load", load)
    monkeypatch.setattr(session, "load", load)


@pytest.fixture
def no_pictures(monkeypatch):
    """Runs whose pictures nobody looks at: drawing takes longer than training here."""
    for name in ("curves", "confusion", "mistakes"):
        monkeypatch.setattr(session.plots, name, lambda *_: b"")


@pytest.fixture
def own_torch(monkeypatch):
    """Loading a user's model makes ``torch`` Rushlight: for this test, not for those after it."""

    def take():
        names = [name for name in sys.modules if name.partition(".")[0] in ROOTS]
        return {name: sys.modules.pop(name) for name in names}

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(sys, "path", [*sys.path])
    installed = take()
    yield
    take()
    sys.modules.update(installed)


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Calls ``rushlight ARGUMENTS`` in an empty folder; checks the exit code."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, code=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def refused(command):
    """Calls a command that must fail with one line; returns the line."""

    def call(*arguments, code=1):
        error = command(*arguments, code=code).stderr
        assert error.startswith("rushlight: ")
        assert error.count("\n") == 1
        return error

    return call
