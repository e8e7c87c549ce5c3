"""Oracle cases of dot_product_attention."""

import keras
import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("attention")
OP = "dot_product_attention"


def qkv(b, t, s, n, h, k=None, v=None):
    k = k or n
    return values(b, t, n, h, seed=1), values(b, s, k, h, seed=2), values(b, s, k, v or h, seed=3)


def capped(query, key, value, cap, bias=None):
    x = tf.einsum("btnh,bsnh->bnts", query, key) / tf.sqrt(tf.cast(tf.shape(key)[-1], query.dtype))
    x = cap * tf.tanh(x / cap)
    if bias is not None:
        x += bias
    return tf.einsum("bnts,bsnh->btnh", tf.nn.softmax(x), value)


def grouped(query, key, value, **options):
    # Keras does not repeat a single head of keys.
    groups = query.shape[2] // key.shape[2]
    return keras.ops.dot_product_attention(query, tf.repeat(key, groups, axis=2), tf.repeat(value, groups, axis=2), **options)


SIZES = (1, 1, 1, 1, 1), (1, 2, 3, 1, 2), (2, 2, 2, 2, 2), (1, 3, 2, 2, 3), (1, 2, 2, 4, 1, 2), (1, 2, 3, 2, 2, 1), (1, 2, 2, 1, 2, 1, 3)
for sizes in SIZES:
    args = qkv(*sizes)
    cases.add(OP, *args, reference=grouped)
    cases.add(OP, *args, scale=0.5, gradient=1, reference=grouped)
    cases.add(OP, *args, is_causal=True, gradient=1, reference=grouped)
args = qkv(2, 2, 3, 2, 2)
for shape in ((2, 2, 2, 3), (1, 1, 2, 3), (2, 1, 1, 3), (1, 2, 2, 1)):
    mask = values(*shape, seed=5, dtype="bool")
    mask[..., 0] = True
    bias = values(*shape, seed=6)
    cases.add(OP, *args, mask=mask)
    # A bias that all keys share changes nothing: its gradient is rounding.
    order = 1 if shape[-1] > 1 else 0
    cases.add(OP, *args, bias=bias, gradient=order)
    cases.add(OP, *args, bias=bias, mask=mask, is_causal=True, gradient=order)
cases.add(OP, *args, mask=np.zeros((2, 1, 1, 3), bool), gradient=0)
cases.add(OP, *args, flash_attention=False, gradient=0)
cases.add(OP, *(100 * a for a in args), gradient=0)
cases.add(OP, *(a.astype("float16") for a in args), gradient=0, wide=False, tolerance=4e-3, note="the result is stored as float16")
for cap in (0.5, 5.0):
    cases.add(OP, *args, attn_logits_soft_cap=cap, reference=lambda q, k, v, attn_logits_soft_cap: capped(q, k, v, attn_logits_soft_cap))
