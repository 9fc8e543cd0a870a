"""Gradients by hand: through time, their sizes, clipping, and the first step of Adam."""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from app.ask.question import HAND, HEAD, Slips, Task, asks, line
from app.demos.machine.numbers import latex
from app.demos.machine.prediction import EXACT, HUNDREDTH, Tolerance, parting
from app.nn import bptt, clipping, memory, optimise, rnn
from app.nn.activations import ACTIVATIONS, LINEAR

VANISHING = "vanishing-and-exploding-gradients"
INPUTS = tuple(x for x in product((-1, 0, 1, 2), repeat=3) if x[0])


def run(x: Sequence[float], weight: float, losses: Sequence[float], k: int) -> tuple[list[float], list[float]]:
    """States of one linear unit from h_0 = 0, and each step's share of ∂L/∂W_h, cut into pieces of k steps."""
    w = rnn.RNNWeights(np.eye(1), np.array([[weight]]), np.zeros(1))
    states, caches = rnn.forward(np.array(x, dtype=float)[None, :, None], np.zeros((1, 1)), w, LINEAR)
    delta = bptt.deltas(np.array(losses, dtype=float)[None, :, None], caches, k)
    return states[0, :, 0].tolist(), bptt.shares(delta, caches)[1][:, 0, 0].tolist()


@asks("backpropagation-through-time", HAND, HUNDREDTH, x=INPUTS, weight=(2, 3, -1, 0.5, -2))
def gradient_of_every_loss(x: Sequence[int], weight: float) -> Task:
    """A gradient through time, with a loss at each step."""
    h, shares = run(x, weight, (1, 1, 1), 3)
    last, alone = sum(run(x, weight, (0, 0, 1), 3)[1]), sum(run(x, weight, (1, 1, 1), 1)[1])
    answer, errors = sum(shares), (1 + weight + weight**2, 1 + weight, 1)
    shifted = sum(a * b for a, b in zip(h, errors, strict=True))
    slips: Slips = [
        (last, "That is the last loss alone: every loss sends its own gradient back."),
        (alone, parting(4, "That follows each loss back one step only: the earlier state depends on the weight, too.")),
        (sum(h), parting(3, "That is the loss itself, not its gradient.")),
        (shifted, parting(3, "That uses $h_t$. The weight multiplies $h_{t-1}$.")),
    ]
    one, two = {"x": x[0]}, {"x": x[0], "y": x[1], "w": weight}
    working = [
        line("h_1", one, h[0], written="x"),
        line("h_2", {"y": x[1], "w": weight, "h": h[0]}, h[1], written=r"y + w \cdot h"),
        line(r"\partial h_2 / \partial W_h", one, h[0], written="x"),
        line(r"\partial h_3 / \partial W_h", two, h[1] + weight * h[0], "By both paths:", r"y + w \cdot x + w \cdot x"),
        line(r"\partial L / \partial W_h", {"a": h[0], "b": h[1] + weight * h[0]}, answer, written="a + b"),
    ]
    givens = (
        rf"one linear unit: $h_t = x_t + W_h h_{{t-1}}$, with $h_0 = 0$ and $W_h = {latex(weight)}$",
        rf"$x = {latex(x[0])},\; {latex(x[1])},\; {latex(x[2])}$",
    )
    asked = r"With $L = h_1 + h_2 + h_3$, what is $\partial L / \partial W_h$?"
    return Task(asked, givens, answer, slips, working)


