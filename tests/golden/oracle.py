"""Run a script with real PyTorch, where torchvision's compiled parts may be missing.

    python oracle.py SCRIPT [ARGUMENTS]

The torchvision wheel of another build than torch's cannot load its operators. The scripts need none
of them but `read_image`, which Pillow serves here.
"""

from __future__ import annotations

import runpy
import sys

import torch


def provide_torchvision() -> None:
    """Let torchvision load without its compiled operators, and read images with Pillow."""
    try:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        provide_torchvision.library = library  # the definitions live as long as it does
        import numpy as np
        import torchvision.io
        from PIL import Image
    except (ImportError, RuntimeError):
        return

    def read_image(path):
        pixels = np.array(Image.open(path))
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        return torch.from_numpy(pixels.transpose(2, 0, 1).copy())

    torchvision.io.read_image = read_image


if __name__ == "__main__":
    torch.set_num_threads(1)
    provide_torchvision()
    sys.argv = sys.argv[1:]
    sys.path[0] = sys.argv[0].rpartition("/")[0] or "."
    runpy.run_path(sys.argv[0], run_name="__main__")
