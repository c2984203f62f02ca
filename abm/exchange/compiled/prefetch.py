"""Hints to the processor: fetch what the next messages will need while the present one is matched."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from abm.core.kernel import is_compiling

_READ, _KEEP_IN_ALL_CACHES, _DATA = 0, 3, 1
_CACHE_LINE = 64


def _nothing(array: Any, row: Any) -> None:
    """Stand in for the hint where kernels run as plain Python."""


@intrinsic  # type: ignore[untyped-decorator]
def _prefetch(_: Any, array: Any, row: Any) -> Any:
    """Ask for the cache lines of a row of an array, counted through all dimensions; it need not exist."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        record = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte_pointer = ir.IntType(8).as_pointer()
        address = builder.bitcast(builder.gep(record.data, [arguments[1]]), byte_pointer)
        parameters = [byte_pointer, *[ir.IntType(32)] * 3]
        hint = builder.module.declare_intrinsic(
            "llvm.prefetch", [byte_pointer], ir.FunctionType(ir.VoidType(), parameters)
        )
        flags = [ir.Constant(ir.IntType(32), flag) for flag in (_READ, _KEEP_IN_ALL_CACHES, _DATA)]
        size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        for offset in (0, size - 1) if size > _CACHE_LINE else (0,):
            place = builder.gep(address, [ir.Constant(ir.IntType(64), offset)])
            builder.call(hint, [place, *flags])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


fetch_ahead = _prefetch if is_compiling() else _nothing
