"""The messages for names that PyTorch has and Rushlight does not."""

from __future__ import annotations

_PAGE = "docs/supported.md"
_WHERE = f"The names that Rushlight has are in {_PAGE}; `rushlight names` prints them."


def missing_attribute(module: str, name: str) -> AttributeError:
    """The error for ``module.name``, to be raised by a module's ``__getattr__``.

    ``module`` is the module's ``__name__``; the message begins as Python's own does.
    """
    return AttributeError(
        f"module '{module}' has no attribute '{name}'. {_WHERE}", name=name, obj=None
    )


def missing_module(name: str) -> ModuleNotFoundError:
    """The error for ``import name``, where ``name`` is PyTorch's name of a module or attribute."""
    return ModuleNotFoundError(f"Rushlight has no '{name}'. {_WHERE}", name=name)


def explain(error: BaseException) -> None:
    """Add where to look to an uncaught error that is about a name missing from Rushlight."""
    if isinstance(error, ImportError):
        about = error.name or ""
    elif isinstance(error, AttributeError):
        about = str(getattr(error.obj, "__name__", type(error.obj).__module__))
    else:
        return
    if about.partition(".")[0] == "rushlight" and _PAGE not in str(error):
        error.add_note(_WHERE)
