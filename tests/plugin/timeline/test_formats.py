"""Edit lists, both Final Cut XMLs and AAF: exact at every rate, their quirks mended or said."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitpoint.engine import killable
from hitpoint.engine.errors import InputError
from hitpoint.engine.timebase import Rate
from hitpoint.plugin.timeline import library
from hitpoint.plugin.timeline.read import read_timeline

EDL = """TITLE: test
FCM: NON-DROP FRAME

001  AX       V     C        00:00:01:00 00:00:03:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: film.mov
* LOC: 01:00:01:00 RED     MUST: DOOR
002  AX       V     C        00:00:00:00 00:00:00:00 01:00:02:00 01:00:02:00
002  BX       V     D    012 00:00:05:00 00:00:07:00 01:00:02:00 01:00:04:00
* FROM CLIP NAME: film.mov
* TO CLIP NAME: two.mov
003  CX       V     C        00:00:01:00 00:00:02:00 01:00:06:00 01:00:07:00
* FROM CLIP NAME: ../../etc/passwd
004  BL       V     C        00:00:00:00 00:00:01:00 01:00:07:00 01:00:08:00
005  DX       V     C        00:00:01:00 00:00:03:00 01:00:08:00 01:00:09:00
M2   DX       048.0                00:00:01:00
* FROM CLIP NAME: fast.mov
006  EX       V     C        00:00:09:00 00:00:09:01 01:00:09:00 01:00:10:00
M2   EX       000.0                00:00:09:00
* FROM CLIP NAME: held.mov
"""


@pytest.fixture
def edl(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "cut.edl"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_an_edit_list_without_rate_says_how_to_give_it(edl):
    with pytest.raises(InputError, match=r"'cut.edl' does not say its frame rate.*--rate"):
        read_timeline(edl(EDL))


def test_an_edit_list(edl, shots, markers):
    document = read_timeline(edl(EDL), rate=Rate(24))
    assert shots(document) == [
        "0-48 film.mov from 24",
        "48-96 two.mov from 120 dissolve 0+12",
        "96-144 gap",
        "144-168 ../../etc/passwd from 24",
        "168-192 gap",
        "192-216 fast.mov from 24 x2",
        "216-240 held.mov from 216 x0",
    ]
    assert markers(document) == ["24-25 DOOR must None"]
    assert (document.start_timecode_frame, document.drop_frame) == (86_400, False)


@pytest.mark.parametrize("rate", ["23.976", "24", "25", "29.97", "30", "50", "59.94"])
def test_an_edit_list_lies_on_the_same_timecodes_at_every_rate(edl, rate):
    exact = Rate.of(rate)
    document = read_timeline(edl("\n".join(EDL.splitlines()[:5]) + "\n"), rate=exact)
    (shot,) = document.shots
    assert (shot.out_frame_exclusive, document.start_timecode_frame) == (
        2 * exact.nominal,
        3600 * exact.nominal,
    )
    assert shot.source_in_s == exact.seconds(exact.nominal)


@pytest.mark.parametrize("mark", [";", ":"])
def test_drop_frame_edit_lists(edl, mark):
    fcm = "FCM: DROP FRAME" if mark == ":" else "FCM: NON-DROP FRAME"
    text = (
        f"TITLE: x\n{fcm}\n\n001  A V C 00:00:00{mark}00 00:01:00{mark}02 01:00:00{mark}00 01:01:00{mark}02\n"
    )
    document = read_timeline(edl(text), rate=Rate.of("29.97"))
    assert (document.frames, document.drop_frame, document.start_timecode_frame) == (1800, True, 107_892)


def test_an_edit_lists_names_are_looked_for_and_never_opened_where_they_point(edl, film, tmp_path):
    text = f"TITLE: x\n\n001  AX V C 00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00\n* FROM FILE: {film}\n"
    document = read_timeline(edl(text), rate=Rate(24))
    assert document.shots[0].kind == "offline"
    assert "only named" in document.problems[0].text
    found = read_timeline(edl(text), rate=Rate(24), media_dirs=(film.parent,))
    assert (found.shots[0].kind, found.shots[0].media.path) == ("video", str(film))
    by_clip_name = text.replace(f"FROM FILE: {film}", "FROM CLIP NAME: film")
    assert read_timeline(edl(by_clip_name), rate=Rate(24), media_dirs=(film.parent,)).shots[0].kind == "video"


def test_sound_and_picture_of_an_edit_list_keep_their_distance(edl, shots, sounds, film):
    text = (
        "TITLE: x\n\n"
        "001  AX V C 00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00\n* FROM CLIP NAME: a.mov\n"
        "002  AX A C 00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00\n* FROM CLIP NAME: film.mov\n"
    )
    document = read_timeline(edl(text), rate=Rate(24), media_dirs=(film.parent,))
    assert shots(document) == ["0-24 gap", "24-48 a.mov from 0"]
    assert sounds(document) == ["0-24 film.mov on A1 from 0 x1"]
    assert document.start_timecode_frame == 86_424


def test_a_reversed_clip_that_the_reader_drops_is_said(edl):
    text = (
        "TITLE: x\n\n001  AX V C 00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00\n"
        "M2   AX  -024.0  00:00:00:00\n* FROM CLIP NAME: a.mov\n"
    )
    document = read_timeline(edl(text), rate=Rate(24))
    assert "speed" in [problem.kind for problem in document.problems]


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "TITLE: x\n",
        "hello\nworld\n",
        "001  AX V K 00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00\n",
        "001  AX V C 00:00:00:00 00:00:05:00 01:00:02:00 01:00:03:00\n",
        "001  AX V C 00:00:00:00 00:00:01:99 01:00:02:00 01:00:03:99\n",
        "001  AX V C 00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00\n"
        "002  AX V C 00:00:00:00 00:00:01:00 01:00:02:12 01:00:03:12\n",
    ],
)
def test_damaged_edit_lists_get_a_sentence(edl, lines):
    with pytest.raises(InputError, match=r"'cut\.edl'") as caught:
        read_timeline(edl(lines), rate=Rate(24))
    assert "\n" not in str(caught.value)


# --- Final Cut Pro 7 XML ---

RATE = "<rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate>"


def xmeml(film: Path, speed: str = "200", variable: str = "0") -> str:
    values = (("variablespeed", variable), ("speed", speed), ("reverse", "FALSE"))
    remap = "".join(
        f"<parameter><parameterid>{key}</parameterid><value>{value}</value></parameter>"
        for key, value in values
    )
    filters = (
        f"<filter><effect><name>Time Remap</name><effectid>timeremap</effectid>{remap}</effect></filter>"
    )
    file = (
        f"<file id='f1'><name>film</name><pathurl>file://localhost{film}</pathurl>{RATE}"
        "<duration>500</duration><media><video/></media></file>"
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="5"><sequence id="s"><name>cut</name><duration>96</duration>{RATE}
<timecode>{RATE}<string>01;00;00;00</string><frame>107892</frame><displayformat>DF</displayformat></timecode>
<media><video><track>
<clipitem id="c1"><name>a</name><duration>250</duration>{RATE}
<start>0</start><end>48</end><in>4</in><out>52</out>{file}{filters}</clipitem>
<clipitem id="c2"><name>b</name><duration>500</duration>{RATE}
<start>60</start><end>96</end><in>10</in><out>46</out><file id="f1"/></clipitem>
</track></video></media></sequence></xmeml>"""


