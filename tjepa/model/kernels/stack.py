"""A stack of pre-norm transformer blocks, forward and backward, on 16 rows at a time.

What `tjepa.model.transformer` says with torch, said again close to the processor: everything that
belongs to 16 sequences stays in its caches from the first block to the last. A token is H vectors
(see `lanes`), so every sum over features, tokens or heads is plain vector arithmetic. The backward
pass keeps nothing of the forward pass but the input of each block, and computes the rest again.
"""

# Inside a kernel the types are numba's, which a type checker of Python does not know.
# mypy: ignore-errors

from collections import namedtuple

from numba import njit, types

from tjepa.model.kernels import LANES
from tjepa.model.kernels.lanes import (
    COLUMNS,
    TILE,
    fma,
    load,
    magnitude,
    maximum,
    paired,
    power_of_two,
    product,
    splat,
    square_root,
    store,
    store_halves,
    transpose_block,
    vector,
    with_sign,
)

EPSILON = 1e-5
LOG2_E = 1.4426950408889634
SQUARE = 4

Sizes = namedtuple("Sizes", "layers width heads ffn tokens shared groups pairs")
"""``tokens`` of a sequence: ``shared`` ones that attend to one another, and ``groups`` of equal
size, each of which attends to the shared ones and to itself. ``pairs``: products in bfloat16."""

Weights = namedtuple(
    "Weights",
    "norm1 norm1_bias qkv qkv_bias out out_bias norm2 norm2_bias up up_bias down down_bias "
    "qkv_back out_back up_back down_back",
)
"""f32 [layers, ...] each; matrices as `panels` lays them out, those that go back transposed."""

Gradients = namedtuple(
    "Gradients",
    "norm1 norm1_bias qkv qkv_bias out out_bias norm2 norm2_bias up up_bias down down_bias",
)
"""f32 [layers, ...]: matrices flat, that of ``down`` transposed, and of each bias and scale one sum
per row."""

Space = namedtuple(
    "Space",
    "x normed1 qkv weights mixed middle normed2 active slope "
    "change inner outer qkv_back scores turned packed halves",
)
"""Room for what one group of 16 sequences needs, written over again and again."""

_buffer, _matrix = types.float32[::1], types.float32[:, ::1]
_whole, _flag = types.int64, types.boolean
_sizes = types.NamedTuple([_whole] * 7 + [_flag], Sizes)
_weights = types.NamedUniTuple(_matrix, len(Weights._fields), Weights)
_gradients = types.NamedUniTuple(_matrix, len(Gradients._fields), Gradients)
_space = types.NamedUniTuple(_buffer, len(Space._fields), Space)


def _kernel(*arguments, result=types.void, entry=False):
    """Compiled once, for these types alone: numba would compile anew for every constant."""
    options = {
        "nogil": True,
        "error_model": "numpy",
        "no_cpython_wrapper": not entry,
        "no_cfunc_wrapper": True,
    }

    def compiled(function):
        try:
            return njit(result(*arguments), cache=True, **options)(function)
        except RuntimeError:  # numba found no folder that it may keep the machine code in
            return njit(result(*arguments), **options)(function)

    return compiled


_wide = product(TILE, COLUMNS, broadcast=True, pairs=False)
_narrow = product(TILE, 1, broadcast=True, pairs=False)
_wide_pairs = product(TILE, COLUMNS, broadcast=True, pairs=True)
_narrow_pairs = product(TILE, 1, broadcast=True, pairs=True)
_square = product(SQUARE, SQUARE, broadcast=False, pairs=False)
_column = product(SQUARE, 1, broadcast=False, pairs=False)
_row = product(1, SQUARE, broadcast=False, pairs=False)
_cell = product(1, 1, broadcast=False, pairs=False)


# Products