@asks("backpropagation-through-time", HAND, HUNDREDTH, x=tuple(product((1, 2, 3), repeat=3)), weight=(2, 0.5, 1, 3))
def share_lost_by_a_cut(x: Sequence[int], weight: float) -> Task:
    """The share of a gradient that truncation loses."""
    inputs = (*x, 0)
    h, full = run(inputs, weight, (0, 0, 0, 1), 4)
    _, cut = run(inputs, weight, (0, 0, 0, 1), 2)
    lost = 1 - sum(cut) / sum(full)
    shares = {f"s_{t}": full[t - 1] for t in (2, 3, 4)}
    slips: Slips = [
        (1 - lost, "That is what is kept."),
        (0.5, parting(1, "Half of the steps is not half of the gradient: every step has a share of its own.")),
        (1 - full[-1] / sum(full), "Two steps are followed, not the last alone."),
        (full[1] / (full[2] + full[3]), "The lost part is compared with the whole gradient."),
    ]
    working = [
        *(line(f"s_{t} = h_{t - 1} W_h^{4 - t}", {"h": h[t - 2], "w": weight, "k": 4 - t}, full[t - 1],
               written=r"h \cdot w^{k}") for t in (2, 3, 4)),
        line(r"\text{lost}", shares, lost, written="s_2 / (s_2 + s_3 + s_4)"),
    ]  # fmt: skip
    givens = (
        rf"one linear unit: $h_t = x_t + W_h h_{{t-1}}$, with $h_0 = 0$ and $W_h = {latex(weight)}$",
        rf"$x = {latex(x[0])},\; {latex(x[1])},\; {latex(x[2])},\; 0$ and $L = h_4$",
        "the error is followed back through steps 4 and 3 and cut there",
    )
    asked = r"What share of $\partial L / \partial W_h$ is lost?"
    return Task(asked, givens, lost, slips, working)


@asks("backpropagation-through-time", HAND, EXACT, cell=("RNN", "LSTM", "GRU"), batch=(4, 8, 16, 32),
      time=(10, 20, 50, 100), units=(32, 64, 128), dtype=("float32", "float16"))  # fmt: skip
