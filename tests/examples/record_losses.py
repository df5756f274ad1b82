"""Run a script and write the values `backward()` was called on to a file.

    python record_losses.py LOSSES.json COUNT SCRIPT [ARGUMENTS]

Works under PyTorch and under `python -m rushlight` alike; the script runs as `__main__`.
"""

from __future__ import annotations

import json
import runpy
import sys

import torch


def main(target: str, count: int, script: str) -> None:
    """Run `script`, recording the first `count` values of one element that flow into backward."""
    losses: list[float] = []
    backward = torch.Tensor.backward

    def recording(self, *args, **kwargs):
        if len(losses) < count and self.numel() == 1:
            losses.append(self.item())
        return backward(self, *args, **kwargs)

    torch.Tensor.backward = recording
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        torch.Tensor.backward = backward
        with open(target, "w") as file:
            json.dump(losses, file, indent=0)


if __name__ == "__main__":
    target, count, script = sys.argv[1:4]
    sys.argv = sys.argv[3:]
    main(target, int(count), script)
