"""The training run behind ``rushlight train``: the loop, its checkpoints and how it stops.

The loop is plain PyTorch. What makes a resumed run end in the same bits as an uninterrupted one:
the order of the images is a function of the seed and the epoch, everything else that has a state
is in the checkpoint, and values are read at fixed steps, never by the clock.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import Any

import rushlight
from rushlight import nn, optim
from rushlight.cli.datasets import EpochOrder, batches, load
from rushlight.cli.errors import CommandError, Stopped, reason
from rushlight.cli.evaluation import Evaluation, evaluate, load_weights
from rushlight.cli.models import build
from rushlight.cli.progress import Display, Report
from rushlight.cli.runs import Config, Run
from rushlight.nn import functional as F
from rushlight.tensor import Tensor

REPORT_EVERY = 20  # steps between two readings of loss and accuracy
CHECKPOINT_EVERY = 200  # steps between two checkpoints; a multiple of REPORT_EVERY

Optimizer = optim.Optimizer
OPTIMIZERS: dict[str, Callable[[Any, Config], Optimizer]] = {
    "sgd": lambda weights, c: optim.SGD(weights, lr=c.lr, momentum=c.momentum),
    "adam": lambda weights, c: optim.Adam(weights, lr=c.lr),
    "adamw": lambda weights, c: optim.AdamW(weights, lr=c.lr),
    "rmsprop": lambda weights, c: optim.RMSprop(weights, lr=c.lr, momentum=c.momentum),
    "adagrad": lambda weights, c: optim.Adagrad(weights, lr=c.lr),
}


class StopSignals:
    """Turns Ctrl-C and SIGTERM into a wish that the run fulfils after the current step.

    A second signal has its usual effect at once. To be used as a context manager.
    """

    def __init__(self) -> None:
        self.number = 0
        self.previous: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                number = getattr(signal, name)
                self.previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)
        self.previous.clear()


class Window:
    """Loss and accuracy over the steps since the last report, kept in tensors until it is read."""

    def __init__(self) -> None:
        self.loss = rushlight.zeros((), dtype=rushlight.float64)
        self.correct = rushlight.zeros((), dtype=rushlight.int64)
        self.images = 0

    def add(self, loss: Tensor, scores: Tensor, labels: Tensor) -> None:
        """Count a batch, whose mean loss is ``loss``."""
        self.loss += loss.detach() * len(labels)
        self.correct += (scores.detach().argmax(1) == labels).sum()
        self.images += len(labels)

    def read(self) -> tuple[float, float]:
        """The mean loss and the accuracy."""
        return self.loss.item() / self.images, self.correct.item() / self.images


class Training:
    """A run in progress: model, optimizer, schedule, position and history.

    ``epoch`` counts finished epochs and ``step`` the finished steps of the current one.
    """

    def __init__(self, config: Config, run: Run) -> None:
        self.config, self.run = config, run
        rushlight.set_num_threads(config.threads)
        rushlight.manual_seed(config.seed)
        self.model = build(config.model)
        self.optimizer = _optimizer(self.model, config)
        self.schedule = optim.lr_scheduler.ExponentialLR(self.optimizer, config.lr_decay)
        folder = Path(config.data_folder)
        self.train_data = load(config.data, folder, train=True)
        self.test_data = load(config.data, folder, train=False)
        self.epoch = self.step = 0
        self.window = Window()
        self.history: list[dict[str, Any]] = []

    @property
    def steps(self) -> int:
        """The number of steps in an epoch."""
        return -(-len(self.train_data) // self.config.batch_size)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.epoch >= self.config.epochs

    def state_dict(self) -> dict[str, Any]:
        """Everything that the rest of the run depends on."""
        return {
            "config": asdict(self.config),
            "epoch": self.epoch,
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": rushlight.get_rng_state(),
            "window": vars(self.window),
            "history": self.history,
        }

    def load_state_dict(self, state: Any, path: str) -> None:
        """Go on from a checkpoint. Raises CommandError, naming ``path``, if it does not fit."""
        try:
            load_weights(self.model, state["model"], path)
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
            rushlight.set_rng_state(state["random"])
            self.epoch, self.step = int(state["epoch"]), int(state["step"])
            vars(self.window).update(state["window"])
            self.history = list(state["history"])
        except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            if isinstance(error, CommandError):
                raise
            raise CommandError(f"{path} is not a checkpoint of a run: {reason(error)}") from error

    def save(self) -> None:
        """Write the checkpoint, and the metrics up to here."""
        self.run.write_tensors("checkpoint.pth", self.state_dict())
        self.run.write_metrics(self.history)

    def train(self, display: Display, signals: StopSignals) -> Evaluation:
        """Train to the last epoch; returns how the model does on the test images then.

        Raises Stopped, after a checkpoint, when a signal came.
        """
        evaluation = None
        while not self.finished:
            self._train_epoch(display, signals)
            evaluation = self._end_epoch(display, signals)
        if evaluation is None:  # The run was resumed after its last epoch.
            evaluation = evaluate(self.model, self.test_data, lambda: self._stop_if(signals))
        return evaluation

    def _train_epoch(self, display: Display, signals: StopSignals) -> None:
        size, seen = len(self.train_data), self.step * self.config.batch_size
        order = EpochOrder(size, self.config.seed, self.epoch, min(seen, size))
        began = time.perf_counter()
        images_before = self.window.images
        self.model.train()
        for images, labels in batches(self.train_data, self.config.batch_size, order):
            self._train_step(images, labels)
            display.advance()
            last = self.step == self.steps
            if self.step % REPORT_EVERY == 0 or last:
                elapsed = time.perf_counter() - began
                self._report(display, (self.window.images - images_before) / elapsed)
                began, images_before = time.perf_counter(), 0
            if last:
                self.schedule.step()
            if self.step % CHECKPOINT_EVERY == 0 or last or signals.number:
                self.save()
                self._stop_if(signals)

    def _train_step(self, images: Tensor, labels: Tensor) -> None:
        self.optimizer.zero_grad()
        scores = self.model(images)
        loss = F.cross_entropy(scores, labels)
        loss.backward()
        self.window.add(loss, scores, labels)
        self.optimizer.step()
        self.step += 1

    def _report(self, display: Display, speed: float) -> None:
        loss, accuracy = self.window.read()
        if not loss < float("inf"):
            raise CommandError(
                f"the loss became {loss} in epoch {self.epoch + 1}, step {self.step}: "
                f"try a smaller learning rate than --lr {self.config.lr:g}"
            )
        self.window = Window()
        report = Report(self.epoch + 1, self.step, loss, accuracy, speed)
        display.report(report)
        self.history.append(
            {
                "epoch": report.epoch,
                "step": self.epoch * self.steps + self.step,
                "train_loss": loss,
                "train_accuracy": accuracy,
                "lr": self.optimizer.param_groups[0]["lr"],
                "images_per_second": round(speed, 1),
            }
        )

    def _end_epoch(self, display: Display, signals: StopSignals) -> Evaluation:
        began = time.perf_counter()
        evaluation = evaluate(self.model, self.test_data, lambda: self._stop_if(signals))
        seconds = time.perf_counter() - began
        self.history[-1] |= {
            "test_loss": evaluation.loss,
            "test_accuracy": evaluation.accuracy,
        }
        self.epoch, self.step = self.epoch + 1, 0
        self.save()
        display.say(
            f"epoch {self.epoch}/{self.config.epochs}: test loss {evaluation.loss:.4f}, "
            f"test accuracy {evaluation.accuracy:.2%} (tested in {seconds:.1f} s)"
        )
        return evaluation

    def _stop_if(self, signals: StopSignals) -> None:
        if signals.number:
            raise Stopped(
                f"stopped in epoch {self.epoch + 1} after step {self.step} of {self.steps}; "
                f"go on with: rushlight train --resume {self.run.folder}",
                signals.number,
            )


def resume(run: Run, changes: dict[str, Any]) -> Training:
    """The training that ``run`` holds, as of its last checkpoint.

    ``changes`` are the options that the user gave: more epochs, the threads and the folder of
    the data may change, the rest must be what the run began with. Raises CommandError otherwise.
    """
    config = run.read_config()
    state = run.read_tensors(run.checkpoint)
    if not isinstance(state, dict) or not isinstance(state.get("config"), dict):
        raise CommandError(f"{run.checkpoint} is not a checkpoint of a run")
    free = ("epochs", "threads", "data_folder")
    for name, value in state["config"].items():
        wanted = changes.get(name, getattr(config, name, None))
        if name not in free and wanted != value:
            raise CommandError(
                f"{run.folder} was begun with {name} {value} and cannot go on with {wanted}", code=2
            )
    config = replace(config, **changes)
    done = state.get("epoch")
    if isinstance(done, int) and config.epochs < done:
        raise CommandError(
            f"{run.folder} has already trained for {done} epochs: --epochs {config.epochs} is less",
            code=2,
        )
    training = Training(config, run)
    training.load_state_dict(state, str(run.checkpoint))
    return training


def _optimizer(model: nn.Module, config: Config) -> Optimizer:
    try:
        return OPTIMIZERS[config.optimizer](model.parameters(), config)
    except (ValueError, TypeError) as error:
        raise CommandError(
            f"the optimizer {config.optimizer} cannot be made: {reason(error)}"
        ) from error