def bytes_of_states(cell: str, batch: int, time: int, units: int, dtype: str) -> Task:
    """Bytes of the states that a backward pass needs."""
    kind = cell.lower()
    answer = memory.kept(kind, batch, time, units, dtype)  # type: ignore[arg-type]
    wide, carried = memory.BYTES[dtype], memory.STATES[kind]
    slips: Slips = [
        (answer // wide, "Those are numbers: each takes some bytes."),
        (answer // time, parting(1, "That is one step: backpropagation needs the states of all.")),
        (answer // batch, parting(1, "That is one sequence of the batch.")),
        (answer // 2 if dtype == "float32" else answer * 2, f"A {dtype} takes {wide} bytes."),
        (answer * 8, "Those are bits."),
    ]
    double = (answer * 3, parting(1, "Only states are asked for, no gates."))
    if cell == "LSTM":
        double = (answer // 2, parting(1, "An LSTM keeps $h$ and $c$."))
    values = {"n": batch, "T": time, "h": units, "s": carried, "k": wide}
    numbers = line(r"\text{numbers}", values, answer // wide, written=r"s \cdot n \cdot T \cdot h")
    working = [numbers, line(r"\text{bytes}", values, answer, written=r"s \cdot n \cdot T \cdot h \cdot k")]
    says = "h and c of every step, without the gates" if cell == "LSTM" else "h of every step, and nothing else"
    givens = (f"one {cell} layer of {units} units, {batch} sequences of {time} steps, in {dtype}", f"kept are {says}")
    return Task("How many bytes do the kept states take?", givens, answer, [*slips, double], working, "byte")


@asks(VANISHING, HEAD, HUNDREDTH, 2, phi=("tanh", "sigmoid", "relu"), scale=(0.5, 2, 3, 4, 5),
      steep=(0.2, 0.5, 2, 2.5, 4, 5))  # fmt: skip
def certain_vanishing(phi: str, scale: float, steep: float) -> Task | None:
    """The largest singular value at which gradients must vanish."""
    gamma = scale * steep * ACTIVATIONS[phi].gamma
    if 1 / gamma in (scale, steep):
        return None
    slips: Slips = [
        (gamma, "That is the largest slope. The product of slope and weight must stay below 1."),
        (1 / ACTIVATIONS[phi].gamma, parting(1, f"That is for a plain {phi}: this one is scaled.")),
        (4 / gamma if phi != "sigmoid" else 1 / (4 * gamma), parting(1, f"That is not the largest slope of {phi}.")),
        (1 / (scale * ACTIVATIONS[phi].gamma), parting(1, "The factor inside counts too: it steepens the slope.")),
        (steep / (scale * ACTIVATIONS[phi].gamma), parting(1, "Both factors make the slope steeper: they multiply.")),
    ]
    values = {"c": scale, "k": steep, "g": ACTIVATIONS[phi].gamma}
    working = [
        line(r"\gamma", values, gamma, "The largest slope:", r"c \cdot k \cdot g"),
        line(r"1 / \gamma", {"g": gamma}, 1 / gamma, written="1 / g"),
    ]
    name = {"tanh": r"\tanh", "sigmoid": r"\sigma", "relu": r"\mathrm{relu}"}[phi]
    givens = (
        rf"a plain RNN with $\varphi(z) = {latex(scale)} \cdot {name}({latex(steep)} \, z)$",
        r"$\gamma$ is the largest slope of $\varphi$; gradients vanish for certain where $\gamma \, \sigma_1(W_h) < 1$",
    )
    return Task(r"Below which $\sigma_1(W_h)$ do they vanish for certain?", givens, 1 / gamma, slips, working)


@asks(VANISHING, HEAD, EXACT, power=(2, 3, 4, 5, 6, 8), start=(-3, -2, 0, 1, 4, 8),
      dtype=("float16", "float32", "float64"))  # fmt: skip
def overflow_step(power: int, start: int, dtype: str) -> Task:
    """The step at which an exploding gradient overflows."""
    limit = {"float16": 16, "float32": 128, "float64": 1024}[dtype]
    steps = -((start - limit) // power)
    other = {"float16": 128, "float32": 16, "float64": 128}[dtype]
    slips: Slips = [
        (steps - 1, "At that step it can still be written."),
        (-((start - other) // power), parting(1, f"That is another type: a {dtype} ends at $2^{{{limit}}}$.")),
        (limit - start, parting(1, f"A step multiplies by $2^{power}$, not by 2.")),
        (limit // power + start, parting(1, "The start is a power of 2, not a number of steps.")),
    ]
    if start:
        slips += [(-(-limit // power), parting(1, "It does not start at 1."))]
    values = {"e": limit, "s": start, "p": power}
    working = [line(r"\text{steps}", values, (limit - start) / power, "It reaches the limit after:", "(e - s) / p")]
    working += [line("n", values, steps, "The next whole step:", r"\lceil (e - s) / p \rceil")]
    givens = (
        rf"a gradient of size $2^{{{start}}}$ is multiplied by $2^{{{power}}} = {2**power}$ at every step",
        f"a {dtype} overflows from about $2^{{{limit}}}$ on",
    )
    return Task("After how many steps does it first overflow?", givens, steps, slips, working)


@asks(VANISHING, HAND, HUNDREDTH, sizes=((3, 4), (4, 3), (6, 8), (8, 6), (5, 12), (12, 5), (8, 15), (15, 8)),
      share=(0.6, 0.8, 1, 0.5), c=(1, 2, 2.5, 5))  # fmt: skip
def clipped_together(sizes: Sequence[int], share: float, c: float) -> Task:
    """An entry after clipping two tensors by their global norm."""
    (first, second), whole = sizes, math.hypot(*sizes)
    entry = share * first
    rest = math.sqrt(first**2 - entry**2)
    tensors = [np.array([entry, rest]), np.array([float(second)])]
    answer = float(clipping.by_norm(tensors, c)[0][0])
    own = entry * min(1.0, c / first)
    slips: Slips = [
        (own, parting(1, "That clips each tensor by its own norm. The global norm is over both.")),
        (min(entry, c), parting(1, "That clips by value: by norm, all entries shrink together.")),
        (entry / whole, "That makes the norm 1. It becomes $c$."),
        (entry * c / (first + second), parting(1, "Norms do not add up: their squares do.")),
        (entry, "That is the entry before clipping."),
    ]
    sound = [slip for slip in slips if not (c == 1 and slip[0] == entry / whole)]
    values = {"a": first, "b": second, "c": c, "e": entry, "n": whole}
    working = [line(r"\text{norm}", values, whole, written=r"\sqrt{a^2 + b^2}")]
    working += [line(r"\text{entry}", values, answer, written=r"e \cdot c / n")]
    givens = (
        f"a first tensor has the norm {first}, a second one the norm {second}",
        f"clipped by the global norm, with the threshold $c = {latex(c)}$",
    )
    return Task(f"What becomes of the entry {latex(entry)} of the first tensor?", givens, answer, sound, working)


@asks("backpropagation-through-time", HEAD, Tolerance(near=0.002, why="three decimals are enough"),
      gradient=(-20, -4, -0.5, 0.1, 2, 5, 10), rate=(0.01, 0.02, 0.05, 0.1, 0.2), weight=(0.5, 1, 2, -1))  # fmt: skip
def first_adam_step(gradient: float, rate: float, weight: float) -> Task:
    """The first step of Adam."""
    W = [np.array([float(weight)])]
    moved, _ = optimise.adam(W, [np.array([float(gradient)])], optimise.at_rest(W), rate)
    answer, sign = float(moved[0][0]), math.copysign(1.0, gradient)
    slips: Slips = [
        (weight - rate * gradient, parting(2, "That is plain gradient descent: Adam divides by the gradient's size.")),
        (weight - rate * sign * 0.1 / math.sqrt(0.001), parting(1, "The moments start at 0: correct that bias first.")),
        (weight + rate * sign, "It goes against the gradient."),
        (weight - rate * 0.1 * gradient, parting(1, "That is momentum alone, and not corrected.")),
    ]
    m, v = 0.1 * gradient, 0.001 * gradient**2
    working = [
        line(r"\hat{m}", {"m": m, "b": 0.9}, gradient, "The moments, corrected:", "m / (1 - b)"),
        line(r"\hat{v}", {"v": v, "b": 0.999}, gradient**2, written="v / (1 - b)"),
        line("W", {"w": weight, "r": rate, "m": gradient, "v": gradient**2, "e": 1e-8}, answer,
             written=r"w - r \cdot m / (\sqrt{v} + e)"),
    ]  # fmt: skip
    givens = (
        r"$\beta_1 = 0.9$, $\beta_2 = 0.999$, a tiny $\epsilon$, and both moments are 0",
        rf"$W = {latex(weight)}$, its gradient is {latex(gradient)}, and $\eta = {rate}$",
    )
    return Task("What is $W$ after the first step of Adam?", givens, answer, slips, working)


@asks("lstm-and-gru", HAND, Tolerance(near=0.05, why="one decimal is nearly enough"),
      twos=(0, 1, 2, 3, 4), threes=(0, 1, 2), fives=(0, 1, 2, 3))  # fmt: skip
def forget_bias(twos: int, threes: int, fives: int) -> Task | None:
    """The forget bias for a memory of so many steps."""
    odds = 2**twos * 3**threes * 5**fives
    if odds < 3:
        return None
    T, bias = odds + 1, math.log(odds)
    slips: Slips = [
        (1 - 1 / T, parting(1, r"That is the gate $f$. The bias is what $\sigma$ makes it from.")),
        (-bias, "The sign is wrong: a gate that keeps has a positive bias."),
        (math.log10(odds), "That is the logarithm to base 10."),
        (float(odds), "That is $f / (1 - f)$. Take its logarithm."),
        (1.0, parting(1, "That is Keras' start, which keeps about 4 steps.")),
    ]
    values = {"a": twos, "b": threes, "c": fives, "u": math.log(2), "v": math.log(3), "w": math.log(5)}
    working = [
        line(r"f / (1 - f)", {"T": T}, odds, written="T - 1"),
        line(r"b_f = \ln(T - 1)", values, bias, written=r"a \cdot u + b \cdot v + c \cdot w"),
    ]
    givens = (
        rf"the gate sees only its bias, $f = \sigma(b_f)$, and is to be $f = 1 - 1/T$ with $T = {T}$ steps",
        r"$\ln 2 = 0.693$, $\ln 3 = 1.099$, $\ln 5 = 1.609$",
    )
    return Task("Which forget bias $b_f$ does that take?", givens, bias, slips, working)
