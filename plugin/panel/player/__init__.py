"""Playback: sound and picture of one cue on one clock."""