def test_final_cut_7(tmp_path, film, shots):
    path = tmp_path / "cut.xml"
    path.write_text(xmeml(film), encoding="utf-8")
    document = read_timeline(path)
    assert document.rate == Rate(30000, 1001)
    assert (document.start_timecode_frame, document.drop_frame) == (107_892, True)
    # The file's own timecode is not in this XML: its frames count from 0.
    assert shots(document) == ["0-48 a from 8 x2", "48-60 gap", "60-96 b from 10"]
    assert {shot.kind for shot in document.shots} == {"video", "gap"}


def test_a_variable_speed_is_said(tmp_path, film):
    path = tmp_path / "cut.xml"
    path.write_text(xmeml(film, variable="1"), encoding="utf-8")
    assert "speed" in [problem.kind for problem in read_timeline(path).problems]


def test_xml_that_defines_entities_is_refused(tmp_path, film):
    bomb = '<!DOCTYPE xmeml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    outside = f'<!DOCTYPE xmeml [<!ENTITY x SYSTEM "file://{film}">]>'
    for number, doctype in enumerate((bomb, outside)):
        path = tmp_path / f"cut{number}.xml"
        path.write_text(xmeml(film).replace("<!DOCTYPE xmeml>", doctype), encoding="utf-8")
        with pytest.raises(InputError, match="XML entities"):
            read_timeline(path)


# --- Final Cut Pro X XML ---

