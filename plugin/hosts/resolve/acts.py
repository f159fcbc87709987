"""Single changes of a timeline, each read back. What Resolve answers is not believed: it says True and does
nothing, or no and does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..base import HostError
from .api import MediaPoolItem, Timeline, has, whole
from .frames import RelFrame
from .items import Item, Track, ident_of, items, same_path, start_frame, tracks
from .items import handles as handles_of
from .opened import Opened

SLEEP_S = 0.2
_TIMES = 3
_AUDIO = 2
Sleep = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class Wish:
    """A clip to be laid: `frames` of the record from `in_frame` on, source frames at the medium's rate.
    `spare`, `short`: how many frames longer or shorter it may be where no number of source frames fills
    `frames`."""

    medium: MediaPoolItem
    path: str
    in_frame: int
    frames: int
    source_first: int
    source_end: int
    spare: int = 0
    short: int = 0


def until(done: Callable[[], bool], act: Callable[[], object], sleep: Sleep) -> bool:
    """Do `act` until `done`, a few times."""
    for turn in range(_TIMES):
        if turn:
            sleep(SLEEP_S)
        act()
        if done():
            return True
    return False


def track_of(timeline: Timeline, name: str) -> Track:
    found = next((one for one in tracks(timeline, "audio") if one.name == name), None)
    if found is None:
        raise HostError(f"the audio track '{name}' is gone from DaVinci Resolve: place the music again")
    return found


def add_track(opened: Opened, name: str, sleep: Sleep) -> Track:
    """A stereo audio track below all others: without being asked Resolve makes mono ones."""
    timeline = opened.timeline
    before = whole(timeline.GetTrackCount("audio")) or 0
    index = before + 1

    def there() -> bool:
        return (whole(timeline.GetTrackCount("audio")) or 0) == index

    # The second form is that of older versions.
    for options in ({"audioType": "stereo", "index": index}, "stereo"):
        timeline.AddTrack("audio", options)
        if there():
            break
    if not there():
        raise HostError("DaVinci Resolve added no audio track: close its dialogs and try again")
    named = until(
        lambda: timeline.GetTrackName("audio", index) == name,
        lambda: timeline.SetTrackName("audio", index, name),
        sleep,
    )
    if not named:
        raise HostError(f"DaVinci Resolve did not name its new audio track '{name}': try again")
    kind = timeline.GetTrackSubType("audio", index) if has(timeline, "GetTrackSubType") else "stereo"
    if kind != "stereo":
        raise HostError(f"DaVinci Resolve made the new audio track '{kind}' instead of stereo: try again")
    return Track("audio", index, name, True, False)


def delete_track(timeline: Timeline, name: str, sleep: Sleep) -> None:
    """The audio track of that name, if it is there and empty."""

    def gone() -> bool:
        return name not in [one.name for one in tracks(timeline, "audio")]

    if gone():
        return
    track = track_of(timeline, name)
    if handles_of(timeline, "audio", track.index):
        raise HostError(f"the audio track '{name}' is not empty: it stays, delete it in DaVinci Resolve")
    if not until(gone, lambda: None if gone() else timeline.DeleteTrack("audio", track.index), sleep):
        raise HostError(f"DaVinci Resolve did not delete the empty audio track '{name}': delete it there")


def delete_last_track(timeline: Timeline, count: int, sleep: Sleep) -> None:
    """The last of `count` audio tracks, if it is empty."""

    def gone() -> bool:
        return (whole(timeline.GetTrackCount("audio")) or 0) < count

    if not handles_of(timeline, "audio", count):
        until(gone, lambda: None if gone() else timeline.DeleteTrack("audio", count), sleep)


def delete(timeline: Timeline, found: Sequence[Item], sleep: Sleep) -> None:
    """These items, and nothing that is linked to them; what comes after stays where it is."""
    if not found:
        return
    index = found[0].track.index
    wanted = {item.ident for item in found}

    def left() -> list[Item]:
        here = {ident_of(one) for one in handles_of(timeline, "audio", index)}
        return [item for item in found if item.ident in here]

    done = until(
        lambda: not left(), lambda: timeline.DeleteClips([item.handle for item in left()], False), sleep
    )
    if not done:
        raise HostError(
            f"DaVinci Resolve did not remove {len(wanted)} clips of ours from '{found[0].track.name}': close "
            "its dialogs and try again"
        )


def switch(timeline: Timeline, index: int, on: bool, sleep: Sleep) -> None:
    done = until(
        lambda: (timeline.GetIsTrackEnabled("audio", index) is not False) is on,
        lambda: timeline.SetTrackEnable("audio", index, on),
        sleep,
    )
    if not done:
        raise HostError("DaVinci Resolve did not switch an audio track: close its dialogs and try again")


def lay(opened: Opened, track: Track, wish: Wish, guard: Callable[[], None], sleep: Sleep) -> Item:
    """Put it there and read it back. Lengths are rounded down on the record, at some versions the last source
    frame counts: what comes out is compared, and asked for one source frame more or less. HostError names the
    first difference; what was laid by then is gone again."""
    before = {item.ident for item in items(opened.timeline, track, opened.clock)}
    # Frames on the record by where the source ended.
    lengths: dict[int, int] = {}
    end = wish.source_end
    while end not in lengths and len(lengths) < _TIMES + 1:
        item = _appended(opened, track, wish, end, before, guard, sleep)
        lengths[end] = item.frames
        if item.frames == wish.frames:
            return _compared(opened, item, wish, sleep)
        delete(opened.timeline, [item], sleep)
        end += 1 if item.frames < wish.frames else -1
    near = [end for end, frames in lengths.items() if -wish.short <= frames - wish.frames <= wish.spare]
    if near:
        # The longer one: it ends in the handle.
        item = _appended(opened, track, wish, max(near), before, guard, sleep)
        return _compared(opened, item, wish, sleep)
    raise HostError(
        f"DaVinci Resolve counts '{_name(wish.path)}' in frames of another length than the timeline's and "
        f"cannot lay {wish.frames} frames of it: import the scored timeline instead (File, Import, Timeline)"
    )


def _compared(opened: Opened, item: Item, wish: Wish, sleep: Sleep) -> Item:
    wrong = _difference(item, wish, opened)
    if wrong:
        delete(opened.timeline, [item], sleep)
        raise HostError(wrong)
    return item


def _appended(
    opened: Opened,
    track: Track,
    wish: Wish,
    end: int,
    before: set[str],
    guard: Callable[[], None],
    sleep: Sleep,
) -> Item:
    order = {
        "mediaPoolItem": wish.medium,
        "startFrame": wish.source_first,
        "endFrame": end,
        "mediaType": _AUDIO,
        "trackIndex": track.index,
        "recordFrame": opened.clock.absolute(wish.in_frame),
    }

    def new() -> list[Item]:
        return [one for one in items(opened.timeline, track, opened.clock) if one.ident not in before]

    for turn in range(_TIMES):
        if turn:
            sleep(SLEEP_S)
        guard()
        opened.pool.AppendToTimeline([order])
        found = new()
        if found:
            return found[0]
    raise HostError(
        f"DaVinci Resolve did not lay '{_name(wish.path)}' on '{track.name}' at "
        f"{opened.clock.timecode(RelFrame(wish.in_frame))}: close its dialogs and try again"
    )


def _difference(item: Item, wish: Wish, opened: Opened) -> str:
    """What is not as wished, in words; "" where all is."""
    clock = opened.clock
    what = f"DaVinci Resolve laid '{_name(wish.path)}'"
    if item.in_frame != wish.in_frame:
        return (
            f"{what} at {clock.timecode(item.in_frame)} instead of "
            f"{clock.timecode(RelFrame(wish.in_frame))}: try again"
        )
    if not same_path(item.path, wish.path):
        return f"{what} with the sound of '{_name(item.path)}': look at the media pool for files of one name"
    # Some versions count the frames of a file from its own timecode.
    zeros = (0, start_frame(wish.medium))
    if item.source is not None and round(item.source[0]) not in [zero + wish.source_first for zero in zeros]:
        return f"{what} from its frame {round(item.source[0])} on instead of {wish.source_first}: try again"
    return ""


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
