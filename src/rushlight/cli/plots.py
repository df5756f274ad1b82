"""The pictures of a run, as PNG files in memory."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rushlight.cli.evaluation import Evaluation

MISTAKES = (4, 8)  # rows and columns of the grid of mistakes


def curves(history: list[dict[str, Any]], title: str) -> bytes:
    """Loss and accuracy over the steps, of the training and of the test images."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    figure.suptitle(title)
    tested = [row for row in history if "test_loss" in row]
    for position, quantity in enumerate(("loss", "accuracy"), start=1):
        axes = figure.add_subplot(1, 2, position)
        axes.plot(
            [row["step"] for row in history],
            [row[f"train_{quantity}"] for row in history],
            linewidth=1,
            label="training",
        )
        axes.plot(
            [row["step"] for row in tested],
            [row[f"test_{quantity}"] for row in tested],
            "o-",
            label="test",
        )
        axes.set_xlabel("step")
        axes.set_ylabel(quantity)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.axes[0].set_ylim(bottom=0)
    figure.axes[1].yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return _png(figure)


def confusion(evaluation: Evaluation, names: list[str]) -> bytes:
    """The confusion matrix: counts, shaded by their share of the row."""
    counts = evaluation.confusion
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(8, 7.4), layout="constrained")
    axes = figure.add_subplot()
    # The square root keeps single mistakes visible beside a thousand right answers.
    axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > 0.4 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=8)
    ticks = range(len(names))
    wordy = max(map(len, names)) > 2
    axes.set_xticks(ticks, names, rotation=45 if wordy else 0, ha="right" if wordy else "center")
    axes.set_yticks(ticks, names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{evaluation.accuracy:.2%} of {len(evaluation.labels):,} test images right")
    return _png(figure)


def mistakes(evaluation: Evaluation, images: NDArray[np.uint8], names: list[str]) -> bytes:
    """The most confident mistakes; ``images`` are all the test images, shape (N, H, W)."""
    rows, columns = MISTAKES
    wrong = evaluation.mistakes()
    figure = Figure(figsize=(1.5 * columns, 1.75 * rows + 0.6), layout="constrained")
    shown = min(len(wrong), rows * columns)
    figure.suptitle(f"{shown} most confident of {len(wrong):,} mistakes")
    for place, index in enumerate(wrong[:shown], start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(images[index], cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()
        taken, label = evaluation.predictions[index], evaluation.labels[index]
        confidence = evaluation.probabilities[index, taken]
        axes.set_title(f"{names[label]} taken for\n{names[taken]} ({confidence:.0%})", fontsize=8)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(file, format="png", dpi=120)
    return file.getvalue()
