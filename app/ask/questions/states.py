"""States by hand: two units, gates, both directions, stacks, and linear recurrences."""

from collections.abc import Sequence
from itertools import product
from math import comb

import numpy as np

from app.ask.question import HAND, HEAD, Slips, Task, asks, line
from app.demos.machine.numbers import latex
from app.demos.machine.prediction import EXACT, HUNDREDTH, parting
from app.nn import bidirectional, rnn, scan
from app.nn.activations import LINEAR, sigmoid

PAIRS = tuple(pair for pair in product((-1, 1, 2, 3), repeat=2) if pair[0] != pair[1])
MATRICES = (((1, 2), (3, -1)), ((2, -1), (1, 3)), ((1, -2), (2, 1)), ((3, 1), (-1, 2)), ((0, 2), (1, -1)))
SUMS = (-2, -1, 0, 1, 2)


def vector(entries: Sequence[float]) -> str:
    """A row in LaTeX."""
    return f"({', '.join(map(latex, entries))})"


def matrix(rows: Sequence[Sequence[float]]) -> str:
    """A matrix in LaTeX, row by row."""
    return r"\begin{pmatrix}" + r" \\ ".join(" & ".join(map(latex, row)) for row in rows) + r"\end{pmatrix}"


@asks("computing-the-output", HEAD, EXACT, x=PAIRS, h=PAIRS, W_h=MATRICES, unit=(1, 2))
def two_units(x: Sequence[int], h: Sequence[int], W_h: Sequence[Sequence[int]], unit: int) -> Task:
    """One step of two units."""
    W, before, at = np.array(W_h, dtype=float), np.array([h], dtype=float), unit - 1
    w = rnn.RNNWeights(np.eye(2), W, np.zeros(2))
    state = rnn.step(np.array([x], dtype=float), before, w, LINEAR)[0][0]
    slips: Slips = [
        (float((x + before[0] @ W.T)[at]), parting(1, "Unit $j$ reads column $j$ of $W_h$: the state is a row.")),
        (float(state[1 - at]), parting(1, "That is the other unit.")),
        (float(x[at]), parting(1, "That leaves out the state before.")),
        (float((before[0] @ W)[at]), "That leaves out the input."),
        (float(x[at] + h[at] * W[at, at]), parting(1, "Every unit reads both units of the state before.")),
    ]
    values = {"x": x[at], "a": h[0], "b": h[1], "v": W[0, at], "w": W[1, at]}
    read = line(rf"(h_0 W_h)_{unit}", values, float((before[0] @ W)[at]), written=r"a \cdot v + b \cdot w")
    working = [read, line(rf"(h_1)_{unit}", values, float(state[at]), written=r"x + a \cdot v + b \cdot w")]
    givens = (
        r"two linear units: $h_1 = x_1 + h_0 W_h$, with rows for vectors",
        f"$x_1 = {vector(x)}$, $h_0 = {vector(h)}$, $W_h = {matrix(W_h)}$",
    )
    return Task(f"What is unit {unit} of $h_1$?", givens, float(state[at]), slips, working)


