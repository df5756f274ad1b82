"""What the commands ``train``, ``evaluate`` and ``predict`` do, put together from their parts."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

import rushlight
from rushlight.cli import DEFAULTS, LEARNING_RATES, models, plots, training
from rushlight.cli.datasets import DATASETS, class_names, default_folder, load, normalize
from rushlight.cli.errors import CommandError
from rushlight.cli.evaluation import Evaluation, trained_model
from rushlight.cli.evaluation import evaluate as evaluate_model
from rushlight.cli.images import read_image
from rushlight.cli.progress import duration, make_display
from rushlight.cli.runs import Config, Run, create, open_run
from rushlight.nn import functional as F

console = Console(highlight=False, markup=False, soft_wrap=True)


def train(given: dict[str, Any], out: Path | None, resume: Path | None) -> None:
    """Train a new run with the options ``given``, or go on with the run ``resume``."""
    _check(given)
    if resume is not None:
        if out is not None and out.resolve() != resume.resolve():
            raise CommandError("--resume goes on in its own folder: leave out --out", code=2)
        run = open_run(resume)
        state = training.resume(run, given)
    else:
        config = _complete(given)
        models.build(config.model)  # A model that cannot be built leaves no folder behind.
        run = create(out, config)
        state = training.Training(config, run)
    _describe(state)
    if resume is None:
        state.save()
    with training.StopSignals() as signals:
        evaluation = _run(state, signals)
    _write_results(state, evaluation)
    console.print(f"test accuracy {evaluation.accuracy:.2%}")
    console.print(f"the model, its figures and pictures are in {run.folder}")


def evaluate(folder: Path, data_folder: Path | None) -> None:
    """Test the run's model; prints loss and accuracy, and renews the pictures of its mistakes."""
    run = open_run(folder)
    config = run.read_config()
    model = trained_model(run, config)
    rushlight.set_num_threads(config.threads)
    dataset = load(config.data, data_folder or Path(config.data_folder), train=False)
    evaluation = evaluate_model(model, dataset)
    names = class_names(config.data)
    _write_pictures(run, evaluation, dataset.data.numpy(), names)
    console.print(f"test loss {evaluation.loss:.4f}, test accuracy {evaluation.accuracy:.2%}")
    right = evaluation.confusion.diagonal() / evaluation.confusion.sum(axis=1)
    width = max(map(len, names))
    for name, share in zip(names, right, strict=True):
        console.print(f"  {name:<{width}}  {share:7.2%}")


def predict(folder: Path, paths: list[Path], top: int) -> None:
    """Print the ``top`` most probable classes of each picture.

    Pictures that cannot be read are reported after the others.
    """
    run = open_run(folder)
    config = run.read_config()
    model = trained_model(run, config)
    prepare = normalize(config.data)
    names = class_names(config.data)
    problems = []
    for path in paths:
        try:
            pixels = read_image(path, config.data)
        except CommandError as error:
            problems.append(str(error))
            continue
        with rushlight.no_grad():
            scores = model(prepare(rushlight.from_numpy(pixels[None]))[None])
            probabilities = F.softmax(scores, dim=1)[0].tolist()
        _print_prediction(path, probabilities, names, top)
    if problems:
        raise CommandError("; ".join(problems))


def _check(given: dict[str, Any]) -> None:
    """Raise CommandError for an option with an impossible value; makes the model canonical."""
    for name, allowed in (("data", DATASETS), ("optimizer", training.OPTIMIZERS)):
        if name in given and given[name] not in allowed:
            known = ", ".join(allowed)
            raise CommandError(f"--{name} must be one of {known}, not '{given[name]}'", code=2)
    for name, low in (("lr", 0.0), ("lr_decay", 0.0), ("momentum", 0.0)):
        value = given.get(name)
        if value is not None and not (math.isfinite(value) and value >= low):
            option = name.replace("_", "-")
            raise CommandError(f"--{option} must be at least {low:g}, not {value}", code=2)
    if "model" in given:
        given["model"] = models.canonical(given["model"])


def _complete(given: dict[str, Any]) -> Config:
    """The configuration of a new run: what was given, and defaults."""
    values = DEFAULTS | given
    values.setdefault("lr", LEARNING_RATES.get(values["optimizer"], 0.001))
    values.setdefault("threads", rushlight.get_num_threads())
    values.setdefault("data_folder", str(default_folder()))
    return Config(**values)


def _describe(state: training.Training) -> None:
    """Say what is about to happen, and note it in the run folder."""
    config, run = state.config, state.run
    parameters = sum(parameter.numel() for parameter in state.model.parameters())
    name = config.model.rpartition(":")[2]
    begun = "going on with" if state.history else "training"
    threads = "1 thread" if config.threads == 1 else f"{config.threads} threads"
    console.print(
        f"{begun} {name} ({parameters:,} parameters) on {len(state.train_data):,} images of "
        f"{config.data}, {threads}, in {run.folder}"
    )
    facts = {"parameters": parameters, "rushlight": rushlight.__version__}
    run.write_config(config, facts)


def _run(state: training.Training, signals: training.StopSignals) -> Evaluation:
    display = make_display(console, state.config.epochs, state.steps)
    began = time.perf_counter()
    display.start(state.epoch * state.steps + state.step)
    try:
        evaluation = state.train(display, signals)
    finally:
        display.stop()
    console.print(f"trained for {duration(time.perf_counter() - began)}")
    return evaluation


def _write_results(state: training.Training, evaluation: Evaluation) -> None:
    from safetensors.numpy import save

    config, run = state.config, state.run
    weights = state.model.state_dict()
    run.write_tensors("model.pth", weights)
    arrays = {name: np.ascontiguousarray(value.numpy()) for name, value in weights.items()}
    run.write("model.safetensors", save(arrays, metadata={"format": "pt"}))
    model = config.model.rpartition(":")[2]
    run.write("curves.png", plots.curves(state.history, f"{model} on {config.data}"))
    images = state.test_data.data.numpy()
    _write_pictures(run, evaluation, images, class_names(config.data))


def _write_pictures(
    run: Run, evaluation: Evaluation, images: NDArray[np.uint8], names: list[str]
) -> None:
    run.write("confusion.png", plots.confusion(evaluation, names))
    run.write("mistakes.png", plots.mistakes(evaluation, images, names))


def _print_prediction(path: Path, probabilities: list[float], names: list[str], top: int) -> None:
    width = max(map(len, names))
    ranked = sorted(zip(probabilities, names, strict=True), key=lambda pair: -pair[0])
    console.print(f"{path}: {ranked[0][1]}")
    for probability, name in ranked[:top]:
        bar = "█" * round(probability * 30)
        console.print(f"  {name:<{width}}  {probability:7.2%}  {bar}".rstrip())
