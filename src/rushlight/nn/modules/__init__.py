"""The layers, one file per family."""

from __future__ import annotations

from rushlight.nn.modules import (
    activation,
    batchnorm,
    container,
    conv,
    distance,
    dropout,
    flatten,
    linear,
    loss,
    module,
    normalization,
    padding,
    pooling,
    rnn,
    shuffle,
    sparse,
    transformer,
    upsampling,
)
from rushlight.nn.modules.activation import *
from rushlight.nn.modules.batchnorm import *
from rushlight.nn.modules.container import *
from rushlight.nn.modules.conv import *
from rushlight.nn.modules.distance import *
from rushlight.nn.modules.dropout import *
from rushlight.nn.modules.flatten import *
from rushlight.nn.modules.linear import *
from rushlight.nn.modules.loss import *
from rushlight.nn.modules.module import Module
from rushlight.nn.modules.normalization import *
from rushlight.nn.modules.padding import *
from rushlight.nn.modules.pooling import *
from rushlight.nn.modules.rnn import *  # noqa: F403
from rushlight.nn.modules.shuffle import *
from rushlight.nn.modules.sparse import *
from rushlight.nn.modules.transformer import *  # noqa: F403
from rushlight.nn.modules.upsampling import *

_FAMILIES = (
    activation,
    batchnorm,
    container,
    conv,
    distance,
    dropout,
    flatten,
    linear,
    loss,
    normalization,
    padding,
    pooling,
    rnn,
    shuffle,
    sparse,
    transformer,
    upsampling,
)

__all__ = ["Module"]
for _family in _FAMILIES:
    __all__ += _family.__all__
