"""``torch.cuda.amp``: the older names of ``torch.amp``, for CUDA, which is never there."""

from __future__ import annotations

from typing import Any

from .. import amp
from ..dtypes import dtype, float16


class autocast(amp.autocast):
    """``torch.amp.autocast("cuda", ...)``."""

    def __init__(
        self, enabled: bool = True, dtype: dtype = float16, cache_enabled: bool = True
    ) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """``torch.amp.GradScaler("cuda", ...)``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("cuda", *args, **kwargs)


__all__ = ["GradScaler", "autocast"]
