"""One message that says several things, and messages that ask for nothing."""

import pytest

from ohmyagent.demo.designing.answers import job
from ohmyagent.demo.designing.clauses import clauses
from ohmyagent.demo.designing.smalltalk import never_mind, pleasantry, question, without_pleasantries


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("저녁 6시로 바꾸고, 얼마나 들지 알려 줘", ["저녁 6시로 바꾸고", "얼마나 들지 알려 줘"]),
        ("평일만 돌리고 시험해 줘", ["평일만 돌리고", "시험해 줘"]),
        ("8시 말고 9시로", ["8시 말고 9시로"]),
        ("공휴일 빼고 평일 9시에", ["공휴일 빼고 평일 9시에"]),
        ("뉴스를 모아 줘. 그리고 시험해 줘", ["뉴스를 모아 줘.", "그리고 시험해 줘"]),
        ("Make it weekdays only and try it", ["Make it weekdays only", "try it"]),
        ("Mondays and Thursdays at noon", ["Mondays and Thursdays at noon"]),
        ("fetch news.example.com and mail me", ["fetch news.example.com and mail me"]),
    ],
)
def test_a_message_is_taken_apart_where_another_wish_begins(message: str, parts: list[str]) -> None:
    assert clauses(message) == parts


@pytest.mark.parametrize(
    "wish",
    [
        "매일 9시에 가격이 얼마인지 확인해 줘",
        "하루에 한 번 실행해 줘",
        "비용이 1달러 넘지 않게 해 줘",
        "가격이 바뀌면 알려 줘",
        "every day at 9am check how much the stock costs",
    ],
)
def test_a_wish_with_the_words_of_a_question_is_a_wish(wish: str) -> None:
    assert job(wish) is None


@pytest.mark.parametrize(
    "said", ["고마워!", "네, 좋아요.", "thanks, that's perfect", "OK great", "안녕하세요 ㅎㅎ", "음…"]
)
def test_kind_words_ask_for_nothing(said: str) -> None:
    assert pleasantry(said.rstrip("…"))
    assert not never_mind(said)


@pytest.mark.parametrize(
    "said", ["좋아하는 색으로 해 줘", "네이버 뉴스도 봐 줘", "great news only", "good articles first"]
)
def test_words_that_only_begin_kindly_are_kept(said: str) -> None:
    assert not pleasantry(said)


def test_kind_words_before_a_wish_are_left_away() -> None:
    assert without_pleasantries("좋아, 표로 해 줘") == "표로 해 줘"
    assert without_pleasantries("네이버 뉴스도 봐 줘") == "네이버 뉴스도 봐 줘"


@pytest.mark.parametrize(
    "said", ["아니야, 취소할게", "그냥 그만할래", "됐어요", "never mind", "no thanks, cancel that"]
)
def test_a_change_of_mind_is_heard(said: str) -> None:
    assert never_mind(said)


@pytest.mark.parametrize(
    "said", ["취소된 주문을 정리해 줘", "stop at 10 articles", "no weekends", "그만두지 말고 계속 모아 줘"]
)
def test_work_about_cancelling_is_no_change_of_mind(said: str) -> None:
    assert not never_mind(said)


def test_a_question_wants_to_know_and_a_polite_wish_does_not() -> None:
    assert question("오늘 점심 뭐 먹지?")
    assert question("Who are you?")
    assert not question("표로 보여 줄래?")
    assert not question("Can you make it shorter?")
