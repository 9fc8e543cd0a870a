"""A YAML mapping with the line of every key: the one door to PyYAML."""

from collections.abc import Mapping
from dataclasses import dataclass

import yaml


@dataclass(frozen=True)
class Entry:
    """A value and the line of its key, from 1. `item_lines` are those of a list's items."""

    value: object
    line: int
    item_lines: tuple[int, ...] = ()


class YamlError(ValueError):
    """YAML that is not a mapping of plain names; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_mapping(text: str, first_line: int = 1) -> Mapping[str, Entry]:
    """The top-level keys of a YAML mapping; empty for empty text.

    Raises YamlError for what is not YAML, not a mapping, or says a key twice (which YAML would pass over).
    """
    try:
        return _entries(yaml.SafeLoader(text), first_line)
    except YamlError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(first_line + (mark.line if mark else 0), f"not valid YAML: {_remedied(error)}") from error
    except yaml.reader.ReaderError as error:
        line = first_line + text.count("\n", 0, error.position)
        raise YamlError(line, f"not valid YAML: character U+{error.character:04X} is not allowed") from error
    except RecursionError:
        raise YamlError(first_line, "not valid YAML: nested too deeply") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise YamlError(first_line, f"not valid YAML: {error}") from error


def _remedied(error: yaml.MarkedYAMLError) -> str:
    """What is wrong and, for what people do most, the way out."""
    problem = error.problem or "it cannot be read"
    if problem.startswith("mapping values"):
        return f'{problem}: a value with ": " in it needs quotes'
    if "expected <block end>" in problem or "expected ',' or" in problem or "cannot start any token" in problem:
        return f"{problem}: a value that begins with a sign such as [ {{ * & needs quotes, and a tab is no space"
    return problem


def _entries(loader: yaml.SafeLoader, first_line: int) -> Mapping[str, Entry]:
    node = loader.get_single_node()
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise YamlError(first_line, "this must be lines of the form name: value")
    entries: dict[str, Entry] = {}
    for key, value in node.value:
        line = first_line + key.start_mark.line
        name = loader.construct_object(key, deep=True)
        if not isinstance(name, str):
            raise YamlError(line, "a name must be a word")
        if name in entries:
            raise YamlError(line, f"{name!r} stands here a second time: remove one")
        items = value.value if isinstance(value, yaml.SequenceNode) else ()
        item_lines = tuple(first_line + item.start_mark.line for item in items)
        entries[name] = Entry(loader.construct_object(value, deep=True), line, item_lines)
    return entries
