"""Counting parameters, and shapes."""

from collections.abc import Callable, Mapping

from app.ask.question import HAND, HEAD, Slips, Task, asks, line
from app.ask.typed import Shape
from app.demos.machine.prediction import EXACT, parting
from app.nn import count
from app.nn.count import Count

TOPIC = "shapes-and-parameters"
CELLS: Mapping[str, Callable[..., Count]] = {"RNN": count.rnn, "LSTM": count.lstm, "GRU": count.gru}
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def counted(cell: str, x: int, h: int, two_biases: bool) -> int:
    """The parameters of one layer in one direction."""
    return CELLS[cell](x, h, two_biases=two_biases).total


@asks(
    TOPIC, HEAD, EXACT, 2, cell=("RNN", "LSTM", "GRU"), features=(3, 8, 10, 20), units=(5, 8, 16, 32, 64, 100),
    layers=(1, 2, 3), directions=(1, 2),
)  # fmt: skip
def second_bias(cell: str, features: int, units: int, layers: int, directions: int) -> Task | None:
    """Parameters that PyTorch has and Keras has not."""
    if cell == "GRU":
        reset, keras = " with reset_after=False", False
    else:
        reset, keras = "", False
    inputs = [features, *[units * directions] * (layers - 1)]
    torch = sum(counted(cell, x, units, True) * directions for x in inputs)
    more = torch - sum(counted(cell, x, units, keras) * directions for x in inputs)
    slips: Slips = [
        (2 * more, parting(1, "That counts both biases. Keras has one of them, too.")),
        (0, parting(1, "PyTorch adds a second bias to every block: b_ih and b_hh.")),
        (more * (features + 1), parting(1, "Only biases differ: the weights of the inputs are counted once in both.")),
        (more + 1, "That is one number too many."),
    ]
    if cell != "RNN":
        slips += [(more / GATES[cell], parting(1, f"Each of the {GATES[cell]} blocks has a second bias."))]
    if directions > 1:
        slips += [(more / 2, "That is one direction, and there are two.")]
    if layers > 1:
        slips += [(more / layers, f"That is one layer, and there are {layers}.")]
    values = {"g": GATES[cell], "h": units, "n": layers, "d": directions}
    working = [
        line(r"\text{one bias}", values, GATES[cell] * units, "Of one layer and direction:", r"g \cdot h"),
        line(r"\text{all}", values, more, "In every layer and direction:", r"g \cdot h \cdot n \cdot d"),
    ]
    ways = "bidirectional, " if directions > 1 else ""
    givens = (
        f"nn.{cell}({features}, {units}, num_layers={layers}{', bidirectional=True' * (directions > 1)}) of PyTorch",
        f"{layers} layer{'s' * (layers > 1)} of Keras' {'Simple' * (cell == 'RNN')}{cell} of the same size, {ways}"
        f"stacked{reset}",
    )
    return Task("How many more parameters does PyTorch have?", givens, more, slips, working, "parameter")


@asks(
    "language-models", HAND, EXACT, cell=("LSTM", "GRU"), vocabulary=(50, 100, 1000, 5000), width=(8, 10, 20, 32),
    layers=(1, 2), tied=("tied", "separate"),
)  # fmt: skip
def language_model_parameters(cell: str, vocabulary: int, width: int, layers: int, tied: str) -> Task:
    """Parameters of a language model."""
    V, d, is_tied = vocabulary, width, tied == "tied"
    table, layer = count.embedding(V, d).total, counted(cell, d, d, cell == "GRU")
    output = V if is_tied else count.dense(d, V).total
    total = table + layers * layer + output
    other = total + V * d if is_tied else total - V * d
    slips: Slips = [
        (other, parting(3, "Tied weights are stored once." if is_tied else "The output has a matrix of its own here.")),
        (total - V, parting(3, "The bias of the output, one for each token, is missing.")),
        (total - table, parting(1, "The embedding, a row for each token, is missing.")),
        (
            total - layers * layer * (GATES[cell] - 1) // GATES[cell],
            parting(2, f"Each {cell} layer has {GATES[cell]} blocks of weights."),
        ),
    ]
    if layers > 1:
        slips += [(total - layer, "That is one recurrent layer, and there are two.")]
    values = {"V": V, "d": d}
    working = [
        line(r"\text{embedding}", values, table, written=r"V \cdot d"),
        line(r"\text{layer}", {"g": GATES[cell], "d": d, "b": 2 if cell == "GRU" else 1}, layer,
             written=r"g \cdot (d \cdot d + d \cdot d + b \cdot d)"),
        line(r"\text{output}", values, output, written="V" if is_tied else r"d \cdot V + V"),
        line(r"\text{all}", {"e": table, "n": layers, "l": layer, "o": output}, total, written=r"e + n \cdot l + o"),
    ]  # fmt: skip
    biases = "reset_after, so two biases" if cell == "GRU" else "one bias"
    givens = (
        f"$V = {V}$ tokens, an embedding of width $d = {d}$",
        f"{layers} {cell} layer{'s' * (layers > 1)} of {d} units, as in Keras ({biases})",
        f"a softmax over the tokens with a bias; its matrix is {'the embedding itself (tied)' * is_tied}"
        f"{'not the embedding' * (not is_tied)}",
    )
    return Task("How many parameters does the language model have?", givens, total, slips, working, "parameter")


