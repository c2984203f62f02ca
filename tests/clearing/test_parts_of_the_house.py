"""The clearing house is made of parts that own their data."""

import ast
from pathlib import Path

import numpy as np
import pytest
from clearing_room import room

import abm.clearing
from abm.clearing import ClearingHouse
from abm.clearing.readings import Reading

PACKAGE = Path(abm.clearing.__file__).parent
OF_EVERY_NAMED_TUPLE = {"_asdict", "_make", "_replace"}


def test_no_part_of_the_clearing_house_touches_what_another_keeps_to_itself():
    touched = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} {ast.unparse(node)}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in OF_EVERY_NAMED_TUPLE
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    assert touched == []


def test_no_class_of_the_clearing_house_is_made_by_inheriting_from_another_of_its_parts():
    house = room([1, 1])
    assert ClearingHouse.__bases__ == (object,)
    owners = [*house.parts.books, *house.parts[1:]]
    assert {type(owner).__bases__ for owner in owners} == {(object,)}
    assert len({id(owner) for owner in owners}) == len(owners)


READINGS = [name for name, thing in vars(ClearingHouse).items() if isinstance(thing, Reading)]


@pytest.mark.parametrize("name", READINGS)
def test_what_is_read_of_the_clearing_house_cannot_be_set(name):
    with pytest.raises(AttributeError, match=f"{name} of a ClearingHouse can only be read"):
        setattr(room([1, 1]), name, 0)


def test_an_array_that_is_read_of_the_clearing_house_cannot_be_written():
    house = room([1, 1])
    arrays = {name: value for name in READINGS if isinstance(value := getattr(house, name), np.ndarray)}
    of_the_house = {name for name, array in arrays.items() if array.base is not None}
    assert {"position_lots", "collateral_usd_micro", "member_of", "in_default"} <= of_the_house
    assert [name for name in sorted(of_the_house) if arrays[name].flags.writeable] == []
