"""Image files, grids and boxes."""

from __future__ import annotations

import io as bytes_io

import numpy as np
import pytest
from PIL import Image

import rushlight
from rushlight.vision import io, utils
from rushlight.vision.io import ImageReadMode


def colours(height=5, width=7, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return rushlight.from_numpy(rng.integers(0, 256, (channels, height, width), dtype=np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_png_round_trip(tmp_path, channels):
    image = colours(channels=channels)
    path = tmp_path / "image.png"
    io.write_png(image, str(path))
    assert rushlight.equal(io.read_image(str(path)), image)
    assert rushlight.equal(io.decode_image(path), image)
    assert rushlight.equal(io.decode_png(io.read_file(path)), image)
    assert rushlight.equal(io.decode_png(io.encode_png(image, 0)), image)


def test_jpeg(tmp_path):
    image = rushlight.full((3, 16, 16), 100, dtype=rushlight.uint8)
    path = tmp_path / "image.jpg"
    io.write_jpeg(image, str(path), quality=95)
    read = io.read_image(path)
    assert read.dtype is rushlight.uint8
    assert np.abs(read.numpy().astype(int) - 100).max() <= 2
    assert io.decode_jpeg([io.read_file(path)], mode="GRAY")[0].shape == (1, 16, 16)


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("UNCHANGED", 4), ("GRAY", 1), ("GRAY_ALPHA", 2), ("RGB", 3), ("RGB_ALPHA", 4), ("RGBA", 4)],
)
def test_modes(tmp_path, mode, channels):
    path = tmp_path / "image.png"
    Image.new("RGBA", (3, 2), (10, 20, 30, 40)).save(path)
    for given in (ImageReadMode[mode], mode.lower()):
        assert io.read_image(path, given).shape == (channels, 2, 3)


def test_palette_and_bilevel_and_sixteen_bits(tmp_path):
    path = tmp_path / "image.png"
    Image.new("RGB", (3, 2), (10, 20, 30)).quantize(4).save(path)
    assert io.read_image(path)[:, 0, 0].tolist() == [10, 20, 30]
    Image.new("1", (3, 2), 1).save(path)
    assert io.read_image(path).tolist() == [[[255] * 3] * 2]
    Image.fromarray(np.array([[0, 300, 65535]], np.uint16)).save(path)
    deep = io.read_image(path)
    assert deep.dtype is rushlight.uint16
    assert deep.tolist() == [[[0, 300, 65535]]]
    assert io.read_image(path, ImageReadMode.GRAY).tolist() == [[[0, 1, 255]]]


def test_exif_orientation(tmp_path):
    path = tmp_path / "image.png"
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("L", (3, 2)).save(path, exif=exif)
    assert io.read_image(path).shape == (1, 2, 3)
    assert io.read_image(path, apply_exif_orientation=True).shape == (1, 3, 2)


def test_gif():
    buffer = bytes_io.BytesIO()
    frames = [Image.new("L", (3, 2), value) for value in (0, 128, 255)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    data = rushlight.tensor(np.frombuffer(buffer.getvalue(), np.uint8).copy())
    assert io.decode_gif(data).shape == (3, 3, 2, 3)


def test_errors(tmp_path):
    with pytest.raises(RuntimeError, match="No such file"):
        io.read_image(str(tmp_path / "nothing.png"))
    broken = tmp_path / "broken.png"
    io.write_png(colours(40, 40), str(broken))
    broken.write_bytes(broken.read_bytes()[:-200])
    with pytest.raises(RuntimeError, match="corrupt or truncated"):
        io.read_image(broken)
    noise = rushlight.arange(100, dtype=rushlight.uint8)
    with pytest.raises(RuntimeError, match="is not a PNG image"):
        io.decode_png(noise)
    with pytest.raises(RuntimeError, match="non empty 1-dimensional"):
        io.decode_image(noise.float())
    with pytest.raises(RuntimeError, match="number of channels"):
        io.encode_png(colours(channels=4))
    with pytest.raises(RuntimeError, match="uint8"):
        io.encode_jpeg(rushlight.ones(3, 2, 2))
    with pytest.raises(ValueError, match="between 1 and 100"):
        io.encode_jpeg(colours(), 0)
    with pytest.raises(RuntimeError, match="1-dimensional"):
        io.write_file(tmp_path / "x", colours())


def test_make_grid():
    images = rushlight.arange(5).reshape(5, 1, 1, 1).float()
    grid = utils.make_grid(images, nrow=2, padding=1, pad_value=9.0)
    assert grid.shape == (3, 7, 5)
    expected = [
        [9] * 5,
        [9, 0, 9, 1, 9],
        [9] * 5,
        [9, 2, 9, 3, 9],
        [9] * 5,
        [9, 4, 9, 9, 9],
        [9] * 5,
    ]
    assert grid[1].tolist() == expected
    assert utils.make_grid(list(images), nrow=2, padding=1, pad_value=9.0).tolist() == grid.tolist()
    assert utils.make_grid(images, 5, 0, normalize=True)[0].tolist() == [[0, 0.25, 0.5, 0.75, 1]]
    clipped = utils.make_grid(images, 5, 0, normalize=True, value_range=(1, 3))
    assert clipped[0].tolist() == [[0, 0, 0.5, 1, 1]]
    assert utils.make_grid(rushlight.ones(4, 6)).shape == (3, 4, 6)
    single = rushlight.ones(1, 3, 2, 2)
    utils.make_grid(single).zero_()
    assert float(single.sum()) == 12
    with pytest.raises(TypeError, match="tensor or list of tensors expected"):
        utils.make_grid(3)
    with pytest.raises(TypeError, match="list containing"):
        utils.make_grid([3])
    with pytest.raises(TypeError, match="value_range has to be a tuple"):
        utils.make_grid(images, normalize=True, value_range=[0, 1])


def test_save_image(tmp_path):
    path = tmp_path / "grid.png"
    utils.save_image(rushlight.tensor([[[0.0, 0.5, 2.0]]]), path)
    assert io.read_image(path)[0].tolist() == [[0, 128, 255]]
    buffer = bytes_io.BytesIO()
    utils.save_image(rushlight.ones(4, 3, 2, 2), buffer, format="png", nrow=2, padding=0)
    assert Image.open(buffer).size == (4, 4)


def test_draw_bounding_boxes():
    image = rushlight.zeros(3, 10, 12, dtype=rushlight.uint8)
    boxes = rushlight.tensor([[1, 2, 5, 6], [0, 0, 11, 9]])
    drawn = utils.draw_bounding_boxes(image, boxes, colors=["red", (0, 0, 255)])
    assert drawn[:, 2, 3].tolist() == [255, 0, 0]
    assert drawn[:, 0, 3].tolist() == [0, 0, 255]
    assert drawn[:, 4, 3].tolist() == [0, 0, 0]
    assert int(image.max()) == 0
    filled = utils.draw_bounding_boxes(image.float(), boxes[:1], ["x"], "red", fill=True)
    assert filled.dtype is rushlight.float32
    assert 0 < float(filled[0, 4, 4]) < 1
    with pytest.raises(ValueError, match="mismatch"):
        utils.draw_bounding_boxes(image, boxes, ["one"])
    with pytest.raises(ValueError, match="xmin, ymin, xmax, ymax"):
        utils.draw_bounding_boxes(image, boxes.flip(1))
    with pytest.warns(UserWarning, match="No box was drawn"):
        assert utils.draw_bounding_boxes(image, boxes[:0]) is image


def test_draw_segmentation_masks():
    image = rushlight.full((3, 2, 2), 100, dtype=rushlight.uint8)
    masks = rushlight.tensor([[[True, False], [True, False]], [[True, True], [False, False]]])
    out = utils.draw_segmentation_masks(image, masks, alpha=0.5, colors=["red", "blue"])
    assert out[:, 1, 0].tolist() == [177, 50, 50]
    assert out[:, 0, 1].tolist() == [50, 50, 177]
    assert out[:, 0, 0].tolist() == [50, 50, 50]
    assert out[:, 1, 1].tolist() == [100, 100, 100]
