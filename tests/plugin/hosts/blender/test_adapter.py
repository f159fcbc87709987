"""Blender's adapter where no Blender is needed: what is kept with a scene, names, spans and refusals. The
rest is checked inside real Blenders (tests/blender).
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.types import Placement, Span
from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.hosts.blender import api
from hitpoint.plugin.hosts.blender.earlier import Earlier, outcome
from hitpoint.plugin.hosts.blender.host import BlenderHost, _spans
from hitpoint.plugin.hosts.blender.placing import _cues, _fitted
from hitpoint.plugin.hosts.blender.table import Idents, Mark, Table, keep, table_of


class Scene(dict[str, Any]):
    """Custom properties, and a name for the session."""

    def __init__(self, uid: int, **more: Any) -> None:
        self.session_uid = uid
        self.__dict__.update(more)


def test_what_is_kept_with_a_scene_is_told_again() -> None:
    scene = Scene(1)
    assert table_of(scene) == Table()
    kept = Table(
        "ab12", {"job 1": {"1m1": "Cue: 1m1"}}, [Mark("1m1@5", "must: Tür", 6, 3, "why", "red", "job 1")]
    )
    keep(scene, kept)
    assert table_of(scene) == kept


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"schema": "other"}', '{"schema": "hitpoint.scene.1"}', 7, {"schema": 1},
     '{"schema": "hitpoint.scene.1", "ident": "x", "jobs": {}, "markers": [{"odd": 1}]}',
     '{"schema": "hitpoint.scene.1", "ident": "x", "jobs": [], "markers": []}'],
)  # fmt: skip
def test_a_damaged_property_is_none_of_ours(text: object) -> None:
    scene = Scene(1)
    scene["hitpoint"] = text
    assert table_of(scene) == Table()


def test_a_scene_keeps_its_name_and_a_copy_gets_another() -> None:
    scenes = [Scene(1)]
    idents = Idents(SimpleNamespace(data=SimpleNamespace(scenes=scenes)))
    name = idents.note(scenes[0])
    copy = Scene(2)
    copy.update(scenes[0])
    scenes.append(copy)
    assert idents.of(copy) != name
    # As after Undo.
    scenes[0].clear()
    assert idents.of(scenes[0]) == name
    assert idents.note(scenes[0]) == table_of(scenes[0]).ident == name


def test_a_file_that_is_opened_again_has_its_name() -> None:
    scenes = [Scene(1)]
    idents = Idents(SimpleNamespace(data=SimpleNamespace(scenes=scenes)))
    name = idents.note(scenes[0])
    again = Scene(9)
    again.update(scenes[0])
    scenes[:] = [again]
    assert idents.of(again) == name


@given(st.lists(st.tuples(st.integers(-50, 150), st.integers(0, 60)), max_size=8), st.integers(0, 120))
def test_spans_are_apart_inside_and_hold_what_is_chosen(places: list[tuple[int, int]], frames: int) -> None:
    chosen = [(first, first + length) for first, length in places]
    found = _spans(chosen, frames)
    held = {frame for span in found for frame in range(span.in_frame, span.out_frame_exclusive)}
    assert held == {frame for first, end in chosen for frame in range(max(first, 0), min(end, frames))}
    assert all(one.out_frame_exclusive < other.in_frame for one, other in pairwise(found))
    assert all(isinstance(one, Span) for one in found)


@given(st.text(st.characters(codec="utf-8"), max_size=90), st.sampled_from(["", " v2", ": drums v12"]))
def test_a_name_is_never_longer_than_blender_holds(name: str, rest: str) -> None:
    found = _fitted(name, rest)
    assert len(found.encode()) <= 61
    assert found.endswith(rest)
    assert name.startswith(found.removesuffix(rest))


def placement(cue: str, stem: str, first: int, end: int) -> Placement:
    return Placement(f"Stem: {stem}", cue, stem, f"/m/{stem}.wav", "00", first, end, 24, end - first + 48)


def test_the_stems_of_a_cue_lie_in_their_fixed_order() -> None:
    made = _cues(
        [placement("b", "pads", 50, 90), placement("a", "x", 0, 40), placement("a", "drums", 0, 40)], 1
    )
    assert [(cue.name, cue.first, cue.end, [one.stem for one in cue.stems]) for cue in made] == [
        ("a", 1, 41, ["drums", "x"]),
        ("b", 51, 91, ["pads"]),
    ]


def earlier(name: str, first: int, end: int, *deeds: str, job: str = "old", mute: bool = False) -> Earlier:
    return Earlier(SimpleNamespace(mute=mute), name, job, name, first, end, deeds)


def test_untouched_music_gives_way_and_the_rest_is_kept_or_left_alone() -> None:
    found = outcome(
        [
            earlier("under", 0, 50),
            earlier("longer", 40, 120),
            earlier("touched", 10, 20, "'touched' was levelled"),
            earlier("off", 10, 20, "'off' was moved", mute=True),
            earlier("beside", 100, 150),
            earlier("same", 0, 50, job="new"),
        ],
        [(0, 50), (50, 100)],
        "new",
    )
    assert [one.name for one in found.replaced] == ["under", "longer"]
    assert [one.name for one in found.kept] == ["touched", "off"]
    assert found.problems == (
        "the earlier music 'longer' is longer than the new cue: it was replaced as a whole",
        "'touched' was levelled since it was placed: 'touched' stays, switched off",
    )


def test_a_linked_scene_is_refused(tmp_path: Path) -> None:
    scene = Scene(1, name="Edit", library=object())
    context = SimpleNamespace(sequencer_scene=scene)
    bpy = SimpleNamespace(context=context, data=SimpleNamespace(scenes=[scene]))
    with pytest.raises(HostError, match="'Edit' is linked from another file"):
        BlenderHost(bpy, folder_of_unsaved=str(tmp_path)).read()


def test_a_method_gets_only_the_words_that_it_knows() -> None:
    def call(*names: str) -> Any:
        known = [SimpleNamespace(identifier=name) for name in names]
        return SimpleNamespace(
            bl_rna=SimpleNamespace(functions={"new_effect": SimpleNamespace(parameters=known)})
        )

    values = {"length": 20, "frame_end": 30, "input1": "a", "seq1": "a"}
    assert api.arguments(call("length", "input1"), "new_effect", **values) == {"length": 20, "input1": "a"}
    assert api.arguments(call("frame_end", "seq1"), "new_effect", **values) == {"frame_end": 30, "seq1": "a"}