@asks("lstm-and-gru", HAND, HUNDREDTH, i=SUMS, f=SUMS, g=(-1, 1, 2), o=SUMS, before=(-2, -1, 1, 2))
def lstm_from_sums(i: int, f: int, g: int, o: int, before: int) -> Task:
    """An LSTM's cell from its four sums."""
    gate = {name: float(sigmoid(np.array(float(a)))) for name, a in (("i", i), ("f", f), ("o", o))}
    new = float(np.tanh(g))
    c = gate["f"] * before + gate["i"] * new
    slips: Slips = [
        (gate["i"] * before + gate["f"] * new, "That swaps the gates: $f$ scales the old cell, $i$ the candidate."),
        (gate["f"] * before + gate["i"] * float(sigmoid(np.array(float(g)))), parting(3, "The candidate needs tanh.")),
        (gate["o"] * float(np.tanh(c)), "That is the state $h$. The cell does not go through the output gate."),
        (float(f * before + i * g), parting(1, "The sums go through a sigmoid or tanh first.")),
        (gate["f"] * before, "That is only what is kept. The candidate is added."),
    ]
    values = {"f": gate["f"], "c": before, "i": gate["i"], "g": new}
    working = [
        line("f_1", {"a": f}, gate["f"], written=r"\sigma(a)"),
        line("i_1", {"a": i}, gate["i"], written=r"\sigma(a)"),
        line("g_1", {"a": g}, new, written=r"\tanh(a)"),
        line("c_1", values, c, written=r"f \cdot c + i \cdot g"),
    ]
    givens = (
        f"the sums of one unit are $a_i = {i}$, $a_f = {f}$, $a_g = {g}$, $a_o = {o}$, and $c_0 = {before}$",
        r"$\sigma(1) = 0.7311$, $\sigma(2) = 0.8808$, and $\sigma(-a) = 1 - \sigma(a)$",
        r"$\tanh(1) = 0.7616$ and $\tanh(2) = 0.9640$",
    )
    return Task("What does the cell hold after the step, $c_1$?", givens, c, slips, working)


@asks("lstm-and-gru", HAND, HUNDREDTH, 2, h=PAIRS, r=((0.5, 0.1), (0.2, 0.8), (0.9, 0.5), (0, 0.5)), W=MATRICES,
      x=(0, 1), reset=("before", "after"))  # fmt: skip
def gru_reset(h: Sequence[int], r: Sequence[float], W: Sequence[Sequence[int]], x: int, reset: str) -> Task:
    """A GRU's candidate, by where the reset gate acts."""
    state, gates, W_n = np.array(h, dtype=float), np.array(r), np.array(W, dtype=float)
    before, after = x + ((gates * state) @ W_n)[0], x + (gates * (state @ W_n))[0]
    answer, other = (before, after) if reset == "before" else (after, before)
    at, shut = (1, ((1 - gates) * state) @ W_n) if reset == "before" else (2, (1 - gates) * (state @ W_n))
    framework = "as Keras does by default and PyTorch always" if reset == "after" else "as in the paper of Cho et al."
    slips: Slips = [
        (float(other), parting(1, f"That resets {'after' if reset == 'before' else 'before'} the product.")),
        (float(x + (state @ W_n)[0]), parting(at, "That leaves the reset gate out.")),
        *([(float(answer - x), "That leaves out the input’s part.")] if x else []),
        (float(x + (state @ W_n)[0] + r[0]), "The gate multiplies: it is not added."),
        (float(x + shut[0]), parting(at, "The gate keeps $r$ of the state, not $1 - r$.")),
    ]
    values = {"x": x, "a": h[0], "b": h[1], "r": r[0], "s": r[1], "v": W_n[0, 0], "w": W_n[1, 0]}
    if reset == "before":
        working = [line("r h W", values, float(before - x), written=r"r \cdot a \cdot v + s \cdot b \cdot w")]
        written = r"x + r \cdot a \cdot v + s \cdot b \cdot w"
    else:
        working = [line("h W", values, float((state @ W_n)[0]), written=r"a \cdot v + b \cdot w")]
        written = r"x + r \cdot (a \cdot v + b \cdot w)"
    working += [line("a_n", values, float(answer), written=written)]
    givens = (
        f"two units, $h_0 = {vector(h)}$ as a row, the reset gates are $r = {vector(r)}$",
        f"the state's matrix is $W_n = {matrix(W)}$, the input's part of unit 1 is {x}, no bias",
        f"the reset acts {reset} the product ({framework})",
    )
    asked = "What is the candidate's sum $a_n$ of unit 1, before its tanh?"
    return Task(asked, givens, float(answer), slips, working)


@asks("bidirectional-and-stacked", HEAD, EXACT, x=tuple(product((1, 2, 3, -2), repeat=3)), weight=(2, 3, -1),
      takes=("output[:, -1]", "h_n"))  # fmt: skip
