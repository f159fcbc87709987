"""Media urls: only plain local paths come out, whatever an editor or an attacker wrote."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.urls import RefusedUrl, name_of_url, path_of_url, url_of_path

FOLDER = Path("/cuts/today")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/m/a.mov", "/m/a.mov"),
        ("/m/a b#1?.mov", "/m/a b#1?.mov"),
        ("/m/50%.mov", "/m/50%.mov"),
        ("media/a.mov", "/cuts/today/media/a.mov"),
        ("../footage/a.mov", "/cuts/footage/a.mov"),
        ("./a:1.mov", "/cuts/today/a:1.mov"),
        ("file:///m/a%20b.mov", "/m/a b.mov"),
        ("file:///m/a#b.mov", "/m/a#b.mov"),
        ("file:///m/what?.mov", "/m/what?.mov"),
        ("file://localhost/m/a.mov", "/m/a.mov"),
        ("FILE:///m/a.mov", "/m/a.mov"),
        ("file:/m/a.mov", "/m/a.mov"),
        ("file:///m/%C3%A4.mov", "/m/ä.mov"),
        ("  /m/a.mov\n", "/m/a.mov"),
    ],
)
def test_local_urls_are_paths(url, path):
    assert path_of_url(url, FOLDER) == Path(path)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("C:\\cut\\a b.mov", "a b.mov"),
        ("file:///C:/cut/a%20b.mov", "a b.mov"),
        ("file://C:/cut/a.mov", "a.mov"),
    ],
)
def test_drives_keep_their_file_name(url, name):
    path = path_of_url(url, FOLDER)
    assert path.name == name
    assert "C:" in path.as_posix()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "http://example.com/a.mov",
        "https://example.com/a.mov",
        "HTTP://example.com/a.mov",
        "concat:/a|/b",
        "data:video/mp4;base64,AAAA",
        "pipe:0",
        "s3://bucket/a.mov",
        "file://server/share/a.mov",
        "//server/share/a.mov",
        "\\\\server\\share\\a.mov",
        "file:////server/share/a.mov",
        "/dev/zero",
        "/dev",
        "/proc/self/environ",
        "/sys/kernel/x",
        "/m/../proc/self/mem",
        "../../../../../../proc/self/mem",
        "file:///proc/self/environ",
        "file:///m/%00.mov",
        "/m/a\x07.mov",
        "file:///m/%ff.mov",
    ],
)
def test_everything_else_is_refused(url):
    with pytest.raises(RefusedUrl):
        path_of_url(url, FOLDER)


def test_a_folder_that_only_begins_like_a_device_is_fine():
    assert path_of_url("/devices/a.mov", FOLDER) == Path("/devices/a.mov")


def test_relative_urls_never_mean_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mov").write_bytes(b"")
    assert path_of_url("a.mov", FOLDER) == FOLDER / "a.mov"


_part = st.text(
    st.characters(exclude_characters="/\\\x7f", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12
).filter(lambda part: part not in (".", "..") and part == part.strip())


@given(st.lists(_part, min_size=1, max_size=4).filter(lambda parts: parts[0] not in ("dev", "proc", "sys")))
def test_paths_survive_the_way_through_both_kinds_of_url(parts):
    path = PurePosixPath("/", *parts)
    assert path_of_url(url_of_path(str(path), as_file_url=True), FOLDER).as_posix() == path.as_posix()
    if len(parts) == 1 or parts[0][1:2] != ":":
        bare = url_of_path(str(path))
        assert path_of_url(bare, FOLDER).as_posix() == path.as_posix()


@given(st.text(max_size=60))
def test_any_text_is_a_path_or_refused(text):
    try:
        path = path_of_url(text, FOLDER)
    except RefusedUrl:
        return
    assert path.is_absolute() or ":" in path.as_posix()
    assert not path.as_posix().startswith(("/dev/", "/proc/", "/sys/"))


@given(st.text(max_size=60))
def test_any_text_has_a_name_without_slashes(text):
    assert not set(name_of_url(text)) & set("/\\")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/m/a.mov", "a.mov"),
        ("C:\\m\\a b.mov", "a b.mov"),
        ("file:///m/a%20b.mov", "a b.mov"),
        ("https://example.com/x/a.mov?token=1", "a.mov"),
        ("//server/share/a.mov", "a.mov"),
        ("a.mov", "a.mov"),
        ("", ""),
    ],
)
def test_the_name_that_relinking_looks_for(url, name):
    assert name_of_url(url) == name


def test_windows_paths_become_file_urls():
    assert url_of_path("C:\\cut\\a b.wav", as_file_url=True) == "file:///C:/cut/a%20b.wav"
    assert url_of_path("C:\\cut\\a b.wav") == "C:\\cut\\a b.wav"
