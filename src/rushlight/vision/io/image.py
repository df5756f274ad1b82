"""Image files to (C, H, W) uint8 tensors and back, by Pillow."""

from __future__ import annotations

import os
from enum import Enum
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from rushlight.dtypes import uint8
from rushlight.tensor import Tensor
from rushlight.vision._bridge import Array, from_array, to_array

if TYPE_CHECKING:
    from PIL.Image import Image


class ImageReadMode(Enum):
    """The channels of a decoded image."""

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4
    RGBA = RGB_ALPHA


_MODES = {
    ImageReadMode.GRAY: "L",
    ImageReadMode.GRAY_ALPHA: "LA",
    ImageReadMode.RGB: "RGB",
    ImageReadMode.RGB_ALPHA: "RGBA",
}


def read_file(path: str | os.PathLike[str]) -> Tensor:
    """The bytes of a file, uint8 (size,).

    Raises:
        RuntimeError: if it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return from_array(np.frombuffer(bytearray(file.read()), np.uint8))
    except OSError as error:
        raise RuntimeError(str(error)) from error


def write_file(filename: str | os.PathLike[str], data: Tensor) -> None:
    """Write a one-dimensional uint8 tensor as the bytes of a file."""
    if data.dtype != uint8 or data.dim() != 1:
        raise RuntimeError("Input tensor data type should be UInt8 and it should be 1-dimensional")
    with open(filename, "wb") as file:
        file.write(to_array(data).tobytes())


def _read_mode(mode: ImageReadMode | str) -> ImageReadMode:
    return ImageReadMode[mode.upper()] if isinstance(mode, str) else mode


def _open(data: Tensor, formats: list[str] | None) -> Image:
    """The image in an encoded tensor, pixels loaded."""
    if not isinstance(data, Tensor):
        raise TypeError(f"expected a uint8 tensor of encoded bytes, got {type(data)}")
    if data.dtype != uint8 or data.dim() != 1 or data.numel() == 0:
        raise RuntimeError("Expected a non empty 1-dimensional tensor of dtype torch.uint8")
    from PIL import Image, UnidentifiedImageError

    try:
        image: Image.Image = Image.open(BytesIO(to_array(data).tobytes()), formats=formats)
        image.load()
    except UnidentifiedImageError as error:
        wanted = " or ".join(formats) if formats else "PNG, JPEG, GIF, WebP or another known"
        raise RuntimeError(f"The data is not a {wanted} image") from error
    except (OSError, SyntaxError) as error:
        raise RuntimeError(f"The image data is corrupt or truncated: {error}") from error
    return image


def _pixels(image: Image, mode: ImageReadMode, upright: bool) -> Tensor:
    if upright:
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
    if mode is not ImageReadMode.UNCHANGED:
        image = _to_eight_bits(image).convert(_MODES[mode])
    elif image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    array = np.array(image)
    if image.mode.startswith("I"):
        array = array.astype(np.uint16)  # PNG of 16 bits
    return from_array(array[None] if array.ndim == 2 else array.transpose(2, 0, 1))


def _to_eight_bits(image: Image) -> Image:
    """A 16 bit grey image scaled to 8 bits, which Pillow would clip."""
    if not image.mode.startswith("I"):
        return image
    from PIL import Image

    return Image.fromarray((np.array(image).astype(np.uint16) >> 8).astype(np.uint8))


def decode_image(
    input: Tensor | str | os.PathLike[str],
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Tensor:
    """The image in encoded bytes or in a file, uint8 (C, H, W).

    Args:
        input: a uint8 tensor of encoded bytes, or a path.
        mode: which channels to return.
        apply_exif_orientation: turn the image upright.

    Raises:
        RuntimeError: if the file cannot be read or is not an image.
    """
    data = read_file(input) if isinstance(input, (str, os.PathLike)) else input
    return _pixels(_open(data, None), _read_mode(mode), apply_exif_orientation)


def read_image(
    path: str | os.PathLike[str],
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Tensor:
    """The image in a file, uint8 (C, H, W); see ``decode_image``."""
    return decode_image(read_file(path), mode, apply_exif_orientation)


def decode_png(
    input: Tensor,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Tensor:
    """The image in the bytes of a PNG file."""
    return _pixels(_open(input, ["PNG"]), _read_mode(mode), apply_exif_orientation)


def decode_jpeg(
    input: Any,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    device: Any = "cpu",
    apply_exif_orientation: bool = False,
) -> Any:
    """The image in the bytes of a JPEG file, or the images of a list of them."""
    if isinstance(input, list):
        if not input:
            raise ValueError("Input list must contain at least one element")
        return [decode_jpeg(data, mode, device, apply_exif_orientation) for data in input]
    return _pixels(_open(input, ["JPEG"]), _read_mode(mode), apply_exif_orientation)


def decode_webp(input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> Tensor:
    """The image in the bytes of a WebP file."""
    return _pixels(_open(input, ["WEBP"]), _read_mode(mode), False)


def decode_gif(input: Tensor) -> Tensor:
    """The image in the bytes of a GIF file; (N, 3, H, W) where it has several frames."""
    image = _open(input, ["GIF"])
    frames: list[Array] = []
    for i in range(getattr(image, "n_frames", 1)):
        image.seek(i)
        frames.append(np.array(image.convert("RGB")).transpose(2, 0, 1))
    return from_array(frames[0] if len(frames) == 1 else np.stack(frames))


def _image(input: Tensor, channels: tuple[int, ...]) -> Image:
    if input.dtype != uint8:
        raise RuntimeError("Input tensor dtype should be uint8")
    if input.dim() != 3:
        raise RuntimeError("Input data should be a 3-dimensional tensor")
    if input.shape[0] not in channels:
        raise RuntimeError(
            f"The number of channels should be {' or '.join(map(str, channels))}, "
            f"got: {input.shape[0]}"
        )
    from rushlight.vision.transforms.functional import to_pil_image

    image: Image = to_pil_image(input)
    return image


def _encode(image: Image, kind: str, **options: Any) -> Tensor:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return from_array(np.frombuffer(bytearray(buffer.getvalue()), np.uint8))


def encode_png(input: Tensor, compression_level: int = 6) -> Tensor:
    """A (1 or 3, H, W) uint8 image as the bytes of a PNG file."""
    if not 0 <= compression_level <= 9:
        raise RuntimeError("Compression level should be between 0 and 9")
    return _encode(_image(input, (1, 3)), "PNG", compress_level=compression_level)


def encode_jpeg(input: Any, quality: int = 75) -> Any:
    """A (1 or 3, H, W) uint8 image (or a list of them) as the bytes of a JPEG file."""
    if not 1 <= quality <= 100:
        raise ValueError("Image quality should be a positive number between 1 and 100")
    if isinstance(input, list):
        if not input:
            raise ValueError("encode_jpeg requires at least one input tensor when a list is passed")
        return [encode_jpeg(image, quality) for image in input]
    return _encode(_image(input, (1, 3)), "JPEG", quality=quality)


def write_png(input: Tensor, filename: str, compression_level: int = 6) -> None:
    """Write a (1 or 3, H, W) uint8 image as a PNG file."""
    write_file(filename, encode_png(input, compression_level))


def write_jpeg(input: Tensor, filename: str, quality: int = 75) -> None:
    """Write a (1 or 3, H, W) uint8 image as a JPEG file."""
    write_file(filename, encode_jpeg(input, quality))
