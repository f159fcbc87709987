"""The loud scenes of the made-up film: neon and speed."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from .canvas import (
    HEIGHT,
    WIDTH,
    Layer,
    Pixels,
    Scene,
    add,
    drawn,
    glow,
    gradient,
    random,
    sheet,
)


def tunnel() -> Scene:
    """A drive through neon light. Fast, saturated."""
    y, x = np.mgrid[0 : HEIGHT // 2, 0 : WIDTH // 2].astype(np.float32)
    x, y = (x - 240) / 240, (y - 135) / 135
    radius = np.maximum(np.abs(x), np.abs(y) * 1.05) + 0.015
    depth = (np.log(radius) * -74).astype(np.int32)
    side = ((np.arctan2(y, x) / (2 * pi) + 0.5) * 24).astype(np.int32)
    shade = np.clip(radius * 1.25, 0, 1)[:, :, None] ** 0.9
    places = np.arange(256)
    bars = ((places % 32) < 9).astype(np.float32)
    edge = ((places % 64) < 4).astype(np.float32)
    table = np.stack([16 + 230 * bars * (places < 128) + 150 * edge, 12 + 90 * bars + 150 * edge,
                      48 + 200 * bars + 60 * edge], axis=1).clip(0, 255).astype(np.float32)  # fmt: skip
    core = glow(150, (235, 245, 255), 2.6)

    def draw(frame: int) -> Pixels:
        index = (depth + frame * 7 + (side % 2) * 16 + (side // 3 + frame // 6) % 4 * 64) & 255
        small = Image.fromarray((table[index] * shade).astype(np.uint8))
        canvas = np.array(small.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))
        add(canvas, core, 480, 270, 0.7 + 0.3 * sin(frame * 0.9))
        return canvas

    return draw


def _towers(seed: int, base: Pixels, lowest: int, tallest: int, dark: tuple[int, int, int]) -> Layer:
    chance = random(seed)
    image, pen = sheet(1920, HEIGHT, 1)
    x = 0
    palette = [(255, 208, 120), (110, 230, 255), (255, 110, 210), (240, 240, 255)]
    while x < 1920:
        width, height = int(chance.integers(50, 130)), int(chance.integers(lowest, tallest))
        top = 430 - height
        pen.rectangle((x, top, min(x + width, 1919), 430), fill=(*dark, 255))
        colour = palette[int(chance.integers(len(palette)))]
        for row in range(top + 10, 420, 14):
            for column in range(x + 7, min(x + width, 1919) - 8, 12):
                if chance.random() < 0.45:
                    pen.rectangle((column, row, column + 5, row + 7), fill=(*colour, 255))
        if chance.random() < 0.35:
            pen.rectangle((x + 4, top - 4, x + width - 4, top - 1), fill=(255, 70, 160, 255))
        x += width + int(chance.integers(0, 26))
    return drawn(image)


def skyline() -> Scene:
    """A city at night from a fast train, mirrored in wet ground."""
    sky = gradient([(0, (22, 10, 52)), (0.5, (84, 22, 110)), (0.8, (214, 60, 140)), (1, (250, 120, 140))])
    layers = [(_towers(52, sky, 120, 300, (42, 22, 78)), 5), (_towers(53, sky, 60, 220, (18, 12, 40)), 13)]
    streak = glow(90, (255, 230, 190), 1.5)[80:100]

    def draw(frame: int) -> Pixels:
        canvas = sky.copy()
        for layer, speed in layers:
            layer.draw(canvas, frame * speed)
        wet = canvas[320:430][::-1].astype(np.uint16)
        canvas[430:] = (wet * np.array((100, 110, 140), np.uint16) >> 8).astype(np.uint8)
        for lamp in range(4):
            add(canvas, streak, (lamp * 330 - frame * 41) % 1300 - 150, 452 + lamp % 2 * 34)
        return canvas

    return draw


def rings() -> Scene:
    """Turning shapes on bright colours that change every quarter second. Fast and bright."""
    grounds = [(255, 214, 60), (255, 246, 226), (90, 226, 220), (255, 128, 96)]
    inks = [(230, 40, 90), (40, 60, 210), (255, 255, 255), (40, 30, 70)]

    def draw(frame: int) -> Pixels:
        step = frame // 6
        picture = Image.new("RGB", (WIDTH, HEIGHT), grounds[step % 4])
        pen = ImageDraw.Draw(picture)
        for ring in range(7, 0, -1):
            corners = 3 + (step + ring) % 4
            radius = (ring * 62 + frame * 9) % 460 + 20
            turn = frame * 0.09 * (1 if ring % 2 else -1) + ring
            angles = [turn + 2 * pi * corner / corners for corner in range(corners)]
            points = [(480 + radius * cos(angle) * 1.1, 270 + radius * sin(angle)) for angle in angles]
            pen.polygon(points, outline=inks[(step + ring) % 4], width=18)
        x = (frame * 37) % 1200 - 120
        pen.ellipse((x - 60, 210, x + 60, 330), fill=inks[(step + 1) % 4])
        return np.array(picture)

    return draw
