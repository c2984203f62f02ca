"""NumPy: arrays as views on shared memory, scalars, types of data, and sources of random numbers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from abm.market.snapshot.kind import Kind, Rebuilt, Walk


class ArrayKind(Kind):
    """An array: its place in a stretch of memory, and how it is read."""

    name = "array"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return shape, strides, type, and where it lies; nothing but shape and type if it is empty."""
        if thing.dtype.hasobject:
            walk.refuse("arrays of a type that mixes Python objects with other fields are not known")
        content: dict[str, Any] = {
            "class": walk.number(type(thing)),
            "dtype": walk.number(thing.dtype),
            "shape": list(thing.shape),
            "writeable": thing.flags.writeable,
            "memory": -1,
        }
        if thing.size and thing.itemsize:
            content["strides"] = list(thing.strides)
            content["memory"], content["address"] = walk.memory.take(thing)
        return content

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return the array on its part of the new memory."""
        shape, dtype = tuple(content["shape"]), rebuilt.thing(content["dtype"])
        kind = rebuilt.thing(content["class"])
        if content["memory"] < 0:
            thing = np.ndarray.__new__(kind, shape, dtype)
        else:
            memory = rebuilt.memory[content["memory"]]
            thing = np.ndarray.__new__(
                kind, shape, dtype, memory, content["offset"], tuple(content["strides"])
            )
        if not content["writeable"]:
            thing.flags.writeable = False
        return thing


class ObjectArrayKind(Kind):
    """An array of Python objects that is no view of another."""

    name = "array of objects"
    is_made_whole = False

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return its shape and the numbers of its items."""
        if thing.base is not None:
            walk.refuse("it is a view of an array of Python objects; hold a copy of it")
        return [list(thing.shape), walk.numbers(thing.ravel().tolist()), thing.flags.writeable]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return an array of nothing."""
        return np.empty(tuple(content[0]), dtype=np.object_)

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Put in the items."""
        flat = thing.reshape(-1)
        for place, item in enumerate(rebuilt.all(content[1])):
            flat[place] = item
        thing.flags.writeable = content[2]


class ScalarKind(Kind):
    """A NumPy scalar."""

    name = "scalar"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return its type and its bytes."""
        if isinstance(thing, np.void):
            walk.refuse("a record of an array is a view of it; hold the array and the row")
        return [walk.number(thing.dtype), thing.tobytes().hex()] if walk.is_file else thing

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return it."""
        if isinstance(content, np.generic):
            return content
        return np.frombuffer(bytes.fromhex(content[1]), dtype=rebuilt.thing(content[0]))[0]


class DtypeKind(Kind):
    """The type of an array's data; of a record also places and alignment, which compiled code asks for."""

    name = "dtype"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the type, for a file in words."""
        return _spelt(thing) if walk.is_file else thing

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return the type."""
        return content if isinstance(content, np.dtype) else _read(content)


def _spelt(dtype: np.dtype[Any]) -> Any:
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return {"base": _spelt(base), "shape": list(shape)}
    if dtype.fields is None:
        return dtype.str
    names = list(dtype.names or ())
    return {
        "names": names,
        "formats": [_spelt(dtype.fields[name][0]) for name in names],
        "offsets": [dtype.fields[name][1] for name in names],
        "itemsize": dtype.itemsize,
        "aligned": dtype.isalignedstruct,
    }


def _read(spelt: Any) -> Any:
    if isinstance(spelt, str):
        return np.dtype(spelt)
    if "base" in spelt:
        return np.dtype((_read(spelt["base"]), tuple(spelt["shape"])))
    fields: Any = {name: spelt[name] for name in ("names", "offsets", "itemsize")}
    fields["formats"] = [_read(each) for each in spelt["formats"]]
    return np.dtype(fields, align=spelt["aligned"])


class BitGeneratorKind(Kind):
    """A source of random bits."""

    name = "bit generator"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return its name, its state, and the number of the seed sequence that it came from."""
        name = type(thing).__name__
        if getattr(np.random, name, None) is not type(thing):
            walk.refuse("it is none of NumPy's bit generators")
        seeds = thing.seed_seq if type(thing.seed_seq) is np.random.SeedSequence else None
        return [name, _plain_state(thing.state), walk.number(seeds)]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return one in the same state."""
        name, state, seeds = content
        kind = getattr(np.random, name)
        if not (isinstance(kind, type) and issubclass(kind, np.random.BitGenerator)):
            raise ValueError(f"{name} is none of NumPy's bit generators")
        thing = kind(rebuilt.thing(seeds))
        thing.state = state
        return thing


def _plain_state(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _plain_state(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


class SeedSequenceKind(Kind):
    """A seed sequence with the children it has given away."""

    name = "seed sequence"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return what it was made with."""
        entropy = thing.entropy
        if isinstance(entropy, np.ndarray | list | tuple):
            entropy = [int(word) for word in entropy]
        spawn_key = [int(word) for word in thing.spawn_key]
        return [entropy, spawn_key, thing.pool_size, thing.n_children_spawned]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return an equal one."""
        entropy, spawn_key, pool_size, spawned = content
        return np.random.SeedSequence(
            entropy, spawn_key=tuple(spawn_key), pool_size=pool_size, n_children_spawned=spawned
        )


class GeneratorKind(Kind):
    """NumPy's generator of random numbers."""

    name = "generator"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the number of its source of bits."""
        return walk.number(thing.bit_generator)

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return one of the new source."""
        return np.random.Generator(rebuilt.thing(content))


class PlainRandomKind(Kind):
    """Python's generator of random numbers."""

    name = "random"

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return its state."""
        added = sorted(vars(thing).keys() - {"gauss_next"})
        if added:
            walk.refuse(f"it has attributes of its own: {', '.join(added)}")
        version, words, gauss = thing.getstate()
        return [version, list(words), gauss]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return one in the same state."""
        version, words, gauss = content
        thing = random.Random(0)
        thing.setstate((version, tuple(words), gauss))
        return thing
