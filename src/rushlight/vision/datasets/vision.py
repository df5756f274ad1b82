"""The base class of the image datasets."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from rushlight.utils.data import Dataset

Transform = Callable[[Any], Any]


def _transform_lines(head: str, transform: object) -> list[str]:
    """The repr of a transform behind ``head``, its further lines indented to match."""
    first, *rest = repr(transform).splitlines() or [""]
    return [f"{head}{first}", *(" " * len(head) + line for line in rest)]


class StandardTransform:
    """Apply one transform to the image and another to the target."""

    def __init__(
        self, transform: Transform | None = None, target_transform: Transform | None = None
    ) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        """The transformed image and target."""
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        if self.transform is not None:
            lines += _transform_lines("Transform: ", self.transform)
        if self.target_transform is not None:
            lines += _transform_lines("Target transform: ", self.target_transform)
        return "\n".join(lines)


class VisionDataset(Dataset[Any]):
    """A dataset of images with their targets.

    Args:
        root: the folder of the data.
        transforms: maps an image and its target to both; excludes the following two.
        transform: maps an image.
        target_transform: maps a target.

    Raises:
        ValueError: when ``transforms`` is given with one of the others.
    """

    _repr_indent = 4

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        self.root: Any = os.path.expanduser(root) if isinstance(root, str) else root
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError(
                "Only transforms or transform/target_transform can be passed as argument"
            )
        self.transform = transform
        self.target_transform = target_transform
        self.transforms = StandardTransform(transform, target_transform) if separate else transforms

    def __getitem__(self, index: Any) -> Any:
        """The image and the target at ``index``, transformed."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def _transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if getattr(self, "transforms", None) is not None:
            body.append(repr(self.transforms))
        indent = " " * self._repr_indent
        return "\n".join([f"Dataset {type(self).__name__}", *(indent + line for line in body)])

    def extra_repr(self) -> str:
        """Further lines of the repr."""
        return ""
