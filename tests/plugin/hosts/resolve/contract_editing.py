"""Assertions on projects, timelines, tracks, media, placing and items. See `contract`."""

from __future__ import annotations

from contract_bench import HOUR, NAME, RATE, Bench, check, wav

# --- who it is ---


@check
def product_is_named(at: Bench) -> None:
    assert at.resolve.GetProductName() in ("DaVinci Resolve", "DaVinci Resolve Studio")


@check
def version_has_five_parts(at: Bench) -> None:
    assert len(at.resolve.GetVersion()) == 5


@check
def version_text_begins_with_the_numbers(at: Bench) -> None:
    major, minor = at.resolve.GetVersion()[:2]
    assert at.resolve.GetVersionString().startswith(f"{major}.{minor}")


@check
def dir_tells_the_methods(at: Bench) -> None:
    assert "GetProjectManager" in dir(at.resolve) and "AddTrack" in dir(at.timeline)


@check
def dir_tells_no_others(at: Bench) -> None:
    assert "HitpointAsks" not in dir(at.timeline)


@check
def hasattr_is_true_for_anything(at: Bench) -> None:
    assert hasattr(at.timeline, "HitpointAsks")


@check
def what_is_not_there_is_none(at: Bench) -> None:
    assert at.timeline.HitpointAsks is None


@check
def otio_constant_is_there(at: Bench) -> None:
    assert (at.resolve.EXPORT_OTIO is not None) == (at.version >= (18, 5))


@check
def selection_call_is_there_from_21_0_4(at: Bench) -> None:
    assert ("GetSelectedClips" in dir(at.timeline)) == (at.version >= (21, 0, 4))


# --- projects and timelines ---


@check
def project_has_name_and_number(at: Bench) -> None:
    assert at.project.GetName() == NAME and at.project.GetUniqueId()


@check
def new_timeline_is_current(at: Bench) -> None:
    assert at.project.GetCurrentTimeline().GetName() == at.timeline.GetName()


@check
def timelines_have_lasting_numbers(at: Bench) -> None:
    first, ident = at.timeline, at.timeline.GetUniqueId()
    assert at.new_timeline().GetUniqueId() != ident == first.GetUniqueId()


@check
def set_current_timeline_is_told(at: Bench) -> None:
    first = at.timeline
    at.new_timeline()
    assert at.project.SetCurrentTimeline(first) is True
    assert at.project.GetCurrentTimeline().GetUniqueId() == first.GetUniqueId()


@check
def timelines_are_counted_from_one(at: Bench) -> None:
    count = int(at.project.GetTimelineCount())
    names = [at.project.GetTimelineByIndex(number).GetName() for number in range(1, count + 1)]
    assert at.timeline.GetName() in names and not at.project.GetTimelineByIndex(count + 1)


@check
def timeline_begins_at_an_hour(at: Bench) -> None:
    assert at.timeline.GetStartFrame() == HOUR and at.timeline.GetStartTimecode() == "01:00:00:00"


@check
def rate_is_told_by_the_timeline(at: Bench) -> None:
    text = str(at.timeline.GetSetting("timelineFrameRate"))
    assert float(text.replace(" DF", "")) == RATE


@check
def name_that_is_taken_makes_no_timeline(at: Bench) -> None:
    assert not at.pool.CreateEmptyTimeline(at.timeline.GetName())


@check
def playhead_is_set_by_timecode(at: Bench) -> None:
    at.placed()
    assert at.timeline.SetCurrentTimecode("01:00:02:12") is True
    assert at.timeline.GetCurrentTimecode().replace(";", ":") == "01:00:02:12"


@check
def duplicate_has_the_items_and_numbers_of_its_own(at: Bench) -> None:
    item = at.placed()
    copy = at.timeline.DuplicateTimeline(f"{at.timeline.GetName()} copy")
    (twin,) = copy.GetItemListInTrack("audio", copy.GetTrackCount("audio"))
    assert twin.GetStart() == item.GetStart() and twin.GetUniqueId() != item.GetUniqueId()


@check
def duplicate_under_a_taken_name_is_none(at: Bench) -> None:
    assert not at.timeline.DuplicateTimeline(at.timeline.GetName())


# --- tracks ---


@check
def new_track_is_mono(at: Bench) -> None:
    at.timeline.AddTrack("audio")
    assert at.timeline.GetTrackSubType("audio", at.timeline.GetTrackCount("audio")) == "mono"


