"""Tests of app/exchange/imports/decode.py: a table is read in the encoding that a spreadsheet saved it in."""

import pytest

from app.exchange.imports.decode import text_of
from app.exchange.imports.draft import Notice

TEXTS = {
    "cp1250 Polish": "Pytanie;Odpowiedź\nCo to jest sieć?;Sieć, w której stan wraca w każdym kroku – łącznie",
    "cp1250 Czech": "otázka;odpověď\nCo je gradient?;Směr největšího růstu ztráty; násobí se čísla menší než jedna",
    "cp1250 Slovak": "Čo je stav?\tTo, čo sieť nesie ďalej\nČo je krok?\tJedna aktualizácia váh",
    "cp1250 Hungarian": "kérdés;válasz\nMi az a kapu?;Egy szigmoid, amely megszűri az állapotot, mi őrződik meg",
    "cp1250 Croatian": "Pitanje;Odgovor\nŠto je ćelija?;Jedinica koja čuva stanje",
    "cp1250 Romanian": "întrebare;răspuns\nCe este o poartă?;O sigmoidă care filtrează starea",
    "cp1252 German": "Frage;Antwort\nWas heißt „vergessen“?;Der Zustand wird größtenteils verworfen – über das Tor",
    "cp1252 French": "question;réponse\nUne cellule ?;Une unité qui mémorise l’état à chaque étape – où ça naît",
    "cp1252 Spanish": "¿Qué es el estado?;La información que pasa al próximo año",
    "cp1252 Portuguese": "O que é a camada?;São células em conjunto, não só uma; lições",
    "cp1252 Danish": "Hvad er en port?;En sigmoid, på hvilken gælder: større er åben",
    "cp1252 Italian": "Che cos’è?;Perché lo stato è più lungo, così può",
    "cp1252 signs": "price;50 €, 20 °C, ½ × 3 µs",
    "cp1254 Turkish": "Kapı nedir?;Durumu süzen bir sigmoid: öğrenilen ağırlıklar, değişken eşiği",
    "cp1257 Lithuanian": "Kas yra vartai?;Sigmoidė, kuri filtruoja būseną; žingsnis ir šaknis, įėjimas",
    "mac_roman German": "Was heißt Tor?;Der Zustand fließt zurück",
    "cp1251 Russian": "Что такое вентиль?;Сигмоида, которая фильтрует состояние",
    "cp1251 Ukrainian": "Що таке вентиль?;Сигмоїда, що фільтрує стан",
    "koi8_r Russian": "Что такое вентиль?;Сигмоида, которая фильтрует состояние",
    "cp866 Russian": "Что такое вентиль?;Сигмоида, которая фильтрует состояние",
    "cp1253 Greek": "Τι είναι η πύλη\tΜια σιγμοειδής που φιλτράρει την κατάσταση",
    "cp1255 Hebrew": "מה זה שער?;פונקציה שמסננת את המצב",
    "cp1256 Arabic": "ما هي البوابة؟;دالة تصفي الحالة",
    "shift_jis Japanese": "ゲートとは何ですか;状態をふるいにかける関数です",
    "gb18030 Chinese": "什么是门?;一个过滤状态的函数",
    "big5 Chinese": "什麼是閘門?;過濾狀態的函數",
    "cp949 Korean": "게이트란 무엇인가?;상태를 거르는 함수이다",
    "utf-32 a mark": "What is h?;The state",
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_encoding_is_found_by_the_letters(name: str) -> None:
    encoding, told = name.split()[0], list[Notice]()
    assert text_of(TEXTS[name].encode(encoding), "", told) == TEXTS[name]
    assert encoding == "utf-32" or encoding.removeprefix("cp") in told[0].says
