"""The quiet scenes of the made-up film: a night by the sea, and the title."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
from PIL import Image

from .canvas import (
    FPS,
    HEIGHT,
    WIDTH,
    Floats,
    Pixels,
    Scene,
    add,
    drawn,
    glow,
    gradient,
    hills,
    ridge,
    settled,
    sheet,
    stars,
    text_mask,
    twinkle,
)


def _night_sky() -> Pixels:
    return gradient([(0, (5, 9, 24)), (0.45, (12, 28, 58)), (0.62, (26, 52, 84)), (1, (8, 18, 34))])


def sea() -> Scene:
    """Moon over water, a small boat with a lantern. Slow and dark."""
    sky, field, horizon = _night_sky(), stars(3, 260, 300), 330
    moon, halo = glow(34, (250, 244, 220), 0.22), glow(240, (70, 86, 120), 2.2)
    rows = np.arange(HEIGHT - horizon, dtype=np.float32)[:, None]
    columns = np.arange(WIDTH, dtype=np.float32)[None, :]
    water = gradient([(0, (30, 56, 88)), (0.3, (14, 32, 58)), (1, (4, 10, 22))], HEIGHT - horizon)
    image, pen = sheet(140, 120)
    pen.polygon([(40, 176), (240, 176), (210, 214), (76, 214)], fill=(6, 9, 16, 255))
    pen.line([(140, 30), (140, 176)], fill=(6, 9, 16, 255), width=5)
    pen.polygon([(148, 36), (148, 164), (222, 164)], fill=(16, 22, 34, 255))
    boat = settled(image)
    lantern = glow(46, (255, 170, 70), 2.5)

    def draw(frame: int) -> Pixels:
        seconds = frame / FPS
        canvas = sky.copy()
        twinkle(canvas, field, seconds)
        add(canvas, halo, 640, 120)
        add(canvas, moon, 640, 120)
        swell = np.sin(
            rows * 0.55 / (1 + rows * 0.012) - seconds * 2.2 + 0.8 * np.sin(columns * 0.011 + seconds * 0.7)
        )
        centre = 640 + 10 * np.sin(rows * 0.21 + seconds * 1.7)
        width = 16 + rows * 0.42
        path = np.clip(1 - np.abs(columns - centre) / width, 0, 1) * np.clip(swell + 0.35, 0, 1)
        lit = water + (swell * 7)[:, :, None] + path[:, :, None] * np.array((190, 190, 170), np.float32)
        canvas[horizon:] = np.clip(lit, 0, 255)
        picture = Image.fromarray(canvas)
        x, y = round(150 + frame * 1.0), round(300 + 4 * sin(seconds * 1.6))
        picture.paste(boat, (x, y), boat)
        out = np.array(picture)
        add(out, lantern, x + 50, y + 78, 0.8 + 0.2 * sin(seconds * 9))
        return out

    return draw


def lighthouse() -> Scene:
    """A lighthouse on a cliff, its beam turning. Dark, one slow strong movement."""
    sky, field = _night_sky(), stars(5, 320, 420)
    cliff = hills(
        ridge(8, WIDTH, 470, 26, 0.55) - np.linspace(-60, 90, WIDTH, dtype=np.float32),
        (14, 22, 34),
        (3, 5, 9),
    )
    image, pen = sheet()
    pen.polygon([(1392, 300), (1456, 300), (1480, 860), (1368, 860)], fill=(20, 28, 40, 255))
    for y in (400, 560, 720):
        left, right = 1386 - y // 40, 1462 + y // 40
        pen.polygon([(left, y), (right, y), (right + 2, y + 60), (left - 2, y + 60)], fill=(44, 30, 40, 255))
    pen.rectangle((1380, 286, 1468, 302), fill=(8, 12, 18, 255))
    pen.rectangle((1400, 236, 1448, 288), fill=(255, 226, 150, 255))
    pen.polygon([(1390, 238), (1458, 238), (1424, 204)], fill=(8, 12, 18, 255))
    tower = drawn(settled(image))
    lamp, at = glow(120, (255, 220, 140), 2.4), (712, 131)
    # The beam is soft: a quarter of the size is drawn, then enlarged.
    y, x = np.mgrid[0 : HEIGHT // 4, 0 : WIDTH // 4].astype(np.float32) * 4
    angle = np.arctan2((y - at[1]) * 2.6, x - at[0])
    reach = 1 / (1 + np.hypot(x - at[0], y - at[1]) / 420)

    def draw(frame: int) -> Pixels:
        seconds = frame / FPS
        canvas = sky.copy()
        twinkle(canvas, field, seconds)
        cliff.draw(canvas, 0)
        turn = seconds * 1.35 + 2.2
        beam: Floats = np.zeros_like(angle)
        for side in (0, pi):
            beam += np.clip(np.cos(angle - turn - side), 0, 1) ** 160 * (0.55 + 0.45 * cos(turn + side))
        small = Image.fromarray(np.minimum(beam * reach * 190, 255).astype(np.uint8))
        light = np.asarray(small.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)).astype(np.uint16)[
            :, :, None
        ]
        canvas = np.minimum(canvas + (light * np.array((255, 235, 174), np.uint16) >> 8), 255).astype(
            np.uint8
        )
        tower.draw(canvas, 0)
        add(canvas, lamp, *at, 0.75 + 0.25 * cos(2 * turn))
        return canvas

    return draw


def title(text: str = "THE LONG WAY HOME") -> Scene:
    """White letters before a deep blue, a light passing over them."""
    back = gradient([(0, (7, 10, 26)), (0.55, (18, 30, 66)), (1, (6, 8, 20))])
    field = stars(11, 180, HEIGHT - 2)
    mask = text_mask(text, 52, 14)
    height, width = mask.shape
    top, left = (HEIGHT - height) // 2 - 10, (WIDTH - width) // 2
    columns = np.arange(width, dtype=np.float32)
    rule = np.abs(np.linspace(-1, 1, width, dtype=np.float32))
    halo = glow(300, (46, 60, 120), 1.6)

    def draw(frame: int) -> Pixels:
        seconds = frame / FPS
        canvas = back.copy()
        twinkle(canvas, field, seconds)
        add(canvas, halo, WIDTH / 2, HEIGHT / 2, 0.7)
        shown = min(1.0, seconds / 0.5)
        sweep = np.exp(-(((columns - width * (seconds / 2.2)) / 70) ** 2))
        ink = np.array((205, 214, 235), np.float32) + sweep[:, None] * np.array((50, 41, 20), np.float32)
        cover = (mask * shown)[:, :, None]
        part = canvas[top : top + height, left : left + width]
        part[:] = (part * (1 - cover) + ink[None] * cover).astype(np.uint8)
        grown = min(1.0, seconds / 1.2)
        line = canvas[top + height + 26 : top + height + 28, left : left + width]
        line[:] = np.where((rule < grown)[None, :, None], np.array((120, 140, 190)), line)
        return canvas

    return draw
