"""A recursive network on a sentence, along a tree or a chain, with the same weights at every node."""

import random
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, activated, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Symbols, Trace, Values, each_of
from app.demos.machine.numbers import factor, fill, latex
from app.demos.machine.parameters import Numbers, Parameters, choice, entries, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result
from app.demos.parts.tree_picture import tree_picture
from app.nn import recursive, rnn
from app.nn.activations import ACTIVATIONS

SENTENCE = ("the", "hungry", "cat", "chased", "a", "very", "small", "mouse")
PARSE: recursive.Nested = ((0, (1, 2)), (3, (4, ((5, 6), 7))))
MOST = 64


class RecursiveTree(Parameters):
    """Words and nodes; each is one number."""

    tree: Literal["parse", "balanced", "chain"] = choice(
        "parse", title="Tree", says="The sentence's parse, a tree as flat as possible, or one word after another."
    )
    words: int = number(8, 2, MOST, step=1, title="Words", says="The parse has 8 words.")
    x: Numbers = entries(
        (1, 2, 3, 0, -1, 2, 1, -2),
        title="Numbers of the words",
        says="Up to 12, from the left; then from the first again.",
    )
    W_l: float = number(0.8, -10, 10, slide=(-2, 2), step=0.05, title="Left weight $W_l$", says="At every node.")
    W_r: float = number(0.5, -10, 10, slide=(-2, 2), step=0.05, title="Right weight $W_r$", says="At every node.")
    b: float = number(0, -10, 10, slide=(-2, 2), step=0.05, title="Bias $b$", says="At every node.")
    phi: Literal["tanh", "relu", "linear"] = choice("tanh", title=r"Activation $\varphi$", says="Applied to the sum.")

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """A parse with another number of words than its sentence has."""
        if self.tree == "parse" and self.words != len(SENTENCE):
            yield "tree", f"balanced or chain, as the parse is that of {len(SENTENCE)} words", "balanced"

    @property
    def nested(self) -> recursive.Nested:
        """The tree as nested pairs of word numbers, from 0."""
        if self.tree == "parse":
            return PARSE
        return (recursive.balanced if self.tree == "balanced" else recursive.chain)(0, self.words - 1)

    def leaves(self) -> Values:
        """The number of each word: (words, 1)."""
        return np.array(list(islice(cycle(self.x), self.words)), dtype=float)[:, None]

    def weights(self) -> recursive.RecursiveWeights:
        """W_l (1, 1), W_r (1, 1), b (1)."""
        return recursive.RecursiveWeights(np.array([[self.W_l]]), np.array([[self.W_r]]), np.array([self.b]))


def compute(p: RecursiveTree) -> Result:
    """Compose up the tree, send a gradient of 1 down from the root, and run the recurrent network beside it."""
    w, phi, leaves, n = p.weights(), ACTIVATIONS[p.phi], p.leaves(), p.words
    tree = recursive.merges(p.nested)
    nodes = recursive.forward(leaves, tree, w, phi)
    felt, _ = recursive.backward(np.ones(1), nodes, tree, w, phi)
    depths = recursive.depths(tree, n)
    as_rnn = rnn.RNNWeights(w.W_r, w.W_l, w.b)  # the state so far is the left child, the next word the right one
    h, _ = rnn.forward(leaves[None, 1:], leaves[:1], as_rnn, phi)

    numbers: dict[str, float] = {
        "words": n,
        "merges": len(tree),
        "depth": max(depths),
        "depth_chain": n - 1,
        "depth_balanced": (n - 1).bit_length(),
        "depth_first": depths[0],
        "root": float(nodes[-1, 0]),
        "rnn": float(h[0, -1, 0]),
        "felt_first": float(felt[0, 0]),
        "felt_last": float(felt[n - 1, 0]),
        "parameters": sum(array.size for array in vars(w).values()),
    }
    told = [] if np.isfinite(nodes).all() else ["A node overflowed: with these weights it grows at every merge."]
    values, slopes = nodes[:, 0], felt[:, 0]
    labels = SENTENCE if n == len(SENTENCE) else ()
    picture = tree_picture(fill(_caption(p, depths[0]), numbers), values, tree, depths, labels)
    traces = (_merges_trace(p, values, tree, slopes), _leaves_trace(p, values, tree, depths, slopes))
    return Result(numbers, (picture, *traces, _curve(p, numbers)), told)


