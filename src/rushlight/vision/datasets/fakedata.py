"""Random images in place of a dataset."""

from __future__ import annotations

from typing import Any

from rushlight import ops
from rushlight.random import get_rng_state, manual_seed, set_rng_state
from rushlight.vision.datasets.vision import Transform, VisionDataset
from rushlight.vision.transforms.functional import to_pil_image


class FakeData(VisionDataset):
    """Random PIL images and classes; the same for the same index, the global generator untouched.

    Args:
        size: the number of images.
        image_size: channels, height and width.
        num_classes: the number of classes.
        transform: maps a PIL image.
        target_transform: maps a label (a tensor).
        random_offset: added to the index to seed an image.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.image_size = image_size
        self.num_classes = num_classes
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """The image and its class number."""
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        state = get_rng_state()
        manual_seed(index + self.random_offset)
        pixels = ops.randn(*self.image_size)
        target = ops.randint(0, self.num_classes, (1,))[0]
        set_rng_state(state)
        image, target = self._transformed(to_pil_image(pixels), target)
        return image, target.item()

    def __len__(self) -> int:
        return self.size
