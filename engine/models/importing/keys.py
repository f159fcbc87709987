"""Every weight is accounted for: none missing, none over, each of its shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...errors import InputError

Shape = tuple[int, ...]
_NAMED = 3


def check_keys(found: Mapping[str, Shape], wanted: Mapping[str, Shape], file_name: str, whose: str) -> None:
    """InputError naming the first few of what is wrong. `whose` is the owner in the sentence: "a GVMGen"."""
    missing = [name for name in wanted if name not in found]
    over = [name for name in found if name not in wanted]
    wrong = [
        f"{name} {found[name]} instead of {shape}"
        for name, shape in wanted.items()
        if name in found and found[name] != shape
    ]
    faults = [
        f"lacks {_list(missing)}" if missing else "",
        f"has {_list(over)}, which {whose} has not" if over else "",
        f"has a wrong shape in {_list(wrong)}" if wrong else "",
    ]
    if any(faults):
        raise InputError(
            f"'{file_name}' {' and '.join(fault for fault in faults if fault)}: "
            f"it is not the whole of {whose}, get it again from where it was published"
        )


def count(names: Collection[str], prefix: str) -> int:
    """How many numbered items follow `prefix` ("emb." in "emb.0.weight"): the highest number plus one."""
    numbers = [name[len(prefix) :].split(".", 1)[0] for name in names if name.startswith(prefix)]
    return max((int(number) + 1 for number in numbers if number.isdigit() and len(number) < 6), default=0)


def _list(names: Sequence[str]) -> str:
    some = ", ".join(names[:_NAMED])
    return f"{len(names)} weights ({some}, ...)" if len(names) > _NAMED else some
