"""``torch.autograd.forward_ad``: Rushlight differentiates backwards only; these names say so."""

from __future__ import annotations

from typing import Any

_MESSAGE = (
    "Rushlight has no forward-mode automatic differentiation. autograd.functional.jvp computes the "
    "same product by two backward passes"
)


def _refuse(name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(_MESSAGE)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Always raises ``NotImplementedError``."
    return call


dual_level = _refuse("dual_level")
make_dual = _refuse("make_dual")
unpack_dual = _refuse("unpack_dual")
enter_dual_level = _refuse("enter_dual_level")
exit_dual_level = _refuse("exit_dual_level")
