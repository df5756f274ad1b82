"""Measuring a model on a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rushlight
from rushlight import nn
from rushlight.cli.datasets import batches
from rushlight.cli.errors import CommandError
from rushlight.cli.models import build
from rushlight.cli.runs import Config, Run
from rushlight.nn import functional as F
from rushlight.utils.data import Dataset

BATCH_SIZE = 1000


@dataclass(frozen=True)
class Evaluation:
    """The outcome on N images: mean ``loss``, ``probabilities`` (N, classes), ``labels`` (N)."""

    loss: float
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The most probable class of each image, shape (N)."""
        return self.probabilities.argmax(axis=1)

    @property
    def accuracy(self) -> float:
        """The share of images that were classified correctly."""
        return float((self.predictions == self.labels).mean())

    @property
    def confusion(self) -> NDArray[np.int64]:
        """How many images of class i (row) were taken for class j (column)."""
        classes = self.probabilities.shape[1]
        cells = np.bincount(self.labels * classes + self.predictions, minlength=classes**2)
        return cells.reshape(classes, classes)

    def mistakes(self) -> NDArray[np.int64]:
        """The indices of the misclassified images, the most confident mistake first."""
        wrong = np.flatnonzero(self.predictions != self.labels)
        confidence = self.probabilities[wrong, self.predictions[wrong]]
        return wrong[np.argsort(-confidence, kind="stable")]


def evaluate(
    model: nn.Module,
    dataset: Dataset[Any],
    between_batches: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Run the model over the whole data set, in evaluation mode and without gradients.

    ``between_batches`` is called after each batch; it may raise to stop.
    """
    was_training = model.training
    model.eval()
    losses, probabilities, labels = [], [], []
    with rushlight.no_grad():
        for images, targets in batches(dataset, BATCH_SIZE):
            scores = model(images)
            losses.append(F.cross_entropy(scores, targets, reduction="sum").item())
            probabilities.append(F.softmax(scores, dim=1).numpy())
            labels.append(targets.numpy())
            between_batches()
    model.train(was_training)
    answers = np.concatenate(labels)
    return Evaluation(sum(losses) / len(answers), np.concatenate(probabilities), answers)


def trained_model(run: Run, config: Config) -> nn.Module:
    """The run's model with its final weights, or those of the checkpoint if it is unfinished.

    Raises CommandError if there are none, or they do not fit the model.
    """
    if run.model.exists() or not run.checkpoint.exists():
        path, weights = run.model, run.read_tensors(run.model)
    else:
        path = run.checkpoint
        content = run.read_tensors(path)
        weights = content.get("model") if isinstance(content, dict) else None
    model = build(config.model)
    load_weights(model, weights, str(path))
    model.eval()
    return model


def load_weights(model: nn.Module, weights: Any, path: str) -> None:
    """``load_state_dict`` that raises CommandError, naming ``path``, if the weights do not fit."""
    try:
        model.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError, KeyError, ValueError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        detail = lines[1] if len(lines) > 1 else "".join(lines)
        raise CommandError(
            f"{path} does not fit the model {type(model).__name__}: {detail}"
        ) from error