FCPX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.10"><resources>
<format id="r1" frameDuration="1001/24000s" width="1920" height="1080"/>
<asset id="r2" name="film" start="86486400/24000s" duration="1001000/24000s" hasVideo="1" hasAudio="1"
  format="r1"><media-rep kind="original-media" src="file:///media/film%20one.mov"/></asset>
<asset id="r4" name="voice" start="0s" duration="60s" hasAudio="1" src="file:///media/voice.wav"/>
<effect id="r3" name="Basic Title" uid="x"/>
<media id="r5" name="nest"><sequence format="r1" duration="48048/24000s"><spine>
<asset-clip ref="r2" name="inner" start="86486400/24000s" duration="24024/24000s" offset="0s"/>
<asset-clip ref="r2" name="inner 2" start="86534448/24000s" duration="24024/24000s" offset="1001/1000s"/>
</spine></sequence></media>
</resources><library><event><project name="My cut">
<sequence format="r1" tcStart="86486400/24000s" tcFormat="NDF" duration="216216/24000s"><spine>
<asset-clip ref="r2" name="one" offset="86486400/24000s" start="86498412/24000s" duration="48048/24000s">
  <marker start="86510424/24000s" duration="1001/24000s" value="must: door"/>
  <video ref="r3" lane="2" name="title" offset="86498412/24000s" duration="24024/24000s"/>
  <asset-clip ref="r2" lane="1" name="over" offset="86522436/24000s" start="86486400/24000s"
    duration="12012/24000s" srcEnable="video"/>
  <asset-clip ref="r4" lane="-1" name="vo" offset="86510424/24000s" start="1001/24000s"
    duration="36036/24000s"/>
</asset-clip>
<transition name="Cross Dissolve" offset="86528442/24000s" duration="12012/24000s"/>
<asset-clip ref="r2" name="two" offset="86534448/24000s" start="86606520/24000s" duration="48048/24000s">
  <spine lane="1" offset="86618532/24000s">
    <asset-clip ref="r2" name="second" duration="6006/24000s" start="86486400/24000s" srcEnable="video"/>
    <gap duration="6006/24000s"/>
    <asset-clip ref="r2" name="third" duration="6006/24000s" start="86486400/24000s" srcEnable="video"/>
  </spine>
</asset-clip>
<gap name="Gap" offset="86582496/24000s" duration="24024/24000s" start="86486400/24000s"/>
<asset-clip ref="r2" name="fast" offset="86606520/24000s" start="0s" duration="24024/24000s"
  srcEnable="video">
  <timeMap><timept time="0s" value="86486400/24000s" interp="linear"/>
  <timept time="500500/24000s" value="87487400/24000s" interp="linear"/></timeMap>
