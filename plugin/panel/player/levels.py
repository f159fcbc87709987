"""How loud each take is played, so that the ear compares music and not loudness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_CEILING_DBTP = -1.0


@dataclass(frozen=True, slots=True)
class Loudness:
    """Of a whole take: LUFS and dBTP; None for silence, or where nobody has measured."""

    lufs: float | None
    true_peak_dbtp: float | None


def matched_db(takes: Mapping[str, Loudness]) -> dict[str, float]:
    """Gains in dB at which all takes are equally loud: as loud as the loudest, or as far as the one with the
    least room below -1 dBTP can come. Those without a loudness stay as they are.
    """
    known = {name: (each.lufs, each.true_peak_dbtp) for name, each in takes.items() if each.lufs is not None}
    if not known:
        return dict.fromkeys(takes, 0.0)
    reach = [lufs if peak is None else lufs + max(0.0, _CEILING_DBTP - peak) for lufs, peak in known.values()]
    goal = min(max(lufs for lufs, _ in known.values()), *reach)
    return {name: goal - known[name][0] if name in known else 0.0 for name in takes}


def factor(gain_db: float) -> float:
    return float(10 ** (gain_db / 20))
