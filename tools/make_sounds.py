"""Make the bundled sound font: a subset of FluidR3 GM (MIT), each sample as Ogg Vorbis (SF3).

    python tools/make_sounds.py [/usr/share/sounds/sf2/FluidR3_GM.sf2] [--quality 0.6]

The same input and the same libsndfile give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import struct
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from hitpoint.engine.sketch import soundfont as sf
from hitpoint.engine.sketch.soundfont import SoundFont
from hitpoint.engine.sketch.voices import PRESETS, bundled_font

LIMIT = 12_000_000
# Behind a loop's end the cubic resampler reads two more frames; 7.10 asks for eight.
GUARD = 8
DEBIAN_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
INFO = {
    "isng": "EMU8000",
    "INAM": "Hitpoint subset of Fluid R3 GM",
    "ICRD": "Feb 24. 2008",
    "IENG": "Frank Wen",
    "ICOP": "",  # kept from the source
    "ICMT": "Licensed under the MIT License. Subset in SF3 form, see NOTICE.txt.",
    "ISFT": "make_sounds.py",
}
NOTICE = """The sound font hitpoint.sf3 is a subset of Fluid R3 GM (Debian package fluid-soundfont-gm 3.1),
samples re-encoded as Ogg Vorbis by tools/make_sounds.py.

Copyright (C) 2000-2002, 2008 Frank Wen <getfrank@gmail.com>
Copyright (C) 2008 Toby Smithe <tsmithe@ubuntu.com>