def last_output(x: Sequence[int], weight: int, takes: str) -> Task:
    """The backward half of a bidirectional layer's last output."""
    w = rnn.RNNWeights(np.eye(1), np.array([[float(weight)]]), np.zeros(1))
    inputs, zero = np.array(x, dtype=float)[None, :, None], np.zeros((1, 1))
    run = bidirectional.forward(inputs, (zero, zero), bidirectional.BidirectionalWeights(w, w), LINEAR)
    hs = np.asarray(run[0])[0]
    forward, backward = hs[:, 0].tolist(), hs[:, -1].tolist()
    answer, other = (backward[-1], backward[0]) if takes != "h_n" else (backward[0], backward[-1])
    early = "That is h_n: at the last position it has read one input."
    wrong = "That has read only the last input." if takes == "h_n" else early
    slips: Slips = [
        (other, wrong),
        (forward[-1], parting(1, "That is the forward half.")),
        (forward[-1] + answer, "The two directions stand side by side: they are not added."),
        (backward[1], "That is the position in the middle."),
    ]
    last = 3 if takes != "h_n" else 1
    working = [line("h_3", {"x": x[2]}, backward[2], "It starts at the end:", "x")]
    for t in (2, 1)[: 3 - last]:
        values = {"x": x[t - 1], "w": weight, "h": backward[t]}
        working.append(line(f"h_{t}", values, backward[t - 1], written=r"x + w \cdot h"))
    givens = (
        f"one linear unit in each direction, $h = x_t + {latex(weight)} \\, h'$ with $h' = 0$ where it starts",
        rf"$x = {latex(x[0])},\; {latex(x[1])},\; {latex(x[2])}$",
    )
    return Task(f"What is the backward half of {takes}?", givens, answer, slips, working)


@asks("bidirectional-and-stacked", HAND, EXACT, layers=(2, 3, 4, 5), steps=tuple(range(3, 14)), of=("paths", "length"))
def paths_in_a_stack(layers: int, steps: int, of: str) -> Task:
    """Paths through a stack of recurrent layers."""
    right, up = steps - 1, layers - 1
    paths, length = comb(right + up, up), right + up
    answer = paths if of == "paths" else length
    if of == "paths":
        slips: Slips = [
            (length, "That is how long each path is."),
            (layers * steps, parting(1, "That counts the states, not the paths between them.")),
            (layers**right, "At each step a path goes up or not, and it cannot go down again."),
            (comb(steps + layers, layers), parting(1, "The moves are steps − 1 through time and layers − 1 up.")),
        ]
        working = [line(r"\text{moves}", {"a": right, "b": up}, length, "To the right and up:", "a + b")]
        product_of = {f"k_{{{j}}}": float(length - j) for j in range(up)}
        below = {f"m_{{{j}}}": float(j + 1) for j in range(up)}
        times = r" \cdot "
        written = f"({times.join(product_of)}) / ({times.join(below)})"
        working += [line(r"\text{paths}", product_of | below, paths, "Choose those that go up:", written)]
        asked = "How many paths does a gradient take from the last state of the top layer to the first of the lowest?"
    else:
        slips = [
            (steps + layers, "The moves are steps − 1 through time and layers − 1 up."),
            (layers * steps, "That counts all states: a path does not visit each."),
            (right * layers, "A path goes through time once, not once for every layer."),
            (paths, "That is how many paths there are."),
        ]
        working = [line(r"\text{moves}", {"a": right, "b": up}, length, "Through time and through layers:", "a + b")]
        asked = "How many moves long is each path from the first state of the lowest layer to the last of the top?"
    givens = (
        f"{layers} recurrent layers and {steps} steps",
        "a move leads to the next step of the same layer, or to the same step of the layer above",
    )
    return Task(asked, givens, answer, slips, working)


