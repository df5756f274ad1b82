"""The command ``rushlight``: train, evaluate and use small image classifiers.

Each command imports what it needs when it runs, so that ``rushlight --help`` is quick.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rushlight.cli.errors import CommandError

app = typer.Typer(
    help="Train, evaluate and use neural networks on the CPU.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Register a command that reports a CommandError in one line and ends with its code."""

    @app.command()
    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> None:
        try:
            function(*args, **options)
        except CommandError as error:
            print(f"rushlight: {error}", file=sys.stderr)
            raise typer.Exit(error.code) from None

    return run


DEFAULTS: dict[str, Any] = {
    "data": "mnist",
    "model": "lenet",
    "epochs": 3,
    "batch_size": 64,
    "optimizer": "sgd",
    "momentum": 0.9,
    "lr_decay": 0.7,
    "seed": 1,
}
LEARNING_RATES = {"sgd": 0.05, "adagrad": 0.01}  # of the others: 0.001

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]


@command
def train(
    data: Annotated[str | None, typer.Option(help="mnist or fashion-mnist. [mnist]")] = None,
    model: Annotated[
        str | None, typer.Option(help="lenet, cnn, mlp or FILE.py:Class. [lenet]")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Times over the data. [3]")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images in a step. [64]")] = None,
    optimizer: Annotated[
        str | None, typer.Option(help="sgd, adam, adamw, rmsprop or adagrad. [sgd]")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="Learning rate. [sgd 0.05, adagrad 0.01, others 0.001]")
    ] = None,
    momentum: Annotated[float | None, typer.Option(help="Of sgd and rmsprop. [0.9]")] = None,
    lr_decay: Annotated[
        float | None, typer.Option(help="Factor on the learning rate after each epoch. [0.7]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, order and dropout. [1]")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads. [one per core]")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder to make. [runs/DATA-MODEL-N]")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with an interrupted run.")
    ] = None,
    data_folder: Annotated[
        Path | None, typer.Option(help="Where data sets are kept. [the user's cache folder]")
    ] = None,
) -> None:
    """Train a network on MNIST or Fashion-MNIST, or go on with a run.

    Ctrl-C stops after the current step; --resume goes on from there to the same weights.
    """
    options = {
        "data": data,
        "model": model,
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer": optimizer,
        "lr": lr,
        "momentum": momentum,
        "lr_decay": lr_decay,
        "seed": seed,
        "threads": threads,
        "data_folder": None if data_folder is None else str(data_folder.absolute()),
    }
    given = {name: value for name, value in options.items() if value is not None}
    from rushlight.cli import session

    session.train(given, out, resume)


@command
def evaluate(
    run: RunFolder,
    data_folder: Annotated[Path | None, typer.Option(help="Where data sets are kept.")] = None,
) -> None:
    """Test a trained network on the 10,000 test images."""
    from rushlight.cli import session

    session.evaluate(run, data_folder)


@command
def predict(
    run: RunFolder,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="PNG or JPEG files.")],
    top: Annotated[int, typer.Option(min=1, max=10, help="Classes to show.")] = 10,
) -> None:
    """Classify pictures: each class with its probability, the most probable first.

    Any size and colour will do, also a photo of a dark digit on white paper.
    """
    from rushlight.cli import session

    session.predict(run, images, top)


@command
def info() -> None:
    """Show versions, the machine and where data is kept."""
    from rushlight.cli import about

    about.info()


@command
def names(
    prefix: Annotated[
        str, typer.Argument(help="Only the names in this module, e.g. torch.nn.")
    ] = "torch",
    markdown: Annotated[bool, typer.Option(help="As the page docs/supported.md.")] = False,
) -> None:
    """List the names of PyTorch that Rushlight has."""
    from rushlight.cli import about

    about.names(prefix, markdown=markdown)