Frank Wen writes in its README: "Fluid was constructed in part from samples found in the public
domain that I edited/cleaned/remixed/programmed and largely from recordings of my own and in
conjunction with the people below who helped along the way: Suren M. Seron, Scott Hanan, Steve
Aupperle, Chris Gillman, Alex Taubr, Chris Prola, Andrew Klenk, Winfried Hubbe, Dylan, Tim, Gort,
Uros Katic, Ethan Winer (http://www.ethanwiner.com)". "I hereby release Fluid under the MIT license,
as described in COPYING."

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

Presets (bank:program name in the source):
{presets}

sha256 of hitpoint.sf3: {file}
sha256 of its samples decoded to 16 bit, one after the other: {decoded}
"""

Table = npt.NDArray[np.void]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="make the bundled sound font")
    parser.add_argument("source", nargs="?", type=Path, default=DEBIAN_FONT)
    parser.add_argument("--quality", type=float, default=0.6, help="0 smallest .. 1 best (Vorbis)")
    parser.add_argument("--out", type=Path, default=bundled_font())
    options = parser.parse_args(arguments)

    source = SoundFont(options.source)
    missing = [f"{bank}:{program}" for bank, program in PRESETS if (bank, program) not in source.presets]
    if missing:
        print(f"{options.source} lacks the presets {', '.join(missing)}", file=sys.stderr)
        return 2
    data = subset(source, options.quality)
    if len(data) > LIMIT:
        print(
            f"{len(data)} bytes are more than {LIMIT}: leave presets out or lower --quality", file=sys.stderr
        )
        return 2
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(data)
    made = SoundFont(options.out)
    notice = NOTICE.format(presets=preset_lines(made), file=made.sha256, decoded=decoded_sha256(made))
    (options.out.parent / "NOTICE.txt").write_text(notice, encoding="utf-8")
    print(f"{options.out.name}: {len(data)} bytes, {len(made.tables['shdr']) - 1} samples, {made.sha256}")
    return 0


def preset_lines(font: SoundFont) -> str:
    headers = sorted((int(h["bank"]), int(h["program"]), h["name"]) for h in font.tables["phdr"][:-1])
    return "\n".join(
        f"  {bank}:{program} {name.decode('latin-1').strip()}" for bank, program, name in headers
    )


def decoded_sha256(font: SoundFont) -> str:
    """Hash over all samples, decoded and rounded to 16 bit."""
    total = hashlib.sha256()
    for index in range(len(font.tables["shdr"]) - 1):
        sound = font.open_sample(index).read(1 << 30)
        total.update(np.rint(np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())
    return total.hexdigest()


def subset(font: SoundFont, quality: float) -> bytes:
    """The SF3 file with the presets of `PRESETS`."""
    t = font.tables
    presets = [
        next(i for i, h in enumerate(t["phdr"][:-1]) if (int(h["bank"]), int(h["program"])) == wanted)
        for wanted in sorted(PRESETS)
    ]
    instruments = sorted({amount for p in presets for amount in _amounts(t, "p", p, sf.INSTRUMENT)})
    samples = sorted({amount for i in instruments for amount in _amounts(t, "i", i, sf.SAMPLE)})
    new_instrument = {old: new for new, old in enumerate(instruments)}
    new_sample = {old: new for new, old in enumerate(samples)}

    keep_ends = _last_frames(font, samples)
    smpl, headers = _encode(font, samples, keep_ends, new_sample, quality)
    phdr, pbag, pmod, pgen = _bags(t, "p", presets, sf.INSTRUMENT, new_instrument)
    inst, ibag, imod, igen = _bags(t, "i", instruments, sf.SAMPLE, new_sample)
    info = INFO | {"ICOP": font.info["ICOP"]}
    return _riff(
        b"sfbk",
        _list(b"INFO", [("ifil", struct.pack("<HH", 3, 0))] + [(k, _text(v)) for k, v in info.items()]),
        _list(b"sdta", [("smpl", smpl)]),
        _list(
            b"pdta",
            [
                ("phdr", phdr), ("pbag", pbag), ("pmod", pmod), ("pgen", pgen),
                ("inst", inst), ("ibag", ibag), ("imod", imod), ("igen", igen), ("shdr", headers),
            ],
        ),
    )  # fmt: skip


def _spans(t: dict[str, Table], side: str, index: int) -> list[tuple[range, range]]:
    """Generator and modulator indices of each zone."""
    header, bag = ("phdr", "pbag") if side == "p" else ("inst", "ibag")
    zones = range(int(t[header][index]["bag"]), int(t[header][index + 1]["bag"]))
    ends = [(t[bag][z], t[bag][z + 1]) for z in zones]
    return [(range(int(a["gen"]), int(b["gen"])), range(int(a["mod"]), int(b["mod"]))) for a, b in ends]


def _amounts(t: dict[str, Table], side: str, index: int, kind: int) -> list[int]:
    gens = t[f"{side}gen"]
    spans = _spans(t, side, index)
    return [int(gens[g]["amount"]) & 0xFFFF for span, _ in spans for g in span if gens[g]["kind"] == kind]


def _bags(
    t: dict[str, Table], side: str, chosen: list[int], kind: int, renumber: dict[int, int]
) -> tuple[bytes, bytes, bytes, bytes]:
    """Headers, bags, modulators and generators of the chosen presets or instruments, links renumbered."""
    head = "phdr" if side == "p" else "inst"
    heads, bags = [], []
    mods: list[Table] = []
    gens: list[Table] = []
    for index in chosen:
        header = t[head][index].copy()
        header["bag"] = len(bags)
        heads.append(header)
        for gen_span, mod_span in _spans(t, side, index):
            bags.append((len(gens), len(mods)))
            mods.extend(t[f"{side}mod"][m] for m in mod_span)
            for g in gen_span:
                gen = t[f"{side}gen"][g].copy()
                if gen["kind"] == kind:
                    gen["amount"] = np.uint16(renumber[int(gen["amount"]) & 0xFFFF]).astype(np.int16)
                gens.append(gen)
    last = np.zeros((), sf.RECORDS[head])
    last["name"], last["bag"] = (b"EOP" if side == "p" else b"EOI"), len(bags)
    bags.append((len(gens), len(mods)))
    return (
        b"".join(h.tobytes() for h in [*heads, last]),
        b"".join(struct.pack("<HH", *bag) for bag in bags),
        b"".join(m.tobytes() for m in mods) + bytes(10),
        b"".join(g.tobytes() for g in gens) + bytes(4),
    )


def _last_frames(font: SoundFont, samples: list[int]) -> dict[int, int]:
    """How many frames of each sample can be heard: to its loop's end where every zone loops it."""
    heard = dict.fromkeys(samples, 0)
    for bank, program in PRESETS:
        for zone in font.zones(bank, program):
            wave = zone.wave
            end = wave.loop_end_exclusive + GUARD if wave.loop_end_exclusive else wave.end_exclusive
            heard[wave.sample] = max(heard[wave.sample], end)
    return heard


def _encode(
    font: SoundFont, samples: list[int], heard: dict[int, int], renumber: dict[int, int], quality: float
) -> tuple[bytes, bytes]:
    """The sample chunk and the sample headers."""
    chunk = bytearray()
    headers = []
    for new, old in enumerate(samples):
        header = font.tables["shdr"][old].copy()
        sound = font.open_sample(old).read(heard[old])
        first = int(header["start"])
        ogg = _vorbis(sound, int(header["rate"]), quality, serial=new + 1)
        header["loop_start"] = int(header["loop_start"]) - first
        header["loop_end"] = min(int(header["loop_end"]) - first, len(sound))
        header["start"], header["end"] = len(chunk), len(chunk) + len(ogg)
        partner = renumber.get(int(header["link"]))
        if int(header["type"]) in (2, 4) and partner is not None:
            header["link"], header["type"] = partner, int(header["type"]) | sf.VORBIS
        else:
            header["link"], header["type"] = 0, 1 | sf.VORBIS
        headers.append(header)
        chunk += ogg
    end = np.zeros((), sf.RECORDS["shdr"])
    end["name"] = b"EOS"
    return bytes(chunk), b"".join(h.tobytes() for h in [*headers, end])


def _vorbis(sound: npt.NDArray[np.float32], rate: int, quality: float, serial: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format="OGG", subtype="VORBIS", compression_level=1 - quality)
    return _with_serial(file.getvalue(), serial)


def _with_serial(ogg: bytes, serial: int) -> bytes:
    """libsndfile draws the serial number of a stream from the clock: give it a fixed one (RFC 3533)."""
    out = bytearray(ogg)
    at = 0
    while at < len(out):
        segments = out[at + 26]
        size = 27 + segments + sum(out[at + 27 : at + 27 + segments])
        out[at + 14 : at + 18] = struct.pack("<I", serial)
        out[at + 22 : at + 26] = bytes(4)
        out[at + 22 : at + 26] = struct.pack("<I", _ogg_crc(out[at : at + size]))
        at += size
    return bytes(out)


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = ((value << 1) ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


_CRC = _crc_table()


def _ogg_crc(page: bytes | bytearray) -> int:
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC[value >> 24 ^ byte]
    return value


def _text(text: str) -> bytes:
    raw = text.encode("latin-1") + b"\0"
    return raw + b"\0" * (len(raw) % 2)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(kind: bytes, chunks: list[tuple[str, bytes]]) -> bytes:
    return _chunk(b"LIST", kind + b"".join(_chunk(name.encode(), data) for name, data in chunks))


def _riff(kind: bytes, *lists: bytes) -> bytes:
    return _chunk(b"RIFF", kind + b"".join(lists))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
