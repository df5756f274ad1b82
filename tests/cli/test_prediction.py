"""``rushlight predict``: pictures of any kind are turned into what the networks know."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from rushlight.cli.errors import CommandError
from rushlight.cli.images import read_image
from rushlight.vision.datasets import MNIST


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    dataset = MNIST(str(tmp_path_factory.mktemp("data")), train=False, download=True)
    return dataset.data[:40].numpy()


def photo(digit, paper, pen, size=(640, 480), scale=300, corner=(90, 60), noise=5.0):
    """The digit in grays from ``paper`` to ``pen``, with a shadow over the right of the picture."""
    ink = np.zeros(size[::-1])
    large = Image.fromarray(digit).resize((scale, scale), Image.Resampling.BICUBIC)
    x, y = corner
    ink[y : y + scale, x : x + scale] = np.asarray(large) / 255
    light = np.where(np.arange(size[0]) > size[0] * 0.7, 0.6, 1.0)
    values = (paper + (pen - paper) * ink) * light
    values += np.random.default_rng(0).normal(0, noise, values.shape)
    picture = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    return picture.filter(ImageFilter.GaussianBlur(1.5))


def likeness(read, digit):
    """The correlation of the prepared picture with the digit as MNIST holds it."""
    return np.corrcoef(read.ravel(), digit.ravel())[0, 1]


@pytest.mark.parametrize(("paper", "pen"), [(220, 40), (160, 90), (30, 230)])
def test_photos_become_the_digits_they_show(digits, tmp_path, paper, pen):
    path = tmp_path / "photo.jpg"
    found = []
    for digit in digits[:12]:
        photo(digit, paper, pen).convert("RGB").save(path)
        found.append(likeness(read_image(path, "mnist"), digit))
    assert np.median(found) > 0.9
    assert min(found) > 0.75


def test_an_image_of_the_data_set_is_taken_as_it_is(digits, tmp_path):
    path = tmp_path / "digit.png"
    Image.fromarray(digits[0]).save(path)
    assert np.array_equal(np.round(read_image(path, "mnist") * 255), digits[0])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_image(digits, tmp_path, mode):
    gray = photo(digits[0], 230, 20, noise=0.0)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(gray).astype(np.uint16) * 200)
    else:
        image = gray.convert(mode)
    path = tmp_path / ("image.jpg" if mode == "CMYK" else "image.png")
    image.save(path)
    assert likeness(read_image(path, "mnist"), digits[0]) > 0.8


def test_transparent_paper_is_white(digits, tmp_path):
    alpha = np.kron(digits[0], np.ones((8, 8), np.uint8))
    image = Image.fromarray(np.dstack([np.zeros_like(alpha)] * 3 + [alpha]))
    image.save(tmp_path / "image.png")
    assert likeness(read_image(tmp_path / "image.png", "mnist"), digits[0]) > 0.9


def test_the_orientation_of_a_photo_is_heeded(digits, tmp_path):
    upright = photo(digits[0], 220, 40).convert("RGB")
    upright.save(tmp_path / "upright.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    first = read_image(tmp_path / "upright.png", "mnist")
    assert likeness(first, read_image(tmp_path / "turned.png", "mnist")) > 0.99


def test_clothes_keep_their_shades(tmp_path):
    shape = np.full((300, 200), 250, np.uint8)
    shape[50:250, 60:140] = 120
    shape[50:150, 60:140] = 60
    Image.fromarray(shape).save(tmp_path / "coat.png")
    read = read_image(tmp_path / "coat.png", "fashion-mnist")
    assert read[5, 14] > read[22, 14] > 0.5
    assert read[:, 0].max() == 0
    assert read[0, 14] > 0.5
    assert read[27, 14] > 0.5


def test_images_that_cannot_be_read(tmp_path):
    def refusal(name):
        with pytest.raises(CommandError) as caught:
            read_image(tmp_path / name, "mnist")
        return str(caught.value)

    assert "there is no image" in refusal("nothing.png")
    (tmp_path / "text.png").write_text("no image at all")
    assert "not an image" in refusal("text.png")
    Image.new("L", (200, 200), 255).save(tmp_path / "blank.png")
    assert "shows nothing" in refusal("blank.png")
    whole = (tmp_path / "blank.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    assert "cannot read the image" in refusal("half.png")
    assert "cannot read the image" in refusal(".")


def test_probabilities_of_all_classes_most_probable_first(
    command, refused, small_data, digits, tmp_path
):
    command("train", "--model", "mlp", "--epochs", 6, "--out", "run")
    photo(digits[0], 220, 40).save(tmp_path / "seven.jpg")
    lines = command("predict", "run", "seven.jpg").stdout.splitlines()
    assert lines[0] == "seven.jpg: 7"
    shares = [float(line.split()[1].rstrip("%")) for line in lines[1:]]
    assert len(shares) == 10
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.1)
    assert sorted(line.split()[0] for line in lines[1:]) == list("0123456789")
    assert len(command("predict", "run", "seven.jpg", "--top", 3).stdout.splitlines()) == 4
    assert "there is no image six.jpg" in refused("predict", "run", "six.jpg", "seven.jpg")
    assert "there is no run folder" in refused("predict", "nowhere", "seven.jpg", code=2)
