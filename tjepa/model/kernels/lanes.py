"""Sixteen rows at a time: a vector type for numba, and products kept in its registers.

Numba turns these into the vector instructions of the processor at hand (AVX-512, AVX2, NEON), with
no compiler to install. A *vector* is the same number of 16 rows; a buffer is a flat f32 array,
aligned to 64 bytes, in which vector i is the 16 numbers from 16·i on.
"""

# Inside a kernel the types are numba's, which a type checker of Python does not know.
# mypy: ignore-errors

import operator
from collections.abc import Callable
from typing import Any, ClassVar

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import njit, types
from numba.core import cgutils
from numba.core.typing import signature as typed
from numba.core.typing.templates import ConcreteTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, models, register_model

from tjepa.model.kernels import HAS_BFLOAT16, LANES

TILE, COLUMNS = (8, 2) if get_host_cpu_features().get("avx512f") else (4, 1)
"""Rows and columns of a matrix product that are added up side by side: the registers hold them."""


class _Bfloat(ir.Type):
    """The one type of LLVM that llvmlite has no class for."""

    def _to_string(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bfloat)

    def __hash__(self) -> int:
        return hash(_Bfloat)


_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
_F32 = ir.FloatType()
_VECTOR = ir.VectorType(_F32, LANES)
_INTEGERS = ir.VectorType(_I32, LANES)
_HALVES = ir.VectorType(_Bfloat(), LANES)
_PAIRS = ir.VectorType(_Bfloat(), 2 * LANES)


class _Vector(types.Type):
    def __init__(self) -> None:
        super().__init__("rows of one number")


vector = _Vector()


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, numba_type) -> None:
        super().__init__(manager, numba_type, _VECTOR)


