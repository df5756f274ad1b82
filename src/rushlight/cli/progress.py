"""What a training run shows while it works: a live bar, or plain lines outside a terminal."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Report:
    """The state of the run after a step: figures of the steps since the last report."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    images_per_second: float


class Display(Protocol):
    """Shows the progress of a run of ``epochs`` times ``steps`` steps."""

    def start(self, done: int) -> None:
        """Begin; ``done`` steps were taken by an earlier run."""

    def advance(self) -> None:
        """Count one step."""

    def report(self, report: Report) -> None:
        """Show new figures."""

    def say(self, text: str) -> None:
        """Show a line that stays."""

    def stop(self) -> None:
        """Leave the terminal as it was."""


class Clock:
    """Estimates the time left from the steps taken in this process."""

    def __init__(self, total: int, done: int) -> None:
        self.total, self.first, self.done = total, done, done
        self.began = time.perf_counter()

    def advance(self) -> None:
        """Count one step."""
        self.done += 1

    def left(self) -> str:
        """The time left as minutes and seconds, or a dash before the first step."""
        taken = self.done - self.first
        if not taken:
            return "-:--"
        pace = (time.perf_counter() - self.began) / taken
        return duration((self.total - self.done) * pace)


def duration(seconds: float) -> str:
    """``75.2`` as ``1:15``, ``3700`` as ``1:01:40``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class LiveDisplay:
    """A progress bar with the newest figures, redrawn in place."""

    def __init__(self, console: Console, epochs: int, steps: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self.epochs, self.steps = epochs, steps
        self.clock = Clock(epochs * steps, 0)
        self.progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TextColumn("{task.fields[left]} left"),
            console=console,
            transient=True,
            expand=True,
        )
        self.task = self.progress.add_task("", total=steps, epoch="", figures="", left="-:--")

    def start(self, done: int) -> None:
        """Begin; ``done`` steps were taken by an earlier run."""
        self.clock = Clock(self.epochs * self.steps, done)
        self._update()
        self.progress.start()

    def advance(self) -> None:
        """Count one step."""
        self.clock.advance()
        self._update()

    def report(self, report: Report) -> None:
        """Show new figures."""
        self.progress.update(self.task, figures=_figures(report))

    def say(self, text: str) -> None:
        """Show a line that stays above the bar."""
        self.progress.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def stop(self) -> None:
        """Remove the bar."""
        self.progress.stop()

    def _update(self) -> None:
        done = max(self.clock.done - 1, 0)
        fields: dict[str, Any] = {
            "epoch": f"{min(done // self.steps + 1, self.epochs)}/{self.epochs}",
            "left": self.clock.left(),
        }
        completed = done % self.steps + 1 if self.clock.done else 0
        self.progress.update(self.task, completed=completed, **fields)


class PlainDisplay:
    """A line for about every tenth of an epoch: for logs and pipes."""

    def __init__(self, console: Console, epochs: int, steps: int) -> None:
        self.console, self.epochs, self.steps = console, epochs, steps
        self.clock = Clock(epochs * steps, 0)
        self.shown = 0

    def start(self, done: int) -> None:
        """Begin; ``done`` steps were taken by an earlier run."""
        self.clock = Clock(self.epochs * self.steps, done)
        self.shown = self._tenths()

    def advance(self) -> None:
        """Count one step."""
        self.clock.advance()

    def report(self, report: Report) -> None:
        """Print new figures if another tenth of the epoch is done."""
        if self._tenths() > self.shown:
            self.shown = self._tenths()
            place = f"epoch {report.epoch}/{self.epochs}  step {report.step}/{self.steps}"
            self.say(f"{place}  {_figures(report)}  {self.clock.left()} left")

    def say(self, text: str) -> None:
        """Print a line."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def stop(self) -> None:
        """Nothing is left to undo."""

    def _tenths(self) -> int:
        return self.clock.done * 10 // self.steps


def make_display(console: Console, epochs: int, steps: int) -> Display:
    """The display that suits the console."""
    if console.is_terminal:
        return LiveDisplay(console, epochs, steps)
    return PlainDisplay(console, epochs, steps)


def _figures(report: Report) -> str:
    speed = f"{report.images_per_second:,.0f} images/s"
    return f"loss {report.loss:.4f}  accuracy {report.accuracy:.2%}  {speed}"
