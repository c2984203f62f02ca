"""What is installed next to this package: the scenario files and the analysis package.

Their import names, ``scenarios`` and ``analysis``, are common ones, and a user's own folder of such a name
may stand first on the import path. So they are found by their place beside our own code, never by name.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from abm.core.errors import SitsimError

_OUR_FOLDER = Path(__file__).resolve().parents[2]


def neighbour_folder(name: str) -> Path:
    """Return the folder of that name beside this package.

    Raises
    ------
    SitsimError
        If there is none: the installation is incomplete.
    """
    folder = _OUR_FOLDER / name
    if not folder.is_dir():
        raise SitsimError(f"{folder}: no such folder: it comes with sitsim (install sitsim again)")
    return folder


def neighbour_module(package: str, module: str) -> ModuleType:
    """Return a module of the package beside this one, whatever else goes by that package's name.

    Where the name leads to another package than ours, ours is loaded under a name of its own: the user's
    keeps the name.

    Parameters
    ----------
    package : str
        A package that imports its own modules relative to itself.
    module : str
        Name of a module in it.
    """
    name = package if _leads_to_ours(package) else _loaded_apart(package)
    return import_module(f"{name}.{module}")


def _leads_to_ours(package: str) -> bool:
    try:
        spec = find_spec(package)
    except ValueError:  # a module that somebody put into sys.modules by hand
        return False
    ours = neighbour_folder(package) / "__init__.py"
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == ours


def _loaded_apart(package: str) -> str:
    name = f"_sitsim_{package}"
    if name not in sys.modules:
        folder = neighbour_folder(package)
        spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return name
