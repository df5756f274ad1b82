"""Classes that print under the names that scripts know them by."""

from __future__ import annotations


class ShownAs(type):
    """The type of a class whose ``repr`` is that of its namesake in PyTorch.

    A class says its name as ``_shown_as``; subclasses print their own. Pickles are not affected:
    they go by ``__module__``.
    """

    def __repr__(cls) -> str:
        shown = cls.__dict__.get("_shown_as")
        return type.__repr__(cls) if shown is None else f"<class '{shown}'>"
