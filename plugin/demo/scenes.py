"""The scenes of the made-up film. Each is called with its frame number and gives (540, 960, 3) uint8 RGB."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from .canvas import (
    HEIGHT,
    WIDTH,
    Floats,
    Layer,
    Pixels,
    add,
    drawn,
    glow,
    gradient,
    hills,
    random,
    ridge,
    settled,
    sheet,
    stars,
    text_mask,
    twinkle,
)

Scene = Callable[[int], Pixels]
FPS = 24


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
        swell = np.sin(rows * 0.55 / (1 + rows * 0.012) - seconds * 2.2 + 0.8 * np.sin(columns * 0.011 + seconds * 0.7))
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
    cliff = hills(ridge(8, WIDTH, 470, 26, 0.55) - np.linspace(-60, 90, WIDTH, dtype=np.float32), (14, 22, 34), (3, 5, 9))
    image, pen = sheet()
    pen.polygon([(1392, 300), (1456, 300), (1480, 860), (1368, 860)], fill=(20, 28, 40, 255))
    for y in (400, 560, 720):
        pen.polygon([(1386 - y // 40, y), (1462 + y // 40, y), (1464 + y // 40, y + 60), (1384 - y // 40, y + 60)],
                    fill=(44, 30, 40, 255))  # fmt: skip
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
        light = np.asarray(small.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)).astype(np.uint16)[:, :, None]
        canvas = np.minimum(canvas + (light * np.array((255, 235, 174), np.uint16) >> 8), 255).astype(np.uint8)
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


def _sun_sky() -> Pixels:
    return gradient([(0, (246, 190, 112)), (0.4, (253, 216, 150)), (0.62, (255, 236, 196)), (1, (240, 190, 120))])


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
    sky = gradient([(0, (120, 190, 232)), (0.5, (190, 226, 240)), (0.68, (250, 238, 208)), (1, (236, 200, 140))])
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
            pen.rectangle((left + 14 + window * 38, 80, left + 40 + window * 38, 112), fill=(255, 232, 178, 255))
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
            pen.line([(x - span, y - lift), (x, y), (x + span, y - lift)], fill=(38, 16, 34), width=3, joint="curve")
        out = np.array(picture)
        land.draw(out, frame * 2)
        return out

    return draw


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
            points = [(480 + radius * cos(turn + 2 * pi * corner / corners) * 1.1,
                       270 + radius * sin(turn + 2 * pi * corner / corners)) for corner in range(corners)]  # fmt: skip
            pen.polygon(points, outline=inks[(step + ring) % 4], width=18)
        x = (frame * 37) % 1200 - 120
        pen.ellipse((x - 60, 210, x + 60, 330), fill=inks[(step + 1) % 4])
        return np.array(picture)

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
            pen.polygon([(x, 0), (x + width, 0), (x + width + width // 3 + lean, 540), (x - width // 3 + lean, 540)],
                        fill=(*colour, 255))  # fmt: skip
            for _ in range(3):
                y = int(chance.integers(20, 300))
                out = int(chance.integers(40, 110)) * (1 if chance.random() < 0.5 else -1)
                pen.line([(x + width // 2, y + 30), (x + width // 2 + out, y)], fill=(*colour, 255), width=max(3, width // 6))
        layers.append((drawn(image), speed))
    ground = hills(ridge(64, 1920, 490, 10, 0.6, 1920), (24, 48, 32), (8, 20, 14), 60)
    chance = random(65)
    fly = glow(20, (230, 255, 120), 2.2)
    flies = chance.uniform(0, 1, (26, 4))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    shafts = (np.clip(np.sin((x + y * 0.6) * 0.021) - 0.45, 0, 1) * np.clip(1 - y / 520, 0, 1) * 90)[:, :, None]
    mist = np.minimum(mist + shafts * np.array((1, 0.95, 0.6), np.float32), 255).astype(np.uint8)

    def draw(frame: int) -> Pixels:
        seconds = frame / FPS
        canvas = mist.copy()
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
    sky = gradient([(0, (86, 110, 176)), (0.4, (200, 160, 186)), (0.6, (255, 200, 160)), (1, (255, 226, 180))])
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
            add(canvas, smoke, x + 139 + age * 5 + 5 * sin(age * 0.8 + seconds * 2), 392 - age * 13, 0.55 - age * 0.04)
        return canvas

    return draw