@asks("what-recurrence-is", HEAD, EXACT, first=PAIRS, second=PAIRS, start=(0, 1, 2, -1), of=("a", "b", "h"))
def scanned_pair(first: Sequence[int], second: Sequence[int], start: int, of: str) -> Task | None:
    """Two steps of a linear recurrence as one."""
    pairs = [np.array([float(one)]) for one in (*first, *second)]
    a, b = (float(one[0]) for one in scan.combine((pairs[0], pairs[1]), (pairs[2], pairs[3])))
    (a1, b1), (a2, b2) = first, second
    h = a * start + b
    answer = {"a": a, "b": b, "h": h}[of]
    if of == "a":
        slips: Slips = [(a1 + a2, "Factors multiply."), (a2, "That is the second step alone."),
                        (b, "That is the part that is added."), (a1 * b2, "$b$ is no factor.")]  # fmt: skip
        working = [line("a", {"p": a1, "q": a2}, a, written=r"q \cdot p")]
    elif of == "b":
        slips = [(b1 + b2, "The first $b$ goes through the second step: it is multiplied by $a_2$."),
                 (a1 * b2 + b1, "That takes the steps in the other order."), (a, "That is the factor, $a$."),
                 (a * b1 + b2, r"$b_1$ goes through the second step alone, not through the first.")]  # fmt: skip
        working = [line("b", {"q": a2, "b": b1, "c": b2}, b, written=r"q \cdot b + c")]
    else:
        slips = [(a1 * (a2 * start + b2) + b1, parting(1, "That takes the steps in the other order.")),
                 (a1 * start + b1, "That is the state after one step."), (b, parting(1, "That starts from 0.")),
                 (a * start + b1 + b2, "The first $b$ goes through the second step, too.")]  # fmt: skip
        working = [line("h_1", {"p": a1, "h": start, "b": b1}, a1 * start + b1, written=r"p \cdot h + b"),
                   line("h_2", {"p": a2, "h": a1 * start + b1, "b": b2}, h, written=r"p \cdot h + b")]  # fmt: skip
    givens = (
        rf"$h_t = a_t h_{{t-1}} + b_t$, with $(a_1, b_1) = {vector(first)}$ and $(a_2, b_2) = {vector(second)}$",
        f"$h_0 = {start}$" if of == "h" else "a scan joins both steps to one, $h_2 = a \\, h_0 + b$",
    )
    return Task(f"What is ${'h_2' if of == 'h' else of}$?", givens, answer, slips, working)


@asks("lstm-and-gru", HEAD, HUNDREDTH, z=(0.1, 0.2, 0.25, 0.4, 0.6, 0.75, 0.8, 0.9), candidate=(-2, -1, 1, 2, 4),
      before=(-2, -1, 0, 1, 2, 3))  # fmt: skip
def min_gru_step(z: float, candidate: int, before: int) -> Task:
    """One step of a minGRU."""
    logit = np.log(z / (1 - z))
    one, zero = np.ones((1, 1)), np.zeros(1)
    a, b = scan.min_gru(one, zero[None], np.array([logit]), zero[None] + candidate, zero)
    h = float(scan.scan(a, b, np.array([float(before)]))[0, 0])
    slips: Slips = [
        (z * before + (1 - z) * candidate, parting(1, "That is the other convention: here $z$ takes the candidate.")),
        ((1 - z) * before + z * float(np.tanh(candidate)), "A minGRU's candidate has no tanh."),
        (before + z * candidate, parting(1, "The old state is scaled by $1 - z$.")),
        (candidate, parting(1, "That is the candidate alone.")),
    ]
    values = {"z": z, "h": before, "c": candidate}
    working = [
        line(r"\text{kept}", values, (1 - z) * before, written=r"(1 - z) \cdot h"),
        line("h_1", values, h, written=r"(1 - z) \cdot h + z \cdot c"),
    ]
    givens = (
        r"$h_t = (1 - z_t) \, h_{t-1} + z_t \, \tilde{h}_t$, where $z_t$ and $\tilde{h}_t$ depend on $x_t$ alone",
        rf"$z_1 = {z}$, the candidate is $\tilde{{h}}_1 = {candidate}$, and $h_0 = {before}$",
    )
    return Task("What is $h_1$?", givens, h, slips, working)


