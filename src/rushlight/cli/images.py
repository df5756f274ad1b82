"""From a user's picture to what the networks were trained on: a bright shape on black, 28 x 28.

MNIST's digits were scaled to fit 20 x 20 pixels and placed with their centre of mass on pixel
(14, 14); a photo of a digit is recognised far better when it is prepared the same way.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from rushlight.cli.errors import CommandError, reason

SIZE = 28
_FITTED = {"mnist": 20, "fashion-mnist": 28}  # the longer side of the shape
_WORKING_SIZE = 256  # photos are reduced to this before the shape is looked for
_PAPER_SIZE = 96
_BLOCK = 4  # connected parts are told apart at a quarter of the working size

Pixels = NDArray[np.float32]


def read_image(path: Path, data: str) -> Pixels:
    """The picture in ``path`` as the data set ``data`` would hold it: (28, 28), from 0 to 1.

    Pictures of 28 x 28 pixels with a dark border are taken as they are. In others the shape is
    told from the background (light or dark), cut out, scaled and centred. Raises CommandError if
    the file cannot be read as an image or shows nothing.
    """
    try:
        with Image.open(path) as image:
            gray = _to_gray(image)
    except FileNotFoundError:
        raise CommandError(f"there is no image {path}") from None
    except UnidentifiedImageError:
        raise CommandError(f"{path} is not an image that can be read") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise CommandError(f"cannot read the image {path}: {reason(error)}") from error
    if gray.size == (SIZE, SIZE) and _border(_pixels(gray)) < 0.25:
        return _pixels(gray)
    shape = _cut_out(_without_specks(_shape(gray, data)))
    if shape is None:
        raise CommandError(f"{path} shows nothing: all its pixels are alike")
    scaled = _scale(shape, _FITTED[data])
    return _place(scaled, by_mass=data == "mnist")


def _to_gray(image: Image.Image) -> Image.Image:
    """Upright, transparency laid on white, and in 256 grays."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        layer = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    if upright.mode.startswith("I") or upright.mode == "F":
        upright = _from_deep(upright)
    return upright.convert("L")


def _from_deep(image: Image.Image) -> Image.Image:
    """An image of 16-bit or float samples in 256 grays, by its own range."""
    samples = np.asarray(image, dtype=np.float64)
    low, high = float(samples.min()), float(samples.max())
    return Image.fromarray(((samples - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))


def _pixels(gray: Image.Image) -> Pixels:
    return np.asarray(gray, dtype=np.float32) / np.float32(255)


def _border(pixels: Pixels) -> float:
    """The median of the outermost pixels: the background's brightness."""
    edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    return float(np.median(np.concatenate(edges)))


def _shape(gray: Image.Image, data: str) -> Pixels:
    """How much each pixel stands out from the background around it, from 0 to 1."""
    gray.thumbnail((_WORKING_SIZE, _WORKING_SIZE), Image.Resampling.LANCZOS)
    pixels = _pixels(gray)
    contrast = pixels - (_paper(gray) if data == "mnist" else _border(pixels))
    if (contrast**3).sum() < 0:  # A dark shape on a light ground.
        contrast = -contrast
    ink = np.clip(contrast, 0, 1)
    ink = np.where(ink > _otsu(ink) / 2, ink, 0)
    strong = ink[ink > 0]
    # Strokes become white, as in the data, whatever the pen and the light were.
    return np.clip(ink / np.percentile(strong, 90), 0, 1) if strong.size else ink


def _paper(gray: Image.Image) -> Pixels:
    """The background of a digit: the median around each pixel.

    A pen's strokes are a minority in any wide window, and a median keeps the edges of shadows.
    """
    small = gray.copy()
    small.thumbnail((_PAPER_SIZE, _PAPER_SIZE), Image.Resampling.BOX)
    paper = small.filter(ImageFilter.MedianFilter(_PAPER_SIZE * 2 // 5 | 1))
    return _pixels(paper.resize(gray.size, Image.Resampling.BICUBIC))


def _otsu(values: Pixels) -> float:
    """The threshold that best splits the values in two (Otsu, 1979: greatest variance between)."""
    counts, edges = np.histogram(values, bins=256, range=(0, 1))
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = sums / below - (sums[-1] - sums) / above
    return float(centers[np.argmax(np.nan_to_num(below * above * gap**2))])


def _without_specks(ink: Pixels) -> Pixels:
    """``ink`` without the connected parts that have less than a tenth of the largest one's ink."""
    height, width = ink.shape
    padded = np.pad(ink, ((0, -height % _BLOCK), (0, -width % _BLOCK)))
    rows, columns = padded.shape[0] // _BLOCK, padded.shape[1] // _BLOCK
    mass = padded.reshape(rows, _BLOCK, columns, _BLOCK).sum(axis=(1, 3))
    solid = mass > 0
    # Each block takes the greatest number in its neighbourhood until all that touch share one.
    labels = np.where(solid, np.arange(1, mass.size + 1).reshape(mass.shape), 0)
    while True:
        around = np.lib.stride_tricks.sliding_window_view(np.pad(labels, 1), (3, 3))
        spread = np.where(solid, around.max(axis=(2, 3)), 0)
        if (spread == labels).all():
            break
        labels = spread
    masses = np.bincount(labels.ravel(), weights=mass.ravel())
    kept = (masses >= masses.max() / 10)[labels]
    return ink * kept.repeat(_BLOCK, axis=0).repeat(_BLOCK, axis=1)[:height, :width]


def _cut_out(ink: Pixels) -> Pixels | None:
    """The smallest rectangle that holds the shape; None if there is no shape."""
    solid = ink > 0.25
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not rows.size:
        return None
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scale(shape: Pixels, longest: int) -> Pixels:
    """The shape with its longer side ``longest`` pixels long."""
    height, width = shape.shape
    factor = longest / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    image = Image.fromarray((shape * 255).astype(np.uint8))
    return _pixels(
        image.resize(size, Image.Resampling.BOX if factor < 1 else Image.Resampling.BICUBIC)
    )


def _place(shape: Pixels, *, by_mass: bool) -> Pixels:
    """The shape on a black square, centred by its mass or by its outline."""
    height, width = shape.shape
    top, left = (SIZE - height) / 2, (SIZE - width) / 2
    if by_mass:
        mass = float(shape.sum())
        top = SIZE / 2 - float(shape.sum(axis=1) @ np.arange(height)) / mass
        left = SIZE / 2 - float(shape.sum(axis=0) @ np.arange(width)) / mass
    row = min(max(round(top), 0), SIZE - height)
    column = min(max(round(left), 0), SIZE - width)
    square = np.zeros((SIZE, SIZE), dtype=np.float32)
    square[row : row + height, column : column + width] = shape
    return square
