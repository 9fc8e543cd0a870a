"""The recursive network: two children become one parent, with the same weights at every node of a tree.

    p = φ(l W_l + r W_r + b)      l and r the vectors of the left and the right child

Source: Socher, Lin, Ng & Manning, "Parsing natural scenes and natural language with recursive neural networks", 2011;
Goller & Küchler, "Learning task-dependent distributed representations by backpropagation through structure", 1996.
Convention: leaves are numbered 0 … n−1 from the left, and merge k of a tree makes node n+k; children come before their
parents, and the last node is the root. Vectors are rows; leaves and nodes have the same size d.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.nn.activations import Activation
from app.nn.shapes import Array, expect, overflow_is_a_result

Tree = Sequence[tuple[int, int]]
Nested = int | tuple["Nested", "Nested"]


@dataclass(frozen=True)
class RecursiveWeights:
    """The weights of every node, or the gradients of a loss with respect to them.

    Shapes: W_l (d, d), W_r (d, d), b (d)
    """

    W_l: Array
    W_r: Array
    b: Array

    def __post_init__(self) -> None:
        d = len(self.b)
        expect("W_l", self.W_l, (d, d))
        expect("W_r", self.W_r, (d, d))


@overflow_is_a_result
def forward(leaves: Array, tree: Tree, w: RecursiveWeights, phi: Activation) -> Array:
    """Every node's vector, leaves first, the root last.

    Shapes: leaves (n, d) → nodes (2n−1, d)
    """
    n, d = leaves.shape
    expect("leaves", leaves, ("n", len(w.b)))
    nodes = np.concatenate((leaves, np.empty((len(tree), d))))
    for k, (left, right) in enumerate(tree):
        nodes[n + k] = phi.f(nodes[left] @ w.W_l + nodes[right] @ w.W_r + w.b)
    return nodes


@overflow_is_a_result
def backward(
    droot: Array, nodes: Array, tree: Tree, w: RecursiveWeights, phi: Activation
) -> tuple[Array, RecursiveWeights]:
    """Backpropagation through structure: from the root down, each child gets its share; the weights sum over all nodes.

    Shapes: droot (d), nodes (2n−1, d) → dnodes (2n−1, d), dW_l (d, d), dW_r (d, d), db (d)
    """
    n = len(nodes) - len(tree)
    expect("droot", droot, (len(w.b),))
    dnodes = np.zeros_like(nodes)
    dW_l, dW_r, db = np.zeros_like(w.W_l), np.zeros_like(w.W_r), np.zeros_like(w.b)
    dnodes[-1] = droot
    for k, (left, right) in reversed(list(enumerate(tree))):
        dz = dnodes[n + k] * phi.slope(nodes[n + k])
        dnodes[left] += dz @ w.W_l.T
        dnodes[right] += dz @ w.W_r.T
        dW_l += np.outer(nodes[left], dz)
        dW_r += np.outer(nodes[right], dz)
        db += dz
    return dnodes, RecursiveWeights(dW_l, dW_r, db)


def merges(tree: Nested) -> Tree:
    """The merges of a tree written with brackets, ((0, 1), 2), children before parents."""
    made: list[tuple[int, int]] = []

    def leaves(node: Nested) -> int:
        return 1 if isinstance(node, int) else leaves(node[0]) + leaves(node[1])

    def join(node: Nested) -> int:
        if isinstance(node, int):
            return node
        made.append((join(node[0]), join(node[1])))
        return n + len(made) - 1

    n = leaves(tree)
    join(tree)
    return made


def chain(first: int, last: int) -> Nested:
    """The tree over the leaves `first` … `last` that adds one leaf at each node: a recurrent network's order."""
    return first if first == last else (chain(first, last - 1), last)


def balanced(first: int, last: int) -> Nested:
    """The tree over the leaves `first` … `last` that halves them at each node: as flat as possible."""
    if first == last:
        return first
    middle = (first + last) // 2
    return (balanced(first, middle), balanced(middle + 1, last))


def depths(tree: Tree, n: int) -> list[int]:
    """How many merges lie between each node, leaves first, and the root."""
    below = [0] * (n + len(tree))
    for k, children in reversed(list(enumerate(tree))):
        for child in children:
            below[child] = below[n + k] + 1
    return below