</asset-clip>
<ref-clip ref="r5" name="nested" offset="86630544/24000s" start="12012/24000s" duration="24024/24000s"/>
<asset-clip ref="r2" name="off" offset="0s" start="86486400/24000s" duration="48048/24000s" enabled="0"/>
</spine></sequence></project></event></library></fcpxml>
"""


def test_final_cut_x_at_23976(tmp_path, shots, markers):
    path = tmp_path / "cut.fcpxml"
    path.write_text(FCPX, encoding="utf-8")
    document = read_timeline(path)
    assert document.rate == Rate(24000, 1001)
    assert (document.start_timecode_frame, document.drop_frame) == (86_400, False)
    assert shots(document) == [
        "0-24 one from 12",
        "24-36 over from 0",
        "36-48 one from 48",
        "48-60 two from 120 dissolve 6+6",
        "60-66 second from 0",
        "66-72 two from 138",
        "72-78 third from 0",
        "78-96 two from 150",
        "96-120 gap",
        "120-144 fast from 0 x2",
        "144-156 inner from 12",
        "156-168 inner 2 from 48",
        "168-216 gap",
    ]
    assert markers(document) == ["12-13 door must None"]
    assert document.data["name"] == "My cut"
    assert {shot.media.path for shot in document.shots if shot.media} == {"/media/film one.mov"}


def test_the_sound_of_final_cut_x(tmp_path, sounds, film):
    path = tmp_path / "cut.fcpxml"
    moved = FCPX.replace("file:///media/film%20one.mov", film.as_uri()).replace(
        "file:///media/voice.wav", film.as_uri()
    )
    path.write_text(moved, encoding="utf-8")
    document = read_timeline(path)
    assert sounds(document) == [
        "0-48 one on A1 from 12 x1",
        "12-48 vo on A2 from 1 x1",
        "48-96 two on A1 from 120 x1",
        "144-156 inner on A1 from 12 x1",
        "156-168 inner 2 on A1 from 48 x1",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('frameDuration="1001/24000s"', ""),
        ('frameDuration="1001/24000s"', 'frameDuration="0s"'),
        ('duration="48048/24000s"', 'duration="48048/0s"'),
        ('duration="48048/24000s"', 'duration="long"'),
        ('lane="2"', 'lane="up"'),
    ],
)
def test_a_damaged_final_cut_x_file_gets_a_sentence(tmp_path, old, new):
    path = tmp_path / "cut.fcpxml"
    path.write_text(FCPX.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=r"'cut\.fcpxml' is damaged"):
        read_timeline(path)


def test_a_compound_clip_that_contains_itself_ends(tmp_path):
    path = tmp_path / "cut.fcpxml"
    loop = FCPX.replace(
        '<asset-clip ref="r2" name="inner 2" start="86534448/24000s"',
        '<ref-clip ref="r5" name="loop" start="0s"',
    )
    path.write_text(loop, encoding="utf-8")
    with pytest.raises(InputError, match="nested too deeply"):
        read_timeline(path)


# --- through the library's writers ---


@pytest.fixture
def written(tmp_path, make_at, film):
    """A cut written by the library's own adapter."""
    import json

    import opentimelineio as otio

    def write(suffix: str, frame_rate: float, adapter: str, **options: object) -> Path:
        make = make_at(frame_rate)
        media = make.file(film.as_uri(), 0, 40)
        media["available_image_bounds"] = None
        track = make.track(
            make.clip("s1", 10, 12, media=media), make.gap(6), make.clip("s2", 20, 12, media=media), name="V1"
        )
        timeline = otio.adapters.read_from_string(json.dumps(make.timeline(track, start=86_400)), "otio_json")
        path = tmp_path / f"cut{suffix}"
        otio.adapters.write_to_file(timeline, str(path), adapter_name=adapter, **options)
        return path

    return write


@pytest.mark.parametrize("rate", [24.0, 24000 / 1001, 25.0, 30000 / 1001])
@pytest.mark.parametrize(("suffix", "adapter"), [(".xml", "fcp_xml"), (".aaf", "AAF"), (".edl", "cmx_3600")])
def test_the_same_cut_in_every_format(written, shots, rate, suffix, adapter):
    options = {".aaf": {"use_empty_mob_ids": True}, ".edl": {"rate": rate}}.get(suffix, {})
    path = written(suffix, rate, adapter, **options)
    document = read_timeline(path, rate=Rate.of(rate) if suffix == ".edl" else None)
    assert shots(document) == ["0-12 s1 from 10", "12-18 gap", "18-30 s2 from 20"]
    assert document.rate == Rate.of(rate)


def test_final_cut_x_as_the_library_writes_it(written, shots):
    document = read_timeline(written(".fcpxml", 24.0, "fcpx_xml"))
    lines = [line.replace("film.mov", "").replace("s1", "").replace("s2", "") for line in shots(document)]
    assert [line.split()[0] for line in lines] == ["0-12", "12-18", "18-30"]
    assert [line.split()[-1] for line in lines] == ["10", "gap", "20"]


def test_a_reader_that_dies_is_a_sentence(monkeypatch):
    with pytest.raises(InputError, match="'x' could not be read"):
        library.convert("cmx_3600", "x", text="no edit list", rate=24.0)
    with pytest.raises(InputError, match="'x' could not be read"):
        library.convert("no such adapter", "x", text="", rate=24.0)
    monkeypatch.setattr(killable.sys, "executable", "/bin/false")
    with pytest.raises(InputError, match="'x' made its reader fail: the file is damaged, export it again"):
        library.convert("cmx_3600", "x", text="no edit list", rate=24.0)


def test_several_timelines_in_one_file_are_said(tmp_path, film):
    body = xmeml(film)
    sequence = body[body.index("<sequence") : body.index("</xmeml>")]
    second = sequence.replace('id="s"', 'id="s2"').replace("<name>cut</name>", "<name>other</name>")
    second = second.replace("'f1'", "'f2'").replace('"f1"', '"f2"')
    project = f"<project><name>p</name><children>{sequence}{second}</children></project>"
    path = tmp_path / "cut.xml"
    path.write_text(body.replace(sequence, project), encoding="utf-8")
    document = read_timeline(path)
    (problem,) = [problem for problem in document.problems if problem.kind == "timelines"]
    assert "2 timelines" in problem.text and "'other'" in problem.text