@asks(TOPIC, HAND, EXACT, cell=("RNN", "LSTM"), features=(1, 2, 4, 8, 10),
      budget=(500, 1000, 2000, 3000, 5000, 8000, 10_000))  # fmt: skip
def largest_layer(cell: str, features: int, budget: int) -> Task:
    """The largest layer within a budget of parameters."""
    h = count.most_units(lambda h: CELLS[cell](features, h), budget)
    other = count.most_units(lambda h: CELLS["LSTM" if cell == "RNN" else "RNN"](features, h), budget)
    g = GATES[cell]
    slips: Slips = [
        (h + 1, "That layer is just too large."),
        (other, parting(1, f"{'An LSTM has four blocks' if g > 1 else 'A plain RNN has one block'} of weights.")),
        (budget // (g * (features + 1)), parting(1, "The recurrent weights, from unit to unit, are missing.")),
        (int((budget / g) ** 0.5), parting(1, "That counts the recurrent weights alone: inputs and biases count too.")),
    ]
    values = {"g": g, "x": features, "h": h}
    formula = r"g \cdot (x \cdot h + h \cdot h + h)"
    working = [
        line(r"\text{parameters}", values | {"h": h + 1}, CELLS[cell](features, h + 1).total, "Too many:", formula),
        line(r"\text{parameters}", values, CELLS[cell](features, h).total, "They fit:", formula),
        line("h", {"k": h + 1}, h, written="k - 1"),
    ]
    givens = (
        f"one {cell} layer with {features} feature{'s' * (features > 1)} and one bias",
        f"at most {budget:,} parameters",
    )
    return Task("How many units can it have?", givens, h, slips, working, "unit")


SHAPES = ("output", "h_n", "c_n")


@asks(TOPIC, HEAD, EXACT, of=SHAPES, layers=(1, 2, 3), directions=(1, 2), first=("True", "False"),
    batch=(2, 4, 16, 32), time=(5, 7, 10), features=(3, 6), units=(8, 20, 64),
)  # fmt: skip
def shape_of_an_output(of: str, layers: int, directions: int, first: str, **sizes: int) -> Task | None:
    """A shape that PyTorch's LSTM returns."""
    batch, time, features, units = (sizes[name] for name in ("batch", "time", "features", "units"))
    if len({batch, time, features, units, layers * directions, directions * units}) < 5:
        return None
    both, stack = directions * units, layers * directions
    rows = (batch, time) if first == "True" else (time, batch)
    output: Shape = (*rows, both)
    state: Shape = (stack, batch, units)
    answer = output if of == "output" else state
    slips: Slips = [
        (state if of == "output" else output, parting(1, f"That is {'h_n' if of == 'output' else 'output'}.")),
        ((*rows, features), parting(-2, "The last axis has the units, not the features.")),
    ]
    if of == "output":
        slips += [
            ((*rows[::-1], both), f"With batch_first={first} the {'batch' if first == 'True' else 'time'} comes first.")
        ]
        slips += [((*rows, units), parting(1, "The last axis joins both directions."))] if directions > 1 else []
        slips += [((*rows, both * layers), parting(1, "Only the top layer gives the output."))] if layers > 1 else []
        slips += [((batch, both), parting(1, "The output has every step, not the last alone."))]
    else:
        slips += [((batch, stack, units), "The states are never batch first.")]
        slips += [((layers, batch, both), parting(1, "Here, directions count as layers."))] if directions > 1 else []
        slips += [((batch, units), parting(1, "The first axis is missing: one state for each layer and direction."))]
    working = [f"every step of the top layer: {directions} · {units} = {both} numbers"] if of == "output" else [
        f"one state for each layer and direction: {layers} · {directions} = {stack}", f"each has {units} numbers a row"
    ]  # fmt: skip
    made = f"nn.LSTM({features}, {units}, num_layers={layers}, bidirectional={directions > 1}, batch_first={first})"
    givens = (made, f"a batch of {batch} sequences of {time} steps with {features} features")
    return Task(f"What is the shape of {of}?", givens, answer, slips, [*working, f"the shape is {answer}"])


@asks(
    TOPIC, HAND, EXACT, features=(4, 5, 8, 10), units=(8, 10, 16, 20, 32), projected=(2, 3, 4, 5),
    framework=("PyTorch", "one bias"),
)  # fmt: skip
def projection_parameters(features: int, units: int, projected: int, framework: str) -> Task:
    """Parameters of an LSTM with projection."""
    x, h, p, two = features, units, projected, framework == "PyTorch"
    total, bias = count.projected_lstm(x, h, p, two_biases=two).total, 8 * h if two else 4 * h
    slips: Slips = [
        (count.lstm(x, h, two_biases=two).total, parting(1, "Without the projection: $p$ numbers return, not $h$.")),
        (total - h * p, "The projection itself, $h$ times $p$ weights, is missing."),
        (count.lstm(x, p, two_biases=two).total, parting(1, "The cell keeps all its units. Only the state is cut.")),
        (total + p, parting(2, "The projection has no bias.")),
    ]
    biased = total + (-4 if two else 4) * h, parting(1, "PyTorch has two biases." if two else "One bias is asked for.")
    values = {"x": x, "h": h, "p": p, "b": 8 if two else 4}
    gates = 4 * x * h + 4 * p * h + bias
    working = [
        line(r"\text{gates}", values, gates, written=r"4 \cdot x \cdot h + 4 \cdot p \cdot h + b \cdot h"),
        line(r"\text{projection}", values, h * p, written=r"h \cdot p"),
        line(r"\text{all}", {"g": gates, "q": h * p}, total, written="g + q"),
    ]
    made = (
        f"nn.LSTM({x}, {h}, proj_size={p}) of PyTorch"
        if two
        else f"an LSTM with {x} inputs, {h} units, projected to {p}"
    )
    rule = "two biases for each unit of each gate" if two else "one bias for each unit of each gate"
    return Task("How many parameters does it have?", (made, rule), total, [*slips, biased], working, "parameter")


@asks(
    "beside-the-rnn", HAND, EXACT, demo="mlp-cnn-rnn", window=(5, 8, 10, 12, 20), features=(1, 2, 3, 4),
    units=(8, 10, 16, 20), outputs=(1, 2, 3),
)  # fmt: skip
def window_network(window: int, features: int, units: int, outputs: int) -> Task:
    """Parameters of an MLP on a window."""
    first, second = count.dense(window * features, units), count.dense(units, outputs)
    total, recurrent = first.total + second.total, count.rnn(features, units).total + second.total
    slips: Slips = [
        (total - units - outputs, parting(1, "The biases are missing.")),
        (count.dense(features, units).total + second.total, parting(1, "Each step of the window has its own weights.")),
        (recurrent, parting(1, "That is a recurrent layer, which reads one step after another.")),
        (first.total, "The output layer is missing."),
    ]
    sizes = {"w": window, "n": features, "h": units, "y": outputs}
    working = [
        line(r"w \cdot n \cdot h + h", sizes, first.total, "Hidden layer:"),
        line(r"h \cdot y + y", sizes, second.total, "Output layer:"),
        line(r"\text{all}", {"a": first.total, "b": second.total}, total, written="a + b"),
    ]
    givens = (
        f"an MLP reads a window of {window} steps with {features} feature{'s' * (features > 1)} each, as one vector",
        f"one hidden layer of {units} units, and {outputs} output{'s' * (outputs > 1)}, all with biases",
    )
    return Task("How many parameters does it have?", givens, total, slips, working, "parameter")
