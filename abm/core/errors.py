"""Exceptions a user can cause; each message names the field or file, the value and what is allowed.

A market outcome (a rejected order, a margin call, a default) is a value, never an exception, and a
fault of the simulator itself is an ``AssertionError``.
"""


class SitsimError(Exception):
    """Base of every error a user can cause."""


class ScenarioError(SitsimError):
    """A scenario file or a scenario value is not usable."""


class ParameterError(SitsimError, ValueError):
    """An argument of a public function or class is outside its domain."""


class IndexDataError(SitsimError):
    """A provider price file is not usable."""


class CalibrationError(SitsimError, ValueError):
    """A price series, or a setting of its calibration, is not usable."""


class CopyError(SitsimError, TypeError):
    """Something that lives in one place only was to be copied or pickled."""


class SnapshotError(SitsimError):
    """A saved market is missing, damaged, of another program or another run, or it cannot be written."""


class RunFolderError(SitsimError):
    """A run folder is missing, damaged or of another format, or it cannot be written."""