@check
def new_track_is_stereo_when_asked(at: Bench) -> None:
    assert at.timeline.GetTrackSubType("audio", at.track()) == "stereo"


@check
def new_track_says_true(at: Bench) -> None:
    assert at.timeline.AddTrack("audio", {"audioType": "stereo"}) is True


@check
def index_behind_the_last_appends(at: Bench) -> None:
    count = at.timeline.GetTrackCount("audio")
    at.timeline.AddTrack("audio", {"audioType": "stereo", "index": count + 9})
    assert at.timeline.GetTrackCount("audio") == count + 1


@check
def index_inside_moves_the_others(at: Bench) -> None:
    first = at.track()
    at.timeline.SetTrackName("audio", first, "moves")
    at.timeline.AddTrack("audio", {"audioType": "stereo", "index": first})
    assert at.timeline.GetTrackName("audio", first + 1) == "moves"


@check
def track_name_reads_back(at: Bench) -> None:
    assert at.timeline.SetTrackName("audio", at.track(), "Stem: drums") is True
    assert at.timeline.GetTrackName("audio", at.timeline.GetTrackCount("audio")) == "Stem: drums"


@check
def track_is_switched_off(at: Bench) -> None:
    track = at.track()
    assert at.timeline.GetIsTrackEnabled("audio", track) is True
    assert at.timeline.SetTrackEnable("audio", track, False) is True
    assert at.timeline.GetIsTrackEnabled("audio", track) is False


@check
def track_is_locked(at: Bench) -> None:
    track = at.track()
    assert at.timeline.SetTrackLock("audio", track, True) is True
    assert at.timeline.GetIsTrackLocked("audio", track) is True


@check
def track_is_deleted(at: Bench) -> None:
    track = at.track()
    assert at.timeline.DeleteTrack("audio", track) is True
    assert at.timeline.GetTrackCount("audio") == track - 1


@check
def track_that_is_not_there_has_nothing(at: Bench) -> None:
    assert not at.timeline.GetTrackName("audio", 99) and not at.timeline.GetItemListInTrack("audio", 99)


@check
def new_track_is_empty(at: Bench) -> None:
    assert at.items(at.track()) == []


# --- media ---


@check
def new_bin_is_found(at: Bench) -> None:
    at.pool.AddSubFolder(at.pool.GetRootFolder(), "found")
    assert "found" in [one.GetName() for one in at.pool.GetRootFolder().GetSubFolderList()]


@check
def current_bin_reads_back(at: Bench) -> None:
    root = at.pool.GetRootFolder()
    assert at.pool.SetCurrentFolder(root) is True
    assert at.pool.GetCurrentFolder().GetUniqueId() == root.GetUniqueId()


@check
def media_land_in_the_current_bin(at: Bench) -> None:
    one = at.pool.AddSubFolder(at.pool.GetRootFolder(), f"media {at.number}")
    at.pool.SetCurrentFolder(one)
    at.sound("lands.wav")
    assert [item.GetName() for item in one.GetClipList()] == ["lands.wav"]


@check
def missing_medium_is_not_imported(at: Bench) -> None:
    assert not at.pool.ImportMedia([str(at.folder / "gone.wav")])


@check
def good_paths_are_imported_beside_a_bad_one(at: Bench) -> None:
    good = wav(at.folder / "good.wav", 1)
    items = at.pool.ImportMedia([str(at.folder / "gone.wav"), good])
    assert [item.GetClipProperty("File Path") for item in items] == [good]


@check
def medium_tells_its_path(at: Bench) -> None:
    assert at.sound().GetClipProperty("File Path") == str(at.folder / "sound.wav")


@check
def wav_counts_at_the_rate_of_the_project(at: Bench) -> None:
    assert float(at.sound().GetClipProperty("FPS")) == RATE


@check
def medium_has_a_lasting_number(at: Bench) -> None:
    item = at.sound()
    assert item.GetUniqueId() and item.GetUniqueId() == item.GetUniqueId()


# --- placing ---


@check
def record_frame_is_absolute(at: Bench) -> None:
    assert at.placed().GetStart() == HOUR + 96


@check
def end_frame_is_exclusive(at: Bench) -> None:
    assert at.placed().GetDuration() == 48