@asks("what-recurrence-is", HEAD, HUNDREDTH, A=(0.5, 2, -0.5, -1, 3), B=(1, 2, 3), C=(1, 2, -1, 4), k=(1, 2, 3))
def kernel_entry(A: float, B: int, C: int, k: int) -> Task:
    """An entry of a linear recurrence's kernel."""
    K = scan.ssm_kernel(np.array([[A]]), np.array([float(B)]), np.array([float(C)]), k + 2)
    answer = float(K[k])
    slips: Slips = [
        (float(K[k - 1]), parting(1, f"That is $K_{k - 1}$: the first entry, $K_0 = C B$, has no $A$.")),
        (float(K[k + 1]), parting(1, f"That is $K_{k + 1}$: the input at the same step is not multiplied by $A$.")),
        (C * A * (k + 1) * B, parting(1, "Steps multiply by $A$ each: it is a power.")),
        (A**k, "$B$ reads the input and $C$ the state: both are factors."),
        (float(K[: k + 1].sum()), "That is the sum of all entries, what a constant input gives."),
    ]
    values = {"A": A, "B": B, "C": C, "k": k}
    working = [line("A^k", values, A**k), line("K_k", values, answer, written=r"C \cdot A^{k} \cdot B")]
    givens = (
        r"$h_t = A h_{t-1} + B x_t$ and $y_t = C h_t$, so that $y_t = \sum_k K_k \, x_{t-k}$",
        f"one unit, with $A = {latex(A)}$, $B = {B}$ and $C = {latex(C)}$",
    )
    return Task(f"What is $K_{k}$?", givens, answer, slips, working)


@asks("encoder-decoder-and-attention", HEAD, HUNDREDTH, keys=tuple(product(((1, 0), (0, 1), (1, 1), (2, 1)), repeat=2)),
      values=PAIRS, query=((1, 0), (0, 1), (1, 2), (2, 1)))  # fmt: skip
def linear_attention_output(keys: Sequence[Sequence[int]], values: Sequence[int], query: Sequence[int]) -> Task:
    """The output of linear attention."""
    K, V = np.array(keys, dtype=float), np.array(values, dtype=float)[:, None]
    Q = np.array([query, query], dtype=float)
    S, y = scan.linear_attention(Q, K, V)
    answer, scores = float(y[-1, 0]), (K @ Q[0]).tolist()
    slips: Slips = [
        (answer / max(sum(scores), 1), "That is normalised by the scores' sum: here nothing is."),
        (scores[1] * values[1], parting(1, "That is the last position alone. The state sums up all.")),
        (sum(scores), parting(1, "Those are the scores: each is multiplied by its value.")),
        (float(V.sum()), parting(1, "Those are the values: each is weighted by its score.")),
    ]
    state = {"a": S[-1, 0, 0], "b": S[-1, 1, 0], "q": query[0], "r": query[1]}
    working = [
        *(line(f"S_{{{d}}}", {"k": K[0, d - 1], "v": values[0], "l": K[1, d - 1], "w": values[1]},
               float(S[-1, d - 1, 0]), written=r"k \cdot v + l \cdot w") for d in (1, 2)),
        line("y_2 = q_2 S", state, answer, written=r"q \cdot a + r \cdot b"),
    ]  # fmt: skip
    givens = (
        r"$S_t = S_{t-1} + k_t^\top v_t$ and $y_t = q_t S_t$, with $S_0 = 0$",
        rf"$k_1 = {vector(keys[0])}$, $v_1 = {values[0]}$; $k_2 = {vector(keys[1])}$, $v_2 = {values[1]}$",
        f"$q_2 = {vector(query)}$",
    )
    return Task("What is $y_2$?", givens, answer, slips, working)
