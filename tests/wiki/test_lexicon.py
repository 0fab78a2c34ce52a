"""Which titles and aliases a lexicon is compiled of."""

from __future__ import annotations

from dumps import compiled, found


def test_aliases_and_disambiguators(tmp_path):
    book = compiled(
        tmp_path,
        "ja",
        {
            "日本": "Japan",
            "さくら (歌)": "Sakura (song)",
            "A町 (北)": "A North",
            "A町 (南)": "A South",
        },
        redirects=[
            ("日本国", "日本"),
            ("Nippon", "日本"),
            ("環", "日本国"),
            ("輪1", "輪2"),
            ("輪2", "輪1"),
        ],
    )
    assert book.english("日本国") == "Japan"
    assert book.english("さくら") == "Sakura"
    assert book.english("A町") is None
    assert book.english("環") is None
    assert found(book, "Nipponと日本国") == [("Nippon", "Japan"), ("日本国", "Japan")]
    assert found(book, "Nippons") == []