def _pointer(context, builder, array_type, array, at, element=_VECTOR):
    """A pointer `at` numbers into a flat array."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), element.as_pointer())


def _splat(builder, number):
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.Constant(_I32, 0))
    return builder.shuffle_vector(
        one, ir.Constant(_VECTOR, ir.Undefined), ir.Constant(_INTEGERS, [0] * LANES)
    )


def _call(builder, name, result, *arguments):
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, arguments)


def _multiply_add(builder, a, b, c):
    return _call(builder, "llvm.fma.v16f32", _VECTOR, a, b, c)


def _multiply_add_pairs(builder, a, b, c):
    """c + a₀·b₀ + a₁·b₁, where the 32 bits of each number of a and of b are two bfloat16."""
    if not HAS_BFLOAT16:
        return c
    halves = (builder.bitcast(a, _PAIRS), builder.bitcast(b, _PAIRS))
    return _call(builder, "llvm.x86.avx512bf16.dpbf16ps.512", _VECTOR, c, *halves)


# Loads, stores and arithmetic


@intrinsic
def load(typing, buffer, index):
    def build(context, builder, signature, arguments):
        at = builder.mul(arguments[1], ir.Constant(_I64, LANES))
        pointer = _pointer(context, builder, signature.args[0], arguments[0], at)
        return builder.load(pointer, align=64)

    return vector(buffer, types.int64), build


@intrinsic
def store(typing, buffer, index, value):
    def build(context, builder, signature, arguments):
        at = builder.mul(arguments[1], ir.Constant(_I64, LANES))
        pointer = _pointer(context, builder, signature.args[0], arguments[0], at)
        builder.store(arguments[2], pointer, align=64)
        return context.get_dummy_value()

    return types.void(buffer, types.int64, vector), build


@intrinsic
def splat(typing, number):
    """The same number for every row."""

    def build(context, builder, signature, arguments):
        return _splat(builder, builder.fptrunc(arguments[0], _F32))

    return vector(types.float64), build


@intrinsic
def fma(typing, a, b, c):
    """a·b + c."""

    def build(context, builder, signature, arguments):
        return _multiply_add(builder, *arguments)

    return vector(vector, vector, vector), build


@intrinsic
def maximum(typing, a, b):
    def build(context, builder, signature, arguments):
        return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

    return vector(vector, vector), build


@intrinsic
def square_root(typing, a):
    def build(context, builder, signature, arguments):
        return _call(builder, "llvm.sqrt.v16f32", _VECTOR, arguments[0])

    return vector(vector), build


@intrinsic
def magnitude(typing, a):
    def build(context, builder, signature, arguments):
        return _call(builder, "llvm.fabs.v16f32", _VECTOR, arguments[0])

    return vector(vector), build


@intrinsic
def with_sign(typing, size, sign):
    """The size of one, the sign of the other."""

    def build(context, builder, signature, arguments):
        return _call(builder, "llvm.copysign.v16f32", _VECTOR, *arguments)

    return vector(vector, vector), build


@intrinsic
def _times_power_of_two(typing, a, shifted):
    """a · 2ⁿ for the whole number n that was added to 1.5 · 2²³ in `shifted`."""

    def build(context, builder, signature, arguments):
        a, shifted = (builder.bitcast(argument, _INTEGERS) for argument in arguments)
        exponent = builder.shl(shifted, ir.Constant(_INTEGERS, [23] * LANES))
        return builder.bitcast(builder.add(a, exponent), _VECTOR)

    return vector(vector, vector), build


def _arithmetic(operation: Callable[..., Any], instruction: str) -> None:
    @infer_global(operation)
    class _Typed(ConcreteTemplate):
        cases: ClassVar = [typed(vector, vector, vector)]

    @lower_builtin(operation, _Vector, _Vector)
    def _(context, builder, signature, arguments):
        return getattr(builder, instruction)(*arguments)


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")
_arithmetic(operator.truediv, "fdiv")


@njit
def power_of_two(x):
    """2ˣ for x ≤ 0, to about 1e-7 of itself; 2⁻¹²⁵ below.

    x = n + r with a whole n and |r| ≤ 1/2: 2ⁿ times a polynomial that interpolates 2ʳ at the
    Chebyshev nodes of that interval.
    """
    x = maximum(x, splat(-125.0))
    shift = splat(12582912.0)  # 1.5 · 2²³: adding it rounds to whole numbers
    shifted = x + shift
    r = x - (shifted - shift)
    p = fma(r, splat(0.001339086336353527), splat(0.009676031918255982))
    p = fma(p, r, splat(0.05550357114222094))
    p = fma(p, r, splat(0.2402210748530968))
    p = fma(p, r, splat(0.6931471880262273))
    p = fma(p, r, splat(1.0000000754548972))
    return _times_power_of_two(p, shifted)


# Blocks of 16 × 16 numbers


@intrinsic
def transpose_block(typing, target, target_at, target_row, source, source_at, source_row):
    """16 rows of 16 numbers become columns; positions and the distance of rows in numbers."""

    def build(context, builder, signature, arguments):
        target, target_at, target_row, source, source_at, source_row = arguments
        rows = []
        for i in range(LANES):
            at = builder.add(source_at, builder.mul(source_row, ir.Constant(_I64, i)))
            pointer = _pointer(context, builder, signature.args[3], source, at)
            rows.append(builder.load(pointer, align=64))
        for distance in (8, 4, 2, 1):
            # Of each pair of rows, swap the blocks that lie off the diagonal.
            low = [i if not i & distance else LANES + i - distance for i in range(LANES)]
            high = [i + distance if not i & distance else LANES + i for i in range(LANES)]
            for i in range(LANES):
                if not i & distance:
                    pair = rows[i], rows[i + distance]
                    rows[i], rows[i + distance] = (
                        builder.shuffle_vector(*pair, ir.Constant(_INTEGERS, which))
                        for which in (low, high)
                    )
        for i in range(LANES):
            at = builder.add(target_at, builder.mul(target_row, ir.Constant(_I64, i)))
            pointer = _pointer(context, builder, signature.args[0], target, at)
            builder.store(rows[i], pointer, align=64)
        return context.get_dummy_value()

    place = (types.int64, types.int64)
    return types.void(target, *place, source, *place), build


# bfloat16: two of them in the 32 bits of one number


def _halved(builder, value):
    """bfloat16 of a vector, in the low bits of 16 whole numbers."""
    bits = builder.bitcast(builder.fptrunc(value, _HALVES), ir.VectorType(_I16, LANES))
    return builder.zext(bits, _INTEGERS)


@intrinsic
def paired(typing, low, high):
    """The bfloat16 of two vectors, side by side in each number."""

    def build(context, builder, signature, arguments):
        if not HAS_BFLOAT16:
            return arguments[0]
        low, high = (_halved(builder, argument) for argument in arguments)
        both = builder.or_(low, builder.shl(high, ir.Constant(_INTEGERS, [16] * LANES)))
        return builder.bitcast(both, _VECTOR)

    return vector(vector, vector), build


@intrinsic
def store_halves(typing, buffer, at, value):
    """The bfloat16 of the 16 rows in 8 numbers, `at` numbers into the buffer."""

    def build(context, builder, signature, arguments):
        if HAS_BFLOAT16:
            halves = builder.fptrunc(arguments[2], _HALVES)
            pointer = _pointer(
                context, builder, signature.args[0], arguments[0], arguments[1], _HALVES
            )
            builder.store(halves, pointer, align=32)
        return context.get_dummy_value()

    return types.void(buffer, types.int64, vector), build


# Products


def product(rows: int, columns: int, *, broadcast: bool, pairs: bool) -> Any:
    """A numba function that computes a small product while its result stays in registers.

    It adds Σ over ``outer`` and ``inner`` of A[row, outer, inner] · B[column, outer, inner] to
    C[row, column], or sets C to it. C and B are vectors, A single numbers with `broadcast`, else
    vectors; with `pairs`, A and B are pairs of bfloat16. Positions and strides are in numbers.
    """
    multiply_add = _multiply_add_pairs if pairs else _multiply_add

    @intrinsic
    def tile(
        typing,
        add,
        c, c_at, c_row, c_column,
        a, a_at, a_row, a_outer, a_inner,
        b, b_at, b_column, b_outer, b_inner,
        outer, inner,
    ):  # fmt: skip
        def build(context, builder, signature, arguments):
            (
                add,
                c, c_at, c_row, c_column,
                a, a_at, a_row, a_outer, a_inner,
                b, b_at, b_column, b_outer, b_inner,
                outer, inner,
            ) = arguments  # fmt: skip
            types_of = dict(zip("cab", (signature.args[i] for i in (1, 5, 10)), strict=True))

            def strided(start, step, times):
                return builder.add(start, builder.mul(step, ir.Constant(_I64, times)))

            def pointer(name, array, at, element=_VECTOR):
                return _pointer(context, builder, types_of[name], array, at, element)

            results = [
                pointer("c", c, strided(strided(c_at, c_row, i), c_column, j))
                for i in range(rows)
                for j in range(columns)
            ]
            sums = [cgutils.alloca_once(builder, _VECTOR) for _ in results]
            zero = ir.Constant(_VECTOR, [0.0] * LANES)
            for place in sums:
                builder.store(zero, place)
            with cgutils.if_likely(builder, add):
                for place, result in zip(sums, results, strict=True):
                    builder.store(builder.load(result, align=64), place)
            with cgutils.for_range(builder, outer) as outside:
                a_start = builder.add(a_at, builder.mul(outside.index, a_outer))
                b_start = builder.add(b_at, builder.mul(outside.index, b_outer))
                with cgutils.for_range(builder, inner) as inside:
                    a_here = builder.add(a_start, builder.mul(inside.index, a_inner))
                    b_here = builder.add(b_start, builder.mul(inside.index, b_inner))
                    right = [
                        builder.load(pointer("b", b, strided(b_here, b_column, j)), align=64)
                        for j in range(columns)
                    ]
                    for i in range(rows):
                        at = strided(a_here, a_row, i)
                        if broadcast:
                            left = _splat(builder, builder.load(pointer("a", a, at, _F32)))
                        else:
                            left = builder.load(pointer("a", a, at), align=64)
                        for j in range(columns):
                            place = sums[i * columns + j]
                            old = builder.load(place)
                            builder.store(multiply_add(builder, left, right[j], old), place)
            for place, result in zip(sums, results, strict=True):
                builder.store(builder.load(place), result, align=64)
            return context.get_dummy_value()

        whole = types.int64
        arguments = (
            types.boolean,
            c, *[whole] * 3,
            a, *[whole] * 4,
            b, *[whole] * 4,
            whole, whole,
        )  # fmt: skip
        return types.void(*arguments), build

    return tile
