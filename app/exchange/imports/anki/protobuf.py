"""Reads the protobuf messages in Anki's packages: fields of numbers and bytes."""

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class ProtobufError(ValueError):
    """Bytes that are not a protobuf message."""


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and value of each field, in order; nested messages are bytes. Raises ProtobufError on the way.

    Encoding: https://protobuf.dev/programming-guides/encoding
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise ProtobufError("field number 0")
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise ProtobufError(f"wire type {kind}")
        if at + length > len(message):
            raise ProtobufError("a field is longer than its message")
        yield number, message[at : at + length]
        at += length


def text(message: bytes, number: int) -> str:
    """Return a string field of a message; "" if it is missing. Raises ProtobufError."""
    found = ""
    for field, value in fields(message):
        if field == number and isinstance(value, bytes):
            found = value.decode("utf-8", "replace")
    return found


def number(message: bytes, field: int) -> int:
    """Return an integer field of a message; 0 if it is missing. Raises ProtobufError."""
    return next((value for at, value in fields(message) if at == field and isinstance(value, int)), 0)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ProtobufError("it ends within a number")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ProtobufError("a number is too long")
