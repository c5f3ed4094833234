"""Text in the encodings of before Unicode, with real words in each."""

import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.encodings import ENCODINGS, text_of
from tjepa.table.reading.guessing import guessed_encoding
from tjepa.table.reading.raw_table import read_table

TABLES = {
    "French": "prénom,ville\nÉlodie,Orléans\nFrançois,Besançon\nZoë,Évreux\nAnaïs,Nîmes\n",
    "German": "Straße,Größe\nMüllerstraße,groß\nBürgerweg,klein\nÄußere Gasse,mäßig\n",
    "Swedish": "namn,ort\nÅsa,Malmö\nBjörn,Växjö\nÖrjan,Åmål\n",
    "Spanish": "año,señal\nEspaña,niño\nCórdoba,mañana\nLeón,según\n",
    "Portuguese": "cidade,região\nSão Paulo,Sudeste\nGoiânia,Centro\nMaceió,não\n",
    "Italian": "città,perché\nForlì,più\nCantù,così\n",
    "Danish": "by,år\nKøbenhavn,små\nÅrhus,blå\nTønder,æble\n",
    "Icelandic": "nafn,bær\nÞórður,Ísafjörður\nBjörk,Reykjavík\n",
    "Polish": "miasto,imię\nŁódź,Paweł\nGdańsk,Stanisław\nKraków,Grażyna\nBiałystok,Wiśnia\n",
    "Czech": "město,jméno\nPlzeň,Jiří\nOlomouc,Tomáš\nČeské Budějovice,Kateřina\nÚstí,Zdeněk\n",
    "Hungarian": "város,név\nGyőr,Erzsébet\nSzékesfehérvár,Gergő\nKőszeg,Szűcs\nPécs,Lőrinc\n",
    "Romanian": "oraş,judeţ\nBucureşti,Ilfov\nPiteşti,Argeş\nBacău,Bacău\nConstanţa,Mehedinţi\n",
    "Lithuanian": "miestas,žmonės\nŠiauliai,Jūratė\nPanevėžys,Ąžuolas\n",
    "Turkish": "şehir,isim\nİstanbul,Ayşe\nEskişehir,Oğuz\nMuğla,Gülşah\nŞanlıurfa,İsmail\n",
    "Russian": "город,имя\nМосква,Анна\nСанкт-Петербург,Иван\nКазань,Юлия\nНовосибирск,Пётр\n",
    "Ukrainian": "місто,назва\nКиїв,Олена\nЛьвів,Андрій\nХарків,Євген\n",
    "Greek": "πόλη,όνομα\nΑθήνα,Ελένη\nΠάτρα,Γιώργος\nΘεσσαλονίκη,Κώστας\n",
    "Hebrew": "עיר,שם\nירושלים,דוד\nחיפה,שרה\nתל אביב,משה\n",
    "Arabic": "مدينة,اسم\nالقاهرة,محمد\nدمشق,فاطمة\n",
    "Thai": "เมือง,ชื่อ\nกรุงเทพ,สมชาย\nเชียงใหม่,สมหญิง\n",
    "Japanese": "都市,名前\n東京,さくら\n大阪,ひろし\n横浜市,タナカ\n名古屋,鈴木一郎\n",
    "Chinese": "城市,名字\n北京,王小明\n上海,李大同\n天津,孫文\n香港,林志文\n",
    "Korean": "도시,이름\n서울,김철수\n부산,이영희\n대구,박지민\n인천,최수진\n",
}
WRITTEN_IN = {
    **dict.fromkeys(("French", "German", "Swedish", "Spanish"), "cp1252 latin-1 mac-roman cp850"),
    **dict.fromkeys(("Portuguese", "Italian"), "cp1252 mac-roman"),
    **dict.fromkeys(("Danish", "Icelandic"), "cp1252 latin-1"),
    **dict.fromkeys(("Polish", "Czech", "Hungarian", "Romanian"), "cp1250 iso-8859-2"),
    "Lithuanian": "cp1257",
    "Turkish": "cp1254 iso-8859-9",
    "Russian": "cp1251 koi8-r iso-8859-5 mac-cyrillic cp866",
    "Ukrainian": "cp1251",
    "Greek": "cp1253 iso-8859-7",
    "Hebrew": "cp1255",
    "Arabic": "cp1256",
    "Thai": "cp874",
    "Japanese": "shift_jis euc_jp",
    "Chinese": "gb18030 big5",
    "Korean": "euc-kr",
}
CASES = [(name, code) for name, codes in WRITTEN_IN.items() for code in codes.split()]


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_words_are_read_as_they_were_written(language: str, encoding: str) -> None:
    table = TABLES[language]
    raw = read_table(table.encode(encoding), name="t.csv", reading=FileReading(header=1))
    names, *rows = [line.split(",") for line in table.splitlines()]
    assert list(raw.frame) == names
    assert raw.frame.to_numpy().tolist() == rows
    assert raw.notes[0].startswith("The file is not UTF-8: it was read as ")


@pytest.mark.parametrize(
    ("language", "encoding"),
    [case for case in CASES if case[1] in ("cp1252", "cp1251", "koi8-r", "shift_jis", "gb18030")],
)
def test_the_usual_encodings_of_a_language_leave_no_doubt(language: str, encoding: str) -> None:
    guess = guessed_encoding(TABLES[language].encode(encoding))
    assert guess is not None
    assert guess.sure


def test_an_encoding_that_is_not_sure_is_said_with_a_word_and_can_be_told() -> None:
    data = "pływak,n\nGyőr,1\n".encode("cp1250")  # Hungarian and Polish in one table
    raw = read_table(data, name="t.csv")
    [note] = [note for note in raw.notes if "a guess" in note]
    assert note.endswith("f letters are wrong, choose another encoding.")
    told = read_table(data, name="t.csv", reading=FileReading(encoding="windows-1250"))
    assert list(told.frame) == ["pływak", "n"]
    assert told.frame["pływak"].to_list() == ["Győr"]
    assert told.notes == ()


def test_what_reads_as_words_in_no_encoding_is_windows_1252_with_a_doubt() -> None:
    text = text_of(b"code,n\nN884\xe4\xe2,1\n\xe4NKNO\xe6,2\n", "t.csv")
    assert text.encoding == "windows-1252"
    assert (
        text.notes[-1] == "The encoding is a guess: if letters are wrong, choose another encoding."
    )


def test_symbols_alone_are_those_of_windows_1252() -> None:
    text = text_of("price,temperature\n€5,20°\n£6,21°\n".encode("cp1252"), "t.csv")
    assert text.content.decode() == "price,temperature\n€5,20°\n£6,21°\n"
    assert text.notes == ["The file is not UTF-8: it was read as Windows-1252 (Western European)."]


def test_a_byte_that_does_not_fit_far_down_rules_an_encoding_out() -> None:
    data = ("miasto,imię\n" + "Łódź,Paweł\n" * 20_000).encode("cp1250") + b"\x81,x\n"
    assert text_of(data, "t.csv").encoding != "windows-1250"  # which has no 0x81


def test_every_encoding_that_is_offered_is_known() -> None:
    for encoding in ENCODINGS:
        assert text_of("a,b\n1,2\n".encode(encoding), "t", encoding).content == b"a,b\n1,2\n"
    with pytest.raises(ReadingError, match="no such encoding"):
        text_of(b"a,b\n", "t", "klingon")
