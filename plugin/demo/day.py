"""The scenes of the made-up film by daylight: the way through desert and forest, and home."""

from __future__ import annotations

from math import pi, sin

import numpy as np
from PIL import Image, ImageDraw

from .canvas import (
    FPS,
    HEIGHT,
    WIDTH,
    Pixels,
    Scene,
    add,
    drawn,
    glow,
    gradient,
    hills,
    random,
    ridge,
    settled,
    sheet,
)


def _sun_sky() -> Pixels:
    return gradient(
        [(0, (246, 190, 112)), (0.4, (253, 216, 150)), (0.62, (255, 236, 196)), (1, (240, 190, 120))]
    )


def dunes() -> Scene:
    """A desert in the morning, the camera travelling. Bright and warm."""
    sky = _sun_sky()
    sun, halo = glow(66, (255, 250, 226), 0.18), glow(330, (120, 90, 40), 1.8)
    layers = [
        (hills(ridge(21, 1920, 352, 26, 0.5, 1920), (232, 164, 96), (214, 140, 82)), 1),
        (hills(ridge(22, 1920, 400, 34, 0.42, 1920), (216, 134, 66), (184, 104, 52)), 3),
        (hills(ridge(23, 1920, 470, 38, 0.4, 1920), (178, 92, 42), (120, 56, 28)), 7),
    ]

    def draw(frame: int) -> Pixels:
        canvas = sky.copy()
        add(canvas, halo, 300, 190)
        add(canvas, sun, 300, 190 - frame * 0.15)
        for layer, speed in layers:
            layer.draw(canvas, frame * speed)
        return canvas

    return draw


def train() -> Scene:
    """A train on a viaduct, smoke behind it. Bright, a quick object in a still picture."""
    sky = gradient(
        [(0, (120, 190, 232)), (0.5, (190, 226, 240)), (0.68, (250, 238, 208)), (1, (236, 200, 140))]
    )
    far = hills(ridge(31, 1920, 356, 30, 0.5, 1920), (198, 176, 150), (206, 168, 116))
    near = hills(ridge(32, 1920, 488, 20, 0.45, 1920), (186, 118, 56), (128, 70, 34))
    image, pen = sheet(1920, HEIGHT, 1)
    pen.rectangle((0, 352, 1920, 372), fill=(112, 74, 56, 255))
    for x in range(0, 1920, 96):
        pen.rectangle((x, 372, x + 22, 540), fill=(96, 62, 48, 255))
        pen.pieslice((x + 22, 366, x + 96, 430), 180, 360, fill=(112, 74, 56, 255))
        pen.pieslice((x + 28, 376, x + 90, 436), 180, 360, fill=(0, 0, 0, 0))
    bridge = drawn(image)
    cars, pen = sheet(900, 90)
    for car in range(7):
        left = 250 + car * 220
        pen.rounded_rectangle((left, 60, left + 206, 160), 12, fill=(150, 38, 36, 255))
        for window in range(5):
            pen.rectangle(
                (left + 14 + window * 38, 80, left + 40 + window * 38, 112), fill=(255, 232, 178, 255)
            )
        pen.rectangle((left, 130, left + 206, 138), fill=(226, 196, 140, 255))
    pen.rounded_rectangle((30, 70, 238, 160), 16, fill=(34, 34, 42, 255))
    pen.rectangle((160, 36, 238, 90), fill=(34, 34, 42, 255))
    pen.rectangle((58, 24, 84, 74), fill=(24, 24, 30, 255))
    for wheel in range(20):
        pen.ellipse((40 + wheel * 90, 148, 72 + wheel * 90, 176), fill=(20, 20, 24, 255))
    cars = settled(cars)
    puff = glow(60, (104, 74, 56), 1.4)

    def draw(frame: int) -> Pixels:
        canvas = sky.copy()
        far.draw(canvas, frame)
        bridge.draw(canvas, frame)
        picture = Image.fromarray(canvas)
        x = WIDTH - 120 - frame * 11
        picture.paste(cars, (x, 268), cars)
        canvas = np.array(picture)
        for age in range(16):
            add(canvas, puff, x + 40 + age * 26, 268 - age * 9 + 6 * sin(age + frame * 0.3), 0.9 - age * 0.05)
        near.draw(canvas, frame * 3)
        return canvas

    return draw


def birds() -> Scene:
    """A flock before a red evening sky. Many small quick movements."""
    sky = gradient([(0, (92, 40, 96)), (0.4, (214, 82, 84)), (0.7, (250, 150, 80)), (1, (255, 206, 120))])
    chance = random(41)
    place = chance.normal(0, 1, (46, 2)) * (170, 74)
    beat = chance.uniform(0, 2 * pi, 46)
    size = chance.uniform(6, 15, 46)
    sun = glow(170, (120, 90, 40), 1.2)
    land = hills(ridge(42, 1920, 496, 16, 0.5, 1920), (70, 30, 48), (34, 16, 30))

    def draw(frame: int) -> Pixels:
        canvas = sky.copy()
        add(canvas, sun, 480, 440)
        picture = Image.fromarray(canvas)
        pen = ImageDraw.Draw(picture)
        for (dx, dy), phase, span in zip(place, beat, size, strict=True):
            x = 120 + dx + frame * 7 + 14 * sin(phase + frame * 0.08)
            y = 230 + dy + 10 * sin(phase * 3 + frame * 0.11)
            lift = span * 0.8 * sin(phase + frame * 0.9)
            pen.line(
                [(x - span, y - lift), (x, y), (x + span, y - lift)],
                fill=(38, 16, 34),
                width=3,
                joint="curve",
            )
        out = np.array(picture)
        land.draw(out, frame * 2)
        return out

    return draw