def _caption(p: RecursiveTree, depth_first: int) -> str:
    name = {"parse": "The parse", "balanced": "The balanced tree", "chain": "The chain"}[p.tree]
    told = f"{name} joins {{words words}} in {{merges merges}}; its longest path has {{depth}}"
    if p.tree == "chain":
        told += ". It ends at {root}, and the recurrent network at {rnn}: it is the same computation"
    else:
        told += ", that of a chain {depth_chain}. Its root is {root}"
    return told + ". The slope of the root along the first word, {depth_first merges} away, is {felt_first}."


def _merges_trace(p: RecursiveTree, nodes: Values, tree: recursive.Tree, felt: Values) -> Trace:
    n = p.words
    left, right = (np.array([nodes[pair[side]] for pair in tree]) for side in (0, 1))
    z = left * p.W_l + right * p.W_r + p.b
    slope = _slopes(p, nodes, tree, felt)

    def child(side: int) -> Callable[[int], Formula]:
        def formula(k: int) -> Formula:
            node = tree[k - 1][side]
            name, note = _symbol(node, n), f"Word {node + 1}." if node < n else f"Node {node - n + 1}."
            return Formula(
                f"{'lr'[side]}_k = {name}", note, "", {name: float(nodes[node])}, origins={name: _cell(node, n)}
            )

        return formula

    def summed(k: int) -> Formula:
        l, r = (_symbol(node, n) for node in tree[k - 1])  # noqa: E741 (the literature's letter)
        values = {l: float(left[k - 1]), r: float(right[k - 1])}
        origins = {l: _cell(tree[k - 1][0], n), r: _cell(tree[k - 1][1], n)}
        note = "The same weights at every node."
        return Formula(rf"z_k = W_l \, {l} + W_r \, {r} + b", note, values=values, origins=origins)

    def share(k: int) -> Formula:
        root = given(r"\frac{\partial p_k}{\partial p_k}", "The root.")
        return root if k == len(tree) else slope(n + k - 1)

    by_root = r"$\partial\, \text{root} / \partial p$"
    rows = (
        Row("l", "left child $l$", left, child(0)),
        Row("r", "right child $r$", right, child(1)),
        Row("z", "sum $z$", z, summed),
        Row("p", "node $p$", nodes[n:], f"p_k = {activated(p.phi, 'z_k')}"),
        Row("share", by_root, felt[n:], share, words="slope of the root along the node"),
    )
    symbols: Symbols = {"z_k": z, "W_l": p.W_l, "W_r": p.W_r, "b": p.b}
    caption = "Each column is one merge, children before parents; the last is the root."
    columns = [f"node {k}" for k in range(1, len(tree) + 1)]
    chosen = ("p", len(tree) - 1)
    return Trace("merges", "Every merge", caption, rows, chosen, symbols, "k", columns=columns, column_word="node")


def _leaves_trace(p: RecursiveTree, nodes: Values, tree: recursive.Tree, depths: list[int], felt: Values) -> Trace:
    n, parent, slope = p.words, _parents(tree), _slopes(p, nodes, tree, felt)

    def below(i: int) -> Formula:
        above, note = parent[i - 1], "The gradient has one factor for each of these merges."
        return Formula(rf"\text{{depth}}(p_{{{above + 1}}}) + 1", note, "d + 1", {"d": depths[n + above]})

    by_root = r"$\partial\, \text{root} / \partial x_i$"
    rows = (
        Row("x", "word $x_i$", nodes[:n], given("x_i", "The number of this word, as entered."), handle=each_of("x")),
        Row("below", "merges to the root", np.array(depths[:n], dtype=float), below),
        Row("felt", by_root, felt[:n], lambda i: slope(i - 1), words="slope of the root along the word"),
    )
    columns = [f"{i + 1} {SENTENCE[i]}" if n == len(SENTENCE) else f"word {i + 1}" for i in range(n)]
    caption = "How far each word is from the root, and how strongly the root depends on it."
    return Trace("leaves", "Every word", caption, rows, ("felt", 0), index="i", columns=columns, column_word="word")


def _symbol(node: int, n: int) -> str:
    return f"x_{{{node + 1}}}" if node < n else f"p_{{{node - n + 1}}}"


