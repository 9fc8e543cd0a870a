"""Protobuf as its specification says, and any bytes."""

from hypothesis import given
from hypothesis import strategies as st

from app.exchange.imports.anki.protobuf import ProtobufError, fields, number, text
from tests.examples import examples


@examples(300)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_no_message(data):
    try:
        found = list(fields(data))
    except ProtobufError:
        return
    assert all(at > 0 for at, _value in found)


def test_a_message_as_the_specification_encodes_it():
    # https://protobuf.dev/programming-guides/encoding: field 1 = 150; field 2 = "testing".
    message = bytes.fromhex("089601120774657374696e67")
    assert list(fields(message)) == [(1, 150), (2, b"testing")]
    assert (number(message, 1), text(message, 2), text(message, 3)) == (150, "testing", "")
