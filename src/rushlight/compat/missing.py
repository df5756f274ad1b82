"""The messages for names that PyTorch has and Rushlight does not."""

from __future__ import annotations

from ..errors import SUPPORTED_NAMES, WHERE_NAMES_ARE


def missing_module(name: str) -> ModuleNotFoundError:
    """The error for ``import name``, where ``name`` is PyTorch's name of a module or attribute."""
    return ModuleNotFoundError(f"Rushlight has no '{name}'. {WHERE_NAMES_ARE}", name=name)


def explain(error: BaseException) -> None:
    """Add where to look to an uncaught error that is about a name missing from Rushlight."""
    if isinstance(error, ImportError):
        about = error.name or ""
    elif isinstance(error, AttributeError):
        about = str(getattr(error.obj, "__name__", type(error.obj).__module__))
    else:
        return
    if about.partition(".")[0] == "rushlight" and SUPPORTED_NAMES not in str(error):
        error.add_note(WHERE_NAMES_ARE)
