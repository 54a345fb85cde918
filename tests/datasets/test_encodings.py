"""Encodings, guessed by the letters of languages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvm_core import read_dataset
from lvm_core.datasets.encoding import ENCODINGS, to_text
from lvm_core.datasets.languages import guess_by_letters

TEXTS = {
    "cp1252": [
        "Orléans;Besançon\nÉvry;Nîmes",
        "Köln;München;Straße",
        "España;Muñoz;corazón",
        "São Paulo;ação;corações",
        "città;perché;più",
        "Malmö;Västerås",
        "København;Århus;færdig",
        "Reykjavík;Hafnarfjörður;Þór",
    ],
    "cp1250": [
        "név;érték;város\nGyőr;Pécs",
        "Kraków;Łódź;Gdańsk",
        "Poznań;Gdańsk;Kraków",
        "Plzeň;České Budějovice",
        "čas;dům;město",
        "Šibenik;Čakovec;Varaždin",
        "Constanţa;Braşov;Bacău",
    ],
    "iso8859_2": ["Kraków;Łódź;Gdańsk", "Plzeň;Třebíč;Šumperk"],
    "cp1254": ["değer;şehir\nİzmir;Eskişehir", "Muğla;Çanakkale;Gümüşhane"],
    "cp1257": ["Šiauliai;Panevėžys;Klaipėda", "Rīga;Jūrmala;Liepāja"],
    "mac_roman": ["Orléans;Besançon", "Köln;München;Straße", "España;corazón"],
    "mac_latin2": ["Kraków;Łódź;Gdańsk"],
    "mac_turkish": ["değer;şehir\nİzmir;Eskişehir"],
    "cp850": ["Köln;München;Straße"],
    "cp852": ["Kraków;Łódź;Gdańsk"],
    "cp1251": ["Москва;Казань\n1;Ivan;привет", "Київ;Львів;Україна"],
    "koi8-r": ["Москва;Казань"],
    "cp866": ["Москва;Казань"],
    "cp1253": ["Αθήνα;Πάτρα"],
    "cp1255": ["שלום;עולם"],
    "shift_jis": ["東京;大阪;名前\nカタカナ;ひらがな"],
    "gb18030": ["北京;上海;姓名\n中国人民;这是一个测试"],
}


@pytest.mark.parametrize("encoding, text", [(e, t) for e, texts in TEXTS.items() for t in texts])
def test_text_is_read_as_it_was_written(encoding, text):
    text = f"a;b;c\n{text}\n" * 5
    found, guessed, notes = to_text(text.encode(encoding))
    assert found == text
    assert notes and f"taken to be {guessed}" in notes[0]


def test_the_encoding_found_reads_the_table_again():
    rows = "név;érték;város\n" + "\n".join(f"ő{i % 4};{i}.5;Győr" for i in range(30))
    data = read_dataset(rows.encode("cp1250"), "v.csv")
    assert data.source["options"]["encoding"] == "cp1250" in ENCODINGS
    again = read_dataset(rows.encode("cp1250"), "v.csv", **data.source["options"])
    assert again.fingerprint == data.fingerprint and (data.rows.iloc[:, 2] == "Győr").all()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_have_an_encoding(data, other_scripts):
    encoding, score = guess_by_letters(data, other_scripts)
    assert score <= 0 and data.decode(encoding, errors="replace") is not None
