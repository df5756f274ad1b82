"""The networks that ``rushlight train`` knows by name, and those that users bring along."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import rushlight
from rushlight import nn
from rushlight.cli.errors import CommandError, reason
from rushlight.nn import functional as F
from rushlight.tensor import Tensor

CLASSES = 10
IMAGE_SHAPE = (1, 28, 28)


class LeNet(nn.Module):
    """LeNet-5 with ReLU and max-pooling, for (N, 1, 28, 28) images; returns (N, 10) scores.

    The images are padded to the 32 x 32 of LeCun et al., "Gradient-Based Learning Applied to
    Document Recognition", 1998.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """The scores of the classes, shape (N, 10)."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


class CNN(nn.Module):
    """Two convolutions and two linear layers with dropout; returns (N, 10) log-probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=5)
        self.conv2_drop = nn.Dropout2d()
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """The logarithms of the classes' probabilities, shape (N, 10)."""
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2_drop(self.conv2(x)), 2))
        x = F.relu(self.fc1(x.flatten(1)))
        x = F.dropout(x, training=self.training)
        return F.log_softmax(self.fc2(x), dim=1)


class MLP(nn.Module):
    """Two hidden layers of 512 units; returns (N, 10) scores."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, CLASSES),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The scores of the classes, shape (N, 10)."""
        return self.linear_relu_stack(self.flatten(x))


MODELS: dict[str, type[nn.Module]] = {"lenet": LeNet, "cnn": CNN, "mlp": MLP}


def canonical(name: str) -> str:
    """``name`` as it is kept in a run's configuration: files by their absolute path.

    Raises CommandError if it is neither a known model nor an existing ``FILE.py:Class``.
    """
    if name in MODELS:
        return name
    file, colon, class_name = name.rpartition(":")
    if not colon or not file.endswith(".py") or not class_name.isidentifier():
        known = ", ".join(MODELS)
        raise CommandError(f"unknown model '{name}': choose {known} or FILE.py:Class", code=2)
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise CommandError(f"there is no model file {file}", code=2)
    return f"{path}:{class_name}"


def build(name: str) -> nn.Module:
    """A new model with its initial weights; ``name`` is as `canonical` returns it.

    Raises CommandError for a file that cannot be loaded or a model that does not fit the data.
    """
    if name in MODELS:
        return MODELS[name]()
    file, _, class_name = name.rpartition(":")
    module_class = _load_class(Path(file), class_name)
    try:
        model = module_class()
    except Exception as error:
        raise CommandError(f"{class_name}() of {file} failed: {reason(error)}") from error
    _check_output(model, class_name)
    return model


def _load_class(file: Path, class_name: str) -> type[nn.Module]:
    """Run the user's file, where ``import torch`` gives Rushlight, and take the class from it."""
    from rushlight import compat

    compat.install()
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise CommandError(f"there is no model file {file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(file.stem, module)
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise CommandError(f"cannot load {file}: {reason(error)}") from error
    finally:
        sys.path.remove(str(file.parent))
    found = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise CommandError(f"{file} has no nn.Module class named {class_name}")
    return found


def _check_output(model: nn.Module, class_name: str) -> None:
    """Raise CommandError unless the model turns images into one score per class."""
    model.eval()
    try:
        with rushlight.no_grad():
            scores = model(rushlight.zeros(2, *IMAGE_SHAPE))
    except Exception as error:
        shape = "x".join(map(str, IMAGE_SHAPE))
        message = f"{class_name} cannot process images of shape {shape}: {reason(error)}"
        raise CommandError(message) from error
    model.train()
    if not isinstance(scores, Tensor) or tuple(scores.shape) != (2, CLASSES):
        got = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise CommandError(
            f"{class_name} must return scores of shape (N, {CLASSES}), but for two images it "
            f"returned {got}"
        )