def _cell(node: int, n: int) -> str:
    return f"x,{node + 1}" if node < n else f"p,{node - n + 1}"


def _parents(tree: recursive.Tree) -> dict[int, int]:
    """For each node below the root, the merge that joins it, from 0."""
    return {child: k for k, pair in enumerate(tree) for child in pair}


def _slopes(p: RecursiveTree, nodes: Values, tree: recursive.Tree, felt: Values) -> Callable[[int], Formula]:
    """The formula of ∂root/∂child for each child: ∂root/∂p · φ′ · W, where p is its parent."""
    n, parent = p.words, _parents(tree)

    def formula(child: int) -> Formula:
        k = parent[child]
        side, weight = ("l", p.W_l) if tree[k][0] == child else ("r", p.W_r)
        above, phi = rf"\frac{{\partial\, \text{{root}}}}{{\partial p_{{{k + 1}}}}}", rf"\varphi'_{{{k + 1}}}"
        slope = float(ACTIVATIONS[p.phi].slope(nodes[n + k : n + k + 1])[0])
        values = {"s": float(felt[n + k]), "f": slope, "w": weight}
        note = f"Through its parent, node {k + 1}."
        origins = {"s": f"share,{k + 1}", "f": f"p,{k + 1}", "w": f"W_{side}"}
        return Formula(rf"{above} \cdot {phi} \cdot W_{side}", note, r"s \cdot f \cdot w", values, origins=origins)

    return formula


def _curve(p: RecursiveTree, numbers: dict[str, float]) -> Curve:
    n = np.arange(1.0, MOST + 1)
    balanced, label = np.ceil(np.log2(n)), r"balanced tree, $\lceil \log_2 n \rceil$"
    series = (
        Series("deep_chain", "chain, $n - 1$", "depth of the chain", n - 1),
        Series("deep_balanced", label, "depth of the balanced tree", balanced, "dashed"),
    )
    told = fill("With {words words} a chain is {depth_chain} deep and a balanced tree {depth_balanced}.", numbers)
    places = [Spot(Handle(across="words"), x=numbers["words"], unit=1)] if p.tree != "parse" else []
    return Curve("depth", "Depth against words", told, "words", "depth", n, series, places=places)


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "tree": rng.choice(["balanced", "balanced", "chain"]),
        "words": "4",
        "x": ",".join(str(rng.choice([1, 2, 3, 4, -1])) for _ in range(4)),
        "W_l": str(rng.choice([0.5, 2])),
        "W_r": str(rng.choice([1, -1])),
        "phi": "linear",
    }


def _question(p: RecursiveTree) -> Question:
    brackets = "((x_1, x_2), (x_3, x_4))" if p.tree == "balanced" else "(((x_1, x_2), x_3), x_4)"
    right = {1.0: "+ r", -1.0: "- r"}.get(p.W_r, rf"+ {factor(p.W_r)} \cdot r")
    return Question(
        "What is the number at the root?",
        "root",
        (
            f"the tree is ${brackets}$",
            "$x = " + r",\; ".join(map(latex, p.x)) + "$",
            # No space after the weight: where it equals the answer, it is not to be taken for the answer given away.
            rf"every node is $p = {latex(p.W_l)}\cdot l {right}$",
        ),
    )


def _steps(p: RecursiveTree, result: Result) -> list[Arithmetic]:
    return result.worked(*(f"z,{k}" for k in range(1, p.words)))


def _slips(p: RecursiveTree, result: Result) -> Slips:
    def other(**change: object) -> float:
        return compute(p.model_copy(update=change)).numbers["root"]

    return [
        (
            other(tree="chain" if p.tree == "balanced" else "balanced"),
            f"That is the {'chain' if p.tree == 'balanced' else 'balanced tree'}. Here the brackets say another order.",
        ),
        (other(W_l=p.W_r, W_r=p.W_l), parting(1, "Left and right weights are swapped.")),
        (float(sum(p.x)), parting(1, "That only adds up the words. Each merge multiplies by its weights.")),
        (result.worked(f"p,{p.words - 2}")[0].result, "That is a node below the root, not the root."),
    ]


DEMO = Demo(
    __file__,
    RecursiveTree,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.01)),
    shows=(recursive.forward, recursive.backward, recursive.balanced, recursive.chain),
)