@_kernel(_buffer, _buffer, _whole)
def pack(target, source, vectors):
    """Neighbouring vectors as pairs of bfloat16."""
    for i in range(vectors // 2):
        store(target, i, paired(load(source, 2 * i), load(source, 2 * i + 1)))


@_kernel(_buffer, _flag, _buffer, _buffer, _space, *[_whole] * 3, _flag)
def multiply(c, add, w, x, space, tokens, outputs, inputs, pairs):
    """C [tokens, outputs] = or += X [tokens, inputs] · Wᵀ, with W in panels."""
    if pairs:
        pack(space.packed, x, tokens * inputs)
        inputs //= 2
        x = space.packed
    c_row, b_row = outputs * LANES, inputs * LANES
    # A few tokens at a time, which stay in the first cache while every panel passes by.
    for first in range(0, tokens, LANES):
        last = min(first + LANES, tokens)
        for o in range(0, outputs, TILE):
            a = (w, o * inputs, 1, 0, TILE)
            t = first
            while t < last:
                to = (c, (t * outputs + o) * LANES, LANES, c_row)
                b = (x, t * b_row, b_row, 0, LANES)
                wide = t + COLUMNS <= last
                if pairs and wide:
                    _wide_pairs(add, *to, *a, *b, 1, inputs)
                elif pairs:
                    _narrow_pairs(add, *to, *a, *b, 1, inputs)
                elif wide:
                    _wide(add, *to, *a, *b, 1, inputs)
                else:
                    _narrow(add, *to, *a, *b, 1, inputs)
                t += COLUMNS if wide else 1


@_kernel(_buffer, _buffer, _buffer, _space, *[_whole] * 3, _flag)
def add_outer(gradient, dy, x, space, tokens, outputs, inputs, pairs):
    """Gradient [outputs, inputs] += dYᵀ · X, over the tokens and over the rows."""
    rows = LANES
    for t in range(tokens):
        for i in range(0, inputs, LANES):
            at = (t * inputs + i) * LANES
            transpose_block(space.turned, t * inputs * LANES + i, inputs, x, at, LANES)
    if pairs:
        rows = LANES // 2
        blocks = inputs // LANES
        for pair in range(tokens * rows):
            for i in range(blocks):
                low = load(space.turned, 2 * pair * blocks + i)
                high = load(space.turned, (2 * pair + 1) * blocks + i)
                store(space.packed, pair * blocks + i, paired(low, high))
        for i in range(tokens * outputs):
            store_halves(space.halves, i * rows, load(dy, i))
    dy_row = outputs * rows
    for o in range(0, outputs, TILE):
        i = 0
        while i < inputs:
            to = (gradient, o * inputs + i, inputs, LANES)
            b = (i, LANES, inputs * rows, inputs)
            wide = i + COLUMNS * LANES <= inputs
            if pairs and wide:
                a = (space.halves, o * rows, rows, dy_row, 1)
                _wide_pairs(True, *to, *a, space.packed, *b, tokens, rows)
            elif pairs:
                a = (space.halves, o * rows, rows, dy_row, 1)
                _narrow_pairs(True, *to, *a, space.packed, *b, tokens, rows)
            elif wide:
                _wide(True, *to, dy, o * rows, rows, dy_row, 1, space.turned, *b, tokens, rows)
            else:
                _narrow(True, *to, dy, o * rows, rows, dy_row, 1, space.turned, *b, tokens, rows)
            i += COLUMNS * LANES if wide else LANES


@_kernel(_flag, *[_buffer, *[_whole] * 3] * 3, *[_whole] * 3)
def multiply_rows(add, c, c_at, c_i, c_j, a, a_at, a_i, a_k, b, b_at, b_j, b_k, n_i, n_j, n_k):
    """C[i, j] = or += Σₖ A[i, k] · B[j, k], each row of the batch for itself."""
    i = 0
    while i < n_i:
        many = i + SQUARE <= n_i
        j = 0
        while j < n_j:
            wide = j + SQUARE <= n_j
            to = c_at + i * c_i + j * c_j
            left, right = a_at + i * a_i, b_at + j * b_j
            if many and wide:
                _square(add, c, to, c_i, c_j, a, left, a_i, 0, a_k, b, right, b_j, 0, b_k, 1, n_k)
            elif many:
                _column(add, c, to, c_i, c_j, a, left, a_i, 0, a_k, b, right, b_j, 0, b_k, 1, n_k)
            elif wide:
                _row(add, c, to, c_i, c_j, a, left, a_i, 0, a_k, b, right, b_j, 0, b_k, 1, n_k)
            else:
                _cell(add, c, to, c_i, c_j, a, left, a_i, 0, a_k, b, right, b_j, 0, b_k, 1, n_k)
            j += SQUARE if wide else 1
        i += SQUARE if many else 1


@_kernel(_buffer, _buffer, _whole, _whole)
def start_with(target, bias, tokens, width):
    for t in range(tokens):
        for i in range(width):
            store(target, t * width + i, splat(bias[i]))


@_kernel(_buffer, _buffer, _buffer, _whole, _whole)
def start_with_sum(target, x, bias, tokens, width):
    for t in range(tokens):
        for i in range(width):
            store(target, t * width + i, load(x, t * width + i) + splat(bias[i]))


@_kernel(_buffer, _buffer, _whole, _whole)
def add_bias_gradient(gradient, dy, tokens, width):
    for i in range(width):
        total = load(gradient, i)
        for t in range(tokens):
            total = total + load(dy, t * width + i)
        store(gradient, i, total)


# Normalisation


@_kernel(_buffer, _whole, _whole, result=types.UniTuple(vector, 2))
def moments(x, start, width):
    """Mean and reciprocal standard deviation over the features of one token."""
    count = splat(1.0 / width)
    total = splat(0.0)
    for i in range(width):
        total = total + load(x, start + i)
    mean = total * count
    squares = splat(0.0)
    for i in range(width):
        apart = load(x, start + i) - mean
        squares = fma(apart, apart, squares)
    return mean, splat(1.0) / square_root(fma(squares, count, splat(EPSILON)))


@_kernel(*[_buffer] * 4, _whole, _whole)
def normalise(target, x, scale, bias, tokens, width):
    for t in range(tokens):
        start = t * width
        mean, rate = moments(x, start, width)
        for i in range(width):
            one = (load(x, start + i) - mean) * rate
            store(target, start + i, fma(one, splat(scale[i]), splat(bias[i])))


@_kernel(_buffer, _flag, *[_buffer] * 5, _whole, _whole)
def add_normalise_gradient(dx, add, dy, x, scale, d_scale, d_bias, tokens, width):
    """dX = or += the gradient of `normalise`; those of scale and bias are added up."""
    count = splat(1.0 / width)
    for t in range(tokens):
        start = t * width
        mean, rate = moments(x, start, width)
        sum_g, sum_gx = splat(0.0), splat(0.0)
        for i in range(width):
            given = load(dy, start + i)
            one = (load(x, start + i) - mean) * rate
            store(d_scale, i, fma(given, one, load(d_scale, i)))
            store(d_bias, i, load(d_bias, i) + given)
            g = given * splat(scale[i])
            sum_g = sum_g + g
            sum_gx = fma(g, one, sum_gx)
        mean_g, mean_gx = sum_g * count, sum_gx * count
        for i in range(width):
            one = (load(x, start + i) - mean) * rate
            g = load(dy, start + i) * splat(scale[i])
            change = (g - mean_g - one * mean_gx) * rate
            store(dx, start + i, load(dx, start + i) + change if add else change)


# GELU


@_kernel(_buffer, _buffer, _whole, _flag)
def activate(x, slope, vectors, keep):
    """x·Φ(x) in place and, to be kept, its slope Φ(x) + x·φ(x).

    Φ by Abramowitz and Stegun 7.1.26, whose error is below 1.5e-7.
    """
    one, half = splat(1.0), splat(0.5)
    for i in range(vectors):
        u = load(x, i)
        bell = power_of_two(u * u * splat(-0.5 * LOG2_E))
        t = one / fma(magnitude(u), splat(0.3275911 * 0.7071067811865476), one)
        p = fma(t, splat(-0.5 * 1.061405429), splat(0.5 * 1.453152027))
        p = fma(p, t, splat(-0.5 * 1.421413741))
        p = fma(p, t, splat(0.5 * 0.284496736))
        p = fma(p, t, splat(-0.5 * 0.254829592))
        share = half + with_sign(fma(p * t, bell, half), u)
        store(x, i, u * share)
        if keep:
            store(slope, i, fma(u * splat(0.3989422804014327), bell, share))


# Attention


@_kernel(_buffer, _whole, _whole, vector)
def softmax(scores, start, keys, scale):
    top = load(scores, start)
    for j in range(1, keys):
        top = maximum(top, load(scores, start + j))
    scale = scale * splat(LOG2_E)
    top = top * scale
    total = splat(0.0)
    for j in range(keys):
        share = power_of_two(fma(load(scores, start + j), scale, splat(0.0) - top))
        total = total + share
        store(scores, start + j, share)
    rate = splat(1.0) / total
    for j in range(keys):
        store(scores, start + j, load(scores, start + j) * rate)


@_kernel(_whole, _sizes, result=types.UniTuple(_whole, 3))
def span(block, sizes):
    """First token and number of tokens of block 0, the shared ones, or of a group.

    The third is how many keys of its own a block has beside the shared ones.
    """
    if block == 0:
        return 0, sizes.shared, 0
    n = (sizes.tokens - sizes.shared) // sizes.groups
    return sizes.shared + (block - 1) * n, n, n


@_kernel(_space, _sizes)
def attend(space, sizes):
    """From ``qkv`` to ``weights``, those of every head one after another, and ``mixed``."""
    size = sizes.width // sizes.heads
    step, row, one = 3 * sizes.width * LANES, sizes.width * LANES, LANES
    scale = splat(size**-0.5)
    x, w = space.qkv, space.weights
    p = 0
    for head in range(sizes.heads):
        q = head * size * LANES
        k, v = q + row, q + 2 * row
        for block in range(sizes.groups + 1):
            first, n, own = span(block, sizes)
            keys = sizes.shared + own
            p_row, at = keys * LANES, first * step
            # A few queries at a time, whose weights stay in the first cache.
            for start in range(0, n, SQUARE):
                few = min(SQUARE, n - start)
                q_at, s = q + (first + start) * step, p + sizes.shared * LANES
                to = (space.mixed, q + (first + start) * row, row, one)
                multiply_rows(
                    False, w, p, p_row, one, x, q_at, step, one, x, k, step, one,
                    few, sizes.shared, size,
                )  # fmt: skip
                multiply_rows(
                    False, w, s, p_row, one, x, q_at, step, one, x, k + at, step, one,
                    few, own, size,
                )  # fmt: skip
                for i in range(few):
                    softmax(w, p // LANES + i * keys, keys, scale)
                multiply_rows(
                    False, *to, w, p, p_row, one, x, v, one, step, few, size, sizes.shared
                )
                multiply_rows(True, *to, w, s, p_row, one, x, v + at, one, step, few, size, own)
                p += few * p_row


@_kernel(_space, _buffer, _buffer, _sizes)
def attend_back(space, d_mixed, d_qkv, sizes):
    """From the gradient of ``mixed`` to that of ``qkv``."""
    size = sizes.width // sizes.heads
    step, row, one = 3 * sizes.width * LANES, sizes.width * LANES, LANES
    scale = splat(size**-0.5)
    x, w, ds = space.qkv, space.weights, space.scores
    p = 0
    for head in range(sizes.heads):
        q = head * size * LANES
        k, v = q + row, q + 2 * row
        for block in range(sizes.groups + 1):
            first, n, own = span(block, sizes)
            keys = sizes.shared + own
            p_row = keys * LANES
            q_at, m_at, at = q + first * step, q + first * row, first * step
            for part in range(2):
                # The shared keys, then the group's own.
                count, v_at, more, s, to = sizes.shared, v, block > 0, p, 0
                if part:
                    count, v_at, more = own, v + at, False
                    s, to = p + sizes.shared * LANES, sizes.shared * LANES
                multiply_rows(
                    False, ds, to, p_row, one, d_mixed, m_at, row, one, x, v_at, step, one,
                    n, count, size,
                )  # fmt: skip
                multiply_rows(
                    more, d_qkv, v_at, step, one, w, s, one, p_row, d_mixed, m_at, one, row,
                    count, size, n,
                )  # fmt: skip
            for i in range(n):
                start, total = p // LANES + i * keys, splat(0.0)
                for j in range(keys):
                    total = fma(load(w, start + j), load(ds, i * keys + j), total)
                for j in range(keys):
                    apart = load(ds, i * keys + j) - total
                    store(ds, i * keys + j, load(w, start + j) * apart * scale)
            for part in range(2):
                count, k_at, more, to = sizes.shared, k, block > 0, 0
                if part:
                    count, k_at, more, to = own, k + at, False, sizes.shared * LANES
                multiply_rows(
                    part > 0, d_qkv, q_at, step, one, ds, to, p_row, one, x, k_at, one, step,
                    n, size, count,
                )  # fmt: skip
                multiply_rows(
                    more, d_qkv, k_at, step, one, ds, to, one, p_row, x, q_at, one, step,
                    count, size, n,
                )  # fmt: skip
            p += n * p_row


# A block


@_kernel(_weights, _whole, _space, _sizes, _flag)
def block(w, layer, space, sizes, keep):
    """``x`` to what comes out, in ``middle``; or, to be kept, all but that for `block_back`."""
    n, h, f, pairs = sizes.tokens, sizes.width, sizes.ffn, sizes.pairs
    normalise(space.normed1, space.x, w.norm1[layer], w.norm1_bias[layer], n, h)
    start_with(space.qkv, w.qkv_bias[layer], n, 3 * h)
    multiply(space.qkv, True, w.qkv[layer], space.normed1, space, n, 3 * h, h, pairs)
    attend(space, sizes)
    start_with_sum(space.middle, space.x, w.out_bias[layer], n, h)
    multiply(space.middle, True, w.out[layer], space.mixed, space, n, h, h, pairs)
    normalise(space.normed2, space.middle, w.norm2[layer], w.norm2_bias[layer], n, h)
    start_with(space.active, w.up_bias[layer], n, f)
    multiply(space.active, True, w.up[layer], space.normed2, space, n, f, h, pairs)
    activate(space.active, space.slope, n * f, keep)
    if not keep:
        start_with_sum(space.middle, space.middle, w.down_bias[layer], n, h)
        multiply(space.middle, True, w.down[layer], space.active, space, n, h, f, pairs)


@_kernel(_weights, _gradients, _whole, _space, _sizes)
def block_back(w, g, layer, space, sizes):
    """``change``, the gradient of what came out, to the gradient of ``x``."""
    n, h, f, pairs = sizes.tokens, sizes.width, sizes.ffn, sizes.pairs
    change = space.change
    # Transposed, as the narrow side is the one that is cheap to turn.
    add_outer(g.down[layer], space.active, change, space, n, f, h, pairs)
    add_bias_gradient(g.down_bias[layer], change, n, h)
    multiply(space.outer, False, w.down_back[layer], change, space, n, f, h, pairs)
    for t in range(n):
        for i in range(f):
            d_up = load(space.outer, t * f + i) * load(space.slope, t * f + i)
            store(space.outer, t * f + i, d_up)
            store(g.up_bias[layer], i, load(g.up_bias[layer], i) + d_up)
    add_outer(g.up[layer], space.outer, space.normed2, space, n, f, h, pairs)
    multiply(space.inner, False, w.up_back[layer], space.outer, space, n, h, f, pairs)
    add_normalise_gradient(
        change, True, space.inner, space.middle, w.norm2[layer],
        g.norm2[layer], g.norm2_bias[layer], n, h,
    )  # fmt: skip
    add_outer(g.out[layer], change, space.mixed, space, n, h, h, pairs)
    add_bias_gradient(g.out_bias[layer], change, n, h)
    multiply(space.inner, False, w.out_back[layer], change, space, n, h, h, pairs)
    attend_back(space, space.inner, space.qkv_back, sizes)
    add_outer(g.qkv[layer], space.qkv_back, space.normed1, space, n, 3 * h, h, pairs)
    add_bias_gradient(g.qkv_bias[layer], space.qkv_back, n, 3 * h)
    multiply(space.inner, False, w.qkv_back[layer], space.qkv_back, space, n, h, 3 * h, pairs)
    add_normalise_gradient(
        change, True, space.inner, space.x, w.norm1[layer],
        g.norm1[layer], g.norm1_bias[layer], n, h,
    )  # fmt: skip


# The stack


@_kernel(_buffer, _whole, _buffer, _whole, _whole)
def copy(target, target_at, source, source_at, vectors):
    for i in range(vectors):
        store(target, target_at + i, load(source, source_at + i))


@_kernel(_buffer, _buffer, *[_whole] * 3)
def gather(target, source, group, tokens, width):
    """16 sequences of [B, N, H] become the rows of N·H vectors."""
    row = tokens * width
    for i in range(0, row, LANES):
        transpose_block(target, i * LANES, LANES, source, group * LANES * row + i, row)


@_kernel(_buffer, _buffer, *[_whole] * 3)
def scatter(target, source, group, tokens, width):
    """The other way."""
    row = tokens * width
    for i in range(0, row, LANES):
        transpose_block(target, group * LANES * row + i, row, source, i * LANES, LANES)


@_kernel(*[_buffer] * 3, _weights, _buffer, _buffer, _space, _sizes, _whole, _whole, entry=True)
def forward(x, y, inputs, w, ones, zeros, space, sizes, first, last):
    """Groups `first` to `last` of X [B, N, H] to Y; what enters each block goes to `inputs`.

    ``inputs``: [groups, layers + 1, N · H] vectors, or empty where no gradient will be asked for.
    """
    n, h = sizes.tokens, sizes.width
    for group in range(first, last):
        gather(space.x, x, group, n, h)
        for layer in range(sizes.layers):
            if inputs.size:
                copy(inputs, (group * (sizes.layers + 1) + layer) * n * h, space.x, 0, n * h)
            block(w, layer, space, sizes, False)
            copy(space.x, 0, space.middle, 0, n * h)
        if inputs.size:
            copy(inputs, (group * (sizes.layers + 1) + sizes.layers) * n * h, space.x, 0, n * h)
        normalise(space.normed1, space.x, ones, zeros, n, h)
        scatter(y, space.normed1, group, n, h)


@_kernel(
    *[_buffer] * 3, _weights, _buffer, _gradients, _buffer, _space, _sizes, _whole, _whole,
    entry=True,
)  # fmt: skip
def backward(dy, dx, inputs, w, ones, g, unused, space, sizes, first, last):
    """Groups `first` to `last` of dY to dX [B, N, H]; gradients of weights are added to `g`."""
    n, h = sizes.tokens, sizes.width
    for group in range(first, last):
        gather(space.inner, dy, group, n, h)
        copy(space.x, 0, inputs, (group * (sizes.layers + 1) + sizes.layers) * n * h, n * h)
        add_normalise_gradient(
            space.change, False, space.inner, space.x, ones, unused, unused, n, h
        )
        for layer in range(sizes.layers - 1, -1, -1):
            copy(space.x, 0, inputs, (group * (sizes.layers + 1) + layer) * n * h, n * h)
            block(w, layer, space, sizes, True)
            block_back(w, g, layer, space, sizes)
        scatter(dx, space.change, group, n, h)
