"""The forms in which people write a right answer, at least ten of each."""

from app.ask.typed import Shape


def of_number(value: float, whole: bool) -> list[str]:
    """The spellings of a number; of a whole one, also with thousands apart."""
    sign, size = ("−" if value < 0 else ""), abs(value)
    text = f"{size:.12f}".rstrip("0").rstrip(".")
    digits, power = f"{size:.14e}".split("e")
    over = f"{size * 4:.12f}".rstrip("0").rstrip(".")
    found = [
        sign + text,
        text.replace("−", "-") if not sign else f"-{text}",
        f" {sign}{text} ",
        f"≈ {sign}{text}",
        f"{sign}{size * 100:.12f} %",
        f"{sign}{digits}e{int(power)}",
        f"{sign}{digits}E{power}",
        f"{sign}{digits}×10^{int(power)}",
        f"{sign}{digits} * 10**{int(power)}",
        f"{sign}{digits}·10{str(int(power)).translate(str.maketrans('0123456789-', '⁰¹²³⁴⁵⁶⁷⁸⁹⁻'))}",
        f"{sign}{over}/4",
        f"{sign}{size:.12f}",
    ]
    if whole:
        grouped = f"{round(size):,}"
        found += [sign + grouped.replace(",", by) for by in (",", " ", "\u202f", "\u00a0", "'", "_")]
    else:
        found += [sign + f"{size:.12f}".replace(".", ",")]
        if text.startswith("0."):
            found += [sign + text[1:]]
    return found


def of_shape(axes: Shape) -> list[str]:
    """The spellings of a shape."""
    sizes = [str(one) for one in axes]
    none = [one.replace("None", "?") for one in sizes]
    joined = ", ".join(sizes)
    return [
        f"({joined})" if len(sizes) > 1 else f"({joined},)",
        joined,
        ",".join(sizes),
        f"[{joined}]",
        f"[{','.join(none)}]",
        " × ".join(sizes),
        "x".join(sizes) if "None" not in sizes else "×".join(sizes),
        " x ".join(sizes),
        " ".join(sizes),
        f"torch.Size([{joined}])",
        f"( {joined.lower()} )",
        "; ".join(sizes),
        " by ".join(none),
    ]
