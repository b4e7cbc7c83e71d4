"""Texts to tokens: every text comes back, the tokens of a text are the same in every fit, and files are checked."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganaug.encoders import END, N_SPECIAL, PADDING, TextEncoder

TEXTS = ["Call 0800 123 NOW!", "call me at home", "see you at http://www.example.org/?a=1", "Grüße aus Köln 😊"]


@pytest.fixture(scope="module")
def encoder():
    return TextEncoder(vocabulary_size=400, max_length=200).fit(TEXTS * 3)


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_every_text_comes_back(text):
    encoder = TextEncoder(vocabulary_size=300, max_length=200).fit(TEXTS)
    readable = text.encode("utf-8", "ignore").decode()
    assert encoder.decode(encoder.encode([text])) == [readable]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "UPPER lower  two spaces\ttab\nline",
        "https://x.org/a?b=c&d=%20#e",
        "£1,500.00 + 42 % = -3.14e10",
        "日本語 العربية हिन्दी ไทย ελληνικά",
        "👩‍👩‍👧‍👦 🇩🇪 é e\u0301",
        "\x00\x01\x7f \ufffd",
        "<end> <padding> <blank>",
    ],
)
def test_any_script_comes_back(encoder, text):
    assert encoder.decode(encoder.encode([text])) == [text]


def test_half_of_a_pair_is_left_out(encoder):
    assert encoder.decode(encoder.encode(["\ud800x"])) == ["x"]


def test_long_texts_are_cut_and_said_to_be():
    encoder = TextEncoder(vocabulary_size=300, max_length=10).fit(["a b c d e f g h"])
    encoded = encoder.encode(["word " * 10_000, "a"])
    assert encoded.shape == (2, 11)
    assert encoder.is_cut(encoded).tolist() == [True, False]
    assert "word".startswith(encoder.decode(encoded)[0][:4])
    assert (encoded[1] == torch.tensor([*encoder.tokens("a"), END, *[PADDING] * 9])).all()


def test_bytes_that_are_no_character_are_left_out(encoder):
    half = encoder.tokens("😊")[:1]
    text = encoder.decode(torch.tensor([[*half, *encoder.tokens("a"), END]]))[0]
    assert text == "a" or "😊" in text


def test_tokens_do_not_depend_on_chance(encoder):
    again = TextEncoder(vocabulary_size=400, max_length=200).fit(TEXTS * 3)
    assert again.state() == encoder.state()
    assert encoder.n_tokens <= 400


def test_it_is_restored_from_plain_data(encoder):
    restored = TextEncoder.from_state(encoder.state())
    assert torch.equal(restored.encode(TEXTS), encoder.encode(TEXTS))
    assert min(restored.tokens("<end>")) >= N_SPECIAL


@pytest.mark.parametrize(
    "change",
    [
        {"max_length": 10**9},
        {"vocabulary": ["a"]},
        {"vocabulary": None},
        {"merges": [["a"]]},
        {"merges": [["never", "seen"]]},
    ],
)
def test_malformed_descriptions_are_refused(encoder, change):
    with pytest.raises(ValueError, match="not the description"):
        TextEncoder.from_state(encoder.state() | change)
