"""Running PyTorch scripts unmodified: the names ``torch`` and ``torchvision`` lead to Rushlight.

`install` puts a finder in front of Python's own (`rushlight.compat.aliases`) and the folder
``shim`` on ``sys.path``. The folder is what worker processes inherit: ``spawn`` and ``forkserver``
hand ``sys.path`` on to their children, and the ``torch`` package found there calls `install`
again. Nothing is written to the environment, so other programs that a script starts are not
affected. `rushlight.compat.runner` runs the script itself.
"""

from __future__ import annotations

import os
import sys

from rushlight.compat.aliases import ROOTS, AliasFinder, MissingFinder

SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim")


def install() -> None:
    """Let ``import torch`` and ``import torchvision`` give Rushlight in this process.

    Raises ImportError when another ``torch`` was imported before: two frameworks under one name
    would not notice each other's tensors. Calling it again changes nothing.
    """
    for alias, name in ROOTS.items():
        module = sys.modules.get(alias)
        if module is not None and module.__name__ != name and not _is_shim(module):
            raise ImportError(
                f"another '{alias}' is already imported in this process, from "
                f"{getattr(module, '__file__', None)}; Rushlight can only stand in for it when it "
                f"comes first: python -m rushlight script.py",
                name=alias,
            )
    if not any(isinstance(finder, AliasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, AliasFinder())
        sys.meta_path.append(MissingFinder())
    if SHIM not in sys.path:
        sys.path.insert(0 if sys.flags.safe_path else 1, SHIM)


def _is_shim(module: object) -> bool:
    return str(getattr(module, "__file__", "")).startswith(SHIM + os.sep)