def forest() -> Scene:
    """Between trees in the mist, with fireflies. Green, calm."""
    mist = gradient([(0, (150, 190, 150)), (0.5, (110, 160, 120)), (1, (34, 66, 46))])
    layers = []
    for seed, count, width, colour, speed in (
        (61, 24, 16, (88, 134, 102), 1),
        (62, 15, 30, (48, 88, 66), 2),
        (63, 8, 60, (18, 40, 32), 5),
    ):
        chance = random(seed)
        image, pen = sheet(1920, HEIGHT, 1)
        for tree in range(count):
            x = int(tree * 1920 / count + chance.integers(0, 40))
            lean = int(chance.integers(-14, 14))
            foot = width // 3
            trunk = [(x, 0), (x + width, 0), (x + width + foot + lean, 540), (x - foot + lean, 540)]
            pen.polygon(trunk, fill=(*colour, 255))
            for _ in range(3):
                y = int(chance.integers(20, 300))
                out = int(chance.integers(40, 110)) * (1 if chance.random() < 0.5 else -1)
                pen.line(
                    [(x + width // 2, y + 30), (x + width // 2 + out, y)],
                    fill=(*colour, 255),
                    width=max(3, width // 6),
                )
        layers.append((drawn(image), speed))
    ground = hills(ridge(64, 1920, 490, 10, 0.6, 1920), (24, 48, 32), (8, 20, 14), 60)
    chance = random(65)
    fly = glow(20, (230, 255, 120), 2.2)
    flies = chance.uniform(0, 1, (26, 4))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    shafts = (np.clip(np.sin((x + y * 0.6) * 0.021) - 0.45, 0, 1) * np.clip(1 - y / 520, 0, 1) * 90)[
        :, :, None
    ]
    air: Pixels = np.minimum(mist + shafts * np.array((1, 0.95, 0.6), np.float32), 255).astype(np.uint8)

    def draw(frame: int) -> Pixels:
        seconds = frame / FPS
        canvas = air.copy()
        for layer, speed in layers:
            layer.draw(canvas, frame * speed)
        ground.draw(canvas, frame * 5)
        for a, b, c, d in flies:
            x = (a * WIDTH + 60 * sin(seconds * (0.4 + c) + d * 6)) % WIDTH
            y = 180 + b * 300 + 30 * sin(seconds * (0.6 + d) + c * 6)
            add(canvas, fly, x, y, max(0.0, sin(seconds * (1 + c) + b * 20)))
        return canvas

    return draw


def home() -> Scene:
    """Mountains at dawn and a house with light in it; the sun comes up while we watch."""
    sky = gradient(
        [(0, (86, 110, 176)), (0.4, (200, 160, 186)), (0.6, (255, 200, 160)), (1, (255, 226, 180))]
    )
    ranges = [
        (hills(ridge(71, 1920, 300, 62, 0.6, 1920), (148, 128, 170), (196, 160, 178)), 0),
        (hills(ridge(72, 1920, 366, 44, 0.55, 1920), (104, 92, 138), (150, 116, 140)), 1),
        (hills(ridge(73, 1920, 452, 24, 0.5, 1920), (58, 64, 84), (34, 38, 54)), 2),
    ]
    image, pen = sheet(200, 160)
    pen.polygon([(60, 170), (200, 84), (340, 170)], fill=(40, 26, 34, 255))
    pen.rectangle((88, 168, 312, 290), fill=(58, 40, 44, 255))
    pen.rectangle((264, 90, 292, 150), fill=(40, 26, 34, 255))
    for left in (116, 226):
        pen.rectangle((left, 196, left + 52, 244), fill=(255, 214, 120, 255))
    house = settled(image)
    sun, halo = glow(60, (255, 250, 230), 0.3), glow(420, (150, 96, 44), 1.7)
    smoke, window = glow(34, (60, 56, 64), 1.6), glow(90, (140, 96, 30), 2.0)

    def draw(frame: int) -> Pixels:
        seconds = frame / FPS
        canvas = sky.copy()
        rise = 330 - seconds * 26
        add(canvas, halo, 300, rise, min(1.2, 0.5 + seconds * 0.16))
        add(canvas, sun, 300, rise)
        for layer, speed in ranges:
            layer.draw(canvas, frame * speed // 2)
        picture = Image.fromarray(canvas)
        x = 640 - frame
        picture.paste(house, (x, 350), house)
        canvas = np.array(picture)
        add(canvas, window, x + 100, 460, 0.8)
        for age in range(12):
            add(
                canvas,
                smoke,
                x + 139 + age * 5 + 5 * sin(age * 0.8 + seconds * 2),
                392 - age * 13,
                0.55 - age * 0.04,
            )
        return canvas

    return draw
