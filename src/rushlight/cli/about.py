"""What the commands ``info`` and ``names`` print."""

from __future__ import annotations

import importlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

import rushlight
from rushlight.cli.datasets import default_folder
from rushlight.cli.errors import CommandError
from rushlight.compat.aliases import INTERNAL

MODULES = (
    "torch",
    "torch.autograd",
    "torch.autograd.functional",
    "torch.amp",
    "torch.cuda",
    "torch.distributions",
    "torch.func",
    "torch.linalg",
    "torch.multiprocessing",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.utils",
    "torch.optim",
    "torch.optim.lr_scheduler",
    "torch.random",
    "torch.special",
    "torch.testing",
    "torch.utils.data",
    "torch.Tensor",
    "torchvision.datasets",
    "torchvision.io",
    "torchvision.transforms",
    "torchvision.transforms.functional",
    "torchvision.utils",
)


def info() -> None:
    """Print versions, the machine and where data is kept, a fact a line."""
    facts = {
        "rushlight": rushlight.__version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "numpy": _version("numpy"),
        "llvmlite": _version("llvmlite"),
        "system": f"{platform.system()} {platform.release()} on {platform.machine()}",
        "cores": str(os.cpu_count()),
        "threads": str(rushlight.get_num_threads()),
        "data": str(default_folder()),
        "package": os.path.dirname(rushlight.__file__),
    }
    for name, value in facts.items():
        print(f"{name:<10} {value}")


def names(prefix: str, *, markdown: bool) -> None:
    """Print PyTorch's names that Rushlight has: those of the modules from ``prefix`` on."""
    wanted = [name for name in MODULES if name == prefix or name.startswith(prefix + ".")]
    if not wanted:
        raise CommandError(f"'{prefix}' is none of the modules: {', '.join(MODULES)}", code=2)
    if markdown:
        print(page(), end="")
        return
    for module in wanted:
        for name in public_names(module):
            print(f"{module}.{name}")


def page() -> str:
    """The text of docs/supported.md."""
    parts = [
        "# Supported names\n\nThe names of PyTorch and torchvision that Rushlight has, by module. "
        "`rushlight names --markdown` writes this page.\n"
    ]
    for module in MODULES:
        listed = ", ".join(f"`{name}`" for name in public_names(module))
        parts.append(f"\n## {module}\n\n{listed}\n")
    return "".join(parts)


def public_names(module: str) -> list[str]:
    """The public names of a module, given by PyTorch's name of it."""
    space = _resolve(module)
    listed = getattr(space, "__all__", None)
    found = dir(space) if module == "torch" or listed is None else listed
    return sorted(name for name in set(found) if _is_public(space, name))


def _is_public(space: object, name: str) -> bool:
    if name.startswith("_") or not hasattr(space, name):
        return False
    value = getattr(space, name)
    if isinstance(value, ModuleType):
        return value.__name__.startswith("rushlight") and name not in INTERNAL
    return not isinstance(value, type(annotations))  # ``from __future__ import annotations``


def _resolve(module: str) -> object:
    if module == "torch.Tensor":
        return rushlight.Tensor
    root, _, rest = module.partition(".")
    base = {"torch": "rushlight", "torchvision": "rushlight.vision"}[root]
    return importlib.import_module(f"{base}.{rest}" if rest else base)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