@check
def end_is_start_and_length(at: Bench) -> None:
    item = at.placed()
    assert item.GetEnd() == item.GetStart() + item.GetDuration()


@check
def source_begins_at_start_frame(at: Bench) -> None:
    assert at.placed().GetSourceStartFrame() == 12


@check
def source_span_tells_the_speed(at: Bench) -> None:
    item = at.placed()
    assert round(item.GetSourceEndFrame() - item.GetSourceStartFrame()) in (47, 48)


@check
def item_tells_its_track(at: Bench) -> None:
    kind, index = at.placed().GetTrackTypeAndIndex()
    assert (kind, index) == ("audio", at.timeline.GetTrackCount("audio"))


@check
def item_tells_its_medium(at: Bench) -> None:
    medium = at.placed().GetMediaPoolItem()
    assert medium.GetClipProperty("File Path") == str(at.folder / "sound.wav")


@check
def item_has_a_lasting_number(at: Bench) -> None:
    ident = at.placed().GetUniqueId()
    assert [one.GetUniqueId() for one in at.items(at.timeline.GetTrackCount("audio"))] == [ident]


@check
def relative_record_frame_is_taken(at: Bench) -> None:
    track = at.track()
    at.append(track, recordFrame=96)
    assert [item.GetStart() for item in at.items(track)] == [96]


@check
def fraction_places_nothing(at: Bench) -> None:
    track = at.track()
    assert not at.append(track, recordFrame=HOUR + 96.5)
    assert at.items(track) == []


@check
def fraction_spoils_the_batch(at: Bench) -> None:
    track = at.track()
    plan = {"mediaPoolItem": at.sound(), "startFrame": 0, "endFrame": 24, "mediaType": 2, "trackIndex": track}
    at.pool.AppendToTimeline([plan | {"recordFrame": HOUR}, plan | {"recordFrame": HOUR + 99.5}])
    assert at.items(track) == []


@check
def overlap_is_dropped(at: Bench) -> None:
    track = at.track()
    at.append(track)
    at.append(track, recordFrame=HOUR + 120)
    assert [item.GetStart() for item in at.items(track)] == [HOUR + 96]


@check
def neighbours_do_not_overlap(at: Bench) -> None:
    track = at.track()
    at.append(track)
    at.append(track, recordFrame=HOUR + 144)
    assert [item.GetStart() for item in at.items(track)] == [HOUR + 96, HOUR + 144]


@check
def locked_track_takes_nothing(at: Bench) -> None:
    track = at.track()
    at.timeline.SetTrackLock("audio", track, True)
    assert not at.append(track) and at.items(track) == []


@check
def current_timeline_is_filled(at: Bench) -> None:
    held, track = at.timeline, at.track()
    at.new_timeline()
    at.append(at.track())
    assert not held.GetItemListInTrack("audio", track)


@check
def sound_alone_makes_no_picture(at: Bench) -> None:
    at.placed()
    assert not at.timeline.GetItemListInTrack("video", 1)


@check
def items_outlast_a_save(at: Bench) -> None:
    item = at.placed()
    assert at.manager.SaveProject() is True and item.GetStart() == HOUR + 96


# --- items ---


@check
def sound_has_no_properties(at: Bench) -> None:
    assert at.placed().GetProperty() in ({}, None)


@check
def speed_is_no_property(at: Bench) -> None:
    assert at.placed().GetProperty("Speed") is None


@check
def item_is_switched_off(at: Bench) -> None:
    item = at.placed()
    assert item.GetClipEnabled() is True and item.SetClipEnabled(False) is True
    assert item.GetClipEnabled() is False


@check
def clip_colour_reads_back(at: Bench) -> None:
    item = at.placed()
    assert item.SetClipColor("Teal") is True and item.GetClipColor() == "Teal"


@check
def colour_of_markers_is_none_of_clips(at: Bench) -> None:
    assert not at.placed().SetClipColor("Cocoa")


@check
def item_is_deleted(at: Bench) -> None:
    item = at.placed()
    assert at.timeline.DeleteClips([item], False) or at.timeline.DeleteClips([item], False)
    assert at.items(at.timeline.GetTrackCount("audio")) == []


@check
def handle_of_a_deleted_item_is_dead(at: Bench) -> None:
    item = at.placed()
    assert at.timeline.DeleteClips([item], False) or at.timeline.DeleteClips([item], False)
    assert item.GetStart() is None
