"""A network's weights in what trainers write: they may lie deeper in the file, under names with something before them.

Nothing is guessed by the words that one trainer or the other uses. Wherever in the file tensors have names, each
beginning that these share is taken off in turn; where what is left are the network's names, all of them and no others,
the weights are found. So ``model_state_dict``, ``ema``, ``module.`` and ``_orig_mod.`` need no list of their own.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from edgecompress.errors import InputError

_DEPTH = 4
_WRAPPERS = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
"""What wrappers of PyTorch put into names, wherever in the network they stand."""
_SHOWN = 6
State = dict[str, torch.Tensor]


@dataclass(frozen=True)
class _Found:
    """Tensors by the network's names.

    Attributes:
        place: where in the file they are, as a person would write it.
        state: the tensors.
        exact: whether all of the network's names are there, and nothing else is.
        known: how many are the network's.
    """

    place: str
    state: State
    exact: bool
    known: int


def unwrapped(content: object, expected: Mapping[str, torch.Tensor], where: str) -> State:
    """The tensors in ``content`` that are a network's, by its own names; or, where none fit, those that come nearest.

    Args:
        content: what was read of a file.
        expected: the network's own tensors.
        where: the file's name, for errors.

    Raises:
        InputError: there are no tensors by name, none has a name of the network's, or several sets fit and differ.
    """
    found = [each for place, state in _places(content, "", _DEPTH) for each in _fits(place, state, expected)]
    exact = [each for each in found if each.exact]
    different = [each for each in exact[1:] if not _same(exact[0].state, each.state)]
    if different:
        places = " and ".join(dict.fromkeys(each.place or "the top" for each in (exact[0], *different)))
        raise InputError(
            f"{where} holds weights that fit the network in several places: {places}; save the one that is meant by "
            "itself, with torch.save(checkpoint[...], file)"
        )
    best = max(found, key=lambda each: (each.exact, each.known, -len(each.state)), default=None)
    if best is None or not best.known:
        raise InputError(
            f"{where} holds no weights of this network: it has {_listed(content)}; the network's first tensors are "
            f"{', '.join(list(expected)[:3])}; save network.state_dict()"
        )
    return best.state


def _places(content: object, place: str, depth: int) -> Iterator[tuple[str, State]]:
    """All tables of tensors in ``content``, and where they are."""
    if not isinstance(content, Mapping) or depth < 0:
        return
    state = {name: each for name, each in content.items() if isinstance(name, str) and isinstance(each, torch.Tensor)}
    if state:
        yield place, state
    for name, each in content.items():
        if isinstance(name, str):
            yield from _places(each, f"{place}['{name}']", depth - 1)


def _masked(state: State) -> State:
    """``state`` with the masks of torch.nn.utils.prune applied."""
    made = dict(state)
    for name in state:
        own = name.removesuffix("_mask")
        if own != name and f"{own}_orig" in state and own not in state:
            made[own] = made.pop(f"{own}_orig") * made.pop(name)
    return made


def _fits(place: str, state: State, expected: Mapping[str, torch.Tensor]) -> Iterator[_Found]:
    """``state`` without each beginning that its names have."""
    for masked in (state, _masked(state)) if _wants_masks(expected) else (_masked(state),):
        plain = {_bare(name, expected): each for name, each in masked.items()}
        beginnings = {name[: index + 1] for name in plain for index, letter in enumerate(name) if letter == "."}
        for beginning in ("", *sorted(beginnings)):
            inside = {name.removeprefix(beginning): each for name, each in plain.items() if name.startswith(beginning)}
            known = sum(name in expected for name in inside)
            if known or not beginning:
                where = f"{place} under '{beginning}'" if beginning else place
                yield _Found(where, inside, _exact(inside, expected), known)


def _wants_masks(expected: Collection[str]) -> bool:
    return any(name.endswith("_mask") for name in expected)


def _bare(name: str, expected: Mapping[str, torch.Tensor]) -> str:
    if name not in expected:
        for wrapper in _WRAPPERS:
            name = name.replace(wrapper, "")
    return name


def _exact(state: State, expected: Mapping[str, torch.Tensor]) -> bool:
    """Return whether ``state`` is the network's; it may lack a counter, or a tensor that has another name too."""
    shared = {tensor.data_ptr() for name, tensor in expected.items() if name in state and tensor.numel()}
    needed = {
        name
        for name, tensor in expected.items()
        if not name.endswith("num_batches_tracked") and tensor.data_ptr() not in shared
    }
    return not needed and state.keys() <= expected.keys() and bool(state)


def _same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(
        tensor.shape == other[name].shape and bool(torch.equal(tensor, other[name])) for name, tensor in one.items()
    )


def _listed(content: Any) -> str:
    """The content of a file, in a few words."""
    if not isinstance(content, Mapping):
        return f"a {type(content).__name__}"
    names = [
        f"'{name}'" if isinstance(each, torch.Tensor) else f"'{name}' ({_kind(each)})" for name, each in content.items()
    ]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) + more) or "nothing"


def _kind(each: object) -> str:
    if isinstance(each, Mapping):
        first = next((name for name in each), None)
        return "an empty table" if first is None else f"a table that begins with '{first}'"
    return type(each).__name__
