"""Brushes of the made-up film: gradients, ridges, glows and layers that slide, all on numpy and Pillow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 960, 540
FPS = 24

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Colour = tuple[int, int, int]
# Called with its frame number, gives (540, 960, 3) RGB. Pure: a frame's picture depends on its number alone.
Scene = Callable[[int], Pixels]


def random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def gradient(stops: Sequence[tuple[float, Colour]], height: int = HEIGHT, width: int = WIDTH) -> Pixels:
    """A vertical gradient (height, width, 3); stops are (0 top .. 1 bottom, colour)."""
    places = np.linspace(0, 1, height)
    at = [stop for stop, _ in stops]
    columns = [np.interp(places, at, [colour[channel] for _, colour in stops]) for channel in range(3)]
    # A little noise keeps an 8-bit sky from showing steps.
    noise = random(1).random((height, width, 1)) - 0.5
    return np.clip(np.stack(columns, axis=1)[:, None, :] + noise + 0.5, 0, 255).astype(np.uint8)


def glow(radius: int, colour: Colour, power: float = 2.0) -> Floats:
    """A soft round light (2 radius, 2 radius, 3) to be added."""
    axis = (np.arange(2 * radius) + 0.5 - radius) / radius
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    light = np.clip(1 - distance, 0, 1) ** power
    out: Floats = (light[:, :, None] * np.array(colour)).astype(np.float32)
    return out


def add(canvas: Pixels, light: Floats, x: float, y: float, strength: float = 1.0) -> None:
    """Add a light centred at (x, y), clipped to the canvas, in place."""
    height, width = light.shape[:2]
    left, top = round(x) - width // 2, round(y) - height // 2
    x0, x1 = max(0, left), min(canvas.shape[1], left + width)
    y0, y1 = max(0, top), min(canvas.shape[0], top + height)
    if x0 < x1 and y0 < y1:
        part = canvas[y0:y1, x0:x1]
        lit = part + light[y0 - top : y1 - top, x0 - left : x1 - left] * np.float32(strength)
        part[:] = np.minimum(lit, 255)


def ridge(seed: int, width: int, base: float, swing: float, roughness: float, period: int = 0) -> Floats:
    """Heights of a skyline of hills, in pixels from the top. It repeats after `period` pixels if given."""
    chance = random(seed)
    x = np.arange(width)
    out = np.full(width, base, np.float64)
    for octave in range(1, 8):
        wave = (period or width) / octave**1.35
        if period:
            wave = period / max(1, round(period / wave))
        out += swing * roughness ** (octave - 1) * np.sin(2 * np.pi * x / wave + chance.uniform(0, 2 * np.pi))
    heights: Floats = out.astype(np.float32)
    return heights


class Layer:
    """A picture with a shape, wider than the frame, that slides behind or before others.

    Only rows from `top` on are kept, since a layer rarely reaches the sky.
    """

    def __init__(self, colours: Pixels, alpha: Floats) -> None:
        rows = np.flatnonzero(alpha.max(axis=1) > 0)
        self.top = int(rows[0]) if len(rows) else 0
        self.bottom = int(rows[-1]) + 1 if len(rows) else 0
        self._inverse = (256 - np.rint(alpha[self.top : self.bottom] * 256)).astype(np.uint16)[:, :, None]
        self._ink = (colours[self.top : self.bottom] * alpha[self.top : self.bottom, :, None]).astype(
            np.uint8
        )
        self._width = alpha.shape[1]

    def draw(self, canvas: Pixels, offset: int, drop: int = 0) -> None:
        """Lay over the canvas, shifted left by `offset` (it comes round again) and down by `drop`."""
        columns = (np.arange(canvas.shape[1]) + offset) % self._width
        top, bottom = max(0, self.top + drop), min(canvas.shape[0], self.bottom + drop)
        if top >= bottom:
            return
        rows = slice(top - drop - self.top, bottom - drop - self.top)
        start = int(columns[0])
        if start + canvas.shape[1] <= self._width:
            across: slice | npt.NDArray[np.int64] = slice(start, start + canvas.shape[1])
        else:
            across = columns
        part = canvas[top:bottom]
        part[:] = ((part * self._inverse[rows, across]) >> 8) + self._ink[rows, across]


def hills(heights: Floats, upper: Colour, lower: Colour, haze: int = 160) -> Layer:
    """Everything under a ridge, shaded from its edge down, with a soft edge."""
    width = len(heights)
    y = np.arange(HEIGHT, dtype=np.float32)[:, None]
    depth = y - heights[None, :]
    share = np.clip(depth / haze, 0, 1)[:, :, None]
    colours = (1 - share) * np.array(upper) + share * np.array(lower)
    return Layer(
        colours.astype(np.uint8), np.clip(depth + 0.5, 0, 1).astype(np.float32).reshape(HEIGHT, width)
    )


def drawn(image: Image.Image) -> Layer:
    """A layer from an RGBA drawing."""
    pixels = np.asarray(image)
    return Layer(pixels[:, :, :3], (pixels[:, :, 3] / 255).astype(np.float32))


def sheet(
    width: int = WIDTH, height: int = HEIGHT, scale: int = 2
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A transparent drawing, `scale` times too large: `settled` makes its edges smooth."""
    image = Image.new("RGBA", (width * scale, height * scale), (0, 0, 0, 0))
    return image, ImageDraw.Draw(image)


def settled(image: Image.Image, scale: int = 2) -> Image.Image:
    return image.resize((image.width // scale, image.height // scale), Image.Resampling.BOX)


def text_mask(text: str, size: int, spacing: int) -> Floats:
    """Letters with wide spacing as coverage 0..1, tightly cropped."""
    font = ImageFont.load_default(size)
    widths = [font.getlength(letter) for letter in text]
    image = Image.new("L", (int(sum(widths) + spacing * len(text)) + 8, size * 2), 0)
    pen = ImageDraw.Draw(image)
    x = 4.0
    for letter, width in zip(text, widths, strict=True):
        pen.text((x, size * 0.3), letter, fill=255, font=font)
        x += width + spacing
    box = image.getbbox() or (0, 0, 1, 1)
    mask: Floats = (np.asarray(image.crop(box)) / 255).astype(np.float32)
    return mask


def stars(
    seed: int, count: int, lowest: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats, Floats]:
    """Columns, rows, brightness 20..230 and twinkling phase."""
    chance = random(seed)
    brightness = (20 + 210 * chance.random(count) ** 3).astype(np.float32)
    phase = chance.uniform(0, 2 * np.pi, count).astype(np.float32)
    return chance.integers(1, WIDTH - 1, count), chance.integers(1, lowest, count), brightness, phase


def twinkle(
    canvas: Pixels,
    sky: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats, Floats],
    seconds: float,
) -> None:
    x, y, brightness, phase = sky
    light = brightness * (0.75 + 0.25 * np.sin(seconds * 3 + phase))
    big = brightness > 120
    for dx, dy, share in ((0, 0, 1.0), (1, 0, 0.45), (0, 1, 0.45), (-1, 0, 0.45), (0, -1, 0.45)):
        chosen = slice(None) if (dx, dy) == (0, 0) else big
        rows, columns = y[chosen] + dy, x[chosen] + dx
        lit = canvas[rows, columns] + (light[chosen] * share)[:, None]
        canvas[rows, columns] = np.minimum(lit, 255).astype(np.uint8)
