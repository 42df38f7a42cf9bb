"""What the command line's library says by itself, in Korean: usage, headings of the help, and wrong use."""

import io
import re
import sys
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from ohmyagent.cli import words

_SAID = [
    (re.compile(pattern), korean)
    for pattern, korean in (
        (r"\AUsage: ", "사용법: "),
        (r"(?m)^Options:$", "옵션:"),
        (r"(?m)^Arguments:$", "인자:"),
        (r"(?m)^Commands:$", "명령:"),
        (r"\[OPTIONS\]", "[옵션]"),
        (r"COMMAND \[ARGS\]\.\.\.", "명령 [인자]..."),
        (r"Show\s+this\s+message\s+and\s+exit\.", "이 도움말을 보여 줍니다."),
        (r"Install\s+completion\s+for\s+the\s+current\s+shell\.", "지금 쓰는 셸에 자동 완성을 설치합니다."),
        (
            r"Show\s+completion\s+for\s+the\s+current\s+shell,\s+to\s+copy\s+it\s+or\s+customize\s+the\s+installation\.",
            "지금 쓰는 셸의 자동 완성을 출력합니다.",
        ),
        (r"\[required\]", "[필수]"),
        (r"\[default: ", "[기본값: "),
        (r"; required\]", "; 필수]"),
        (r"Try '(.+?)' for help\.", r"'\1' 명령으로 도움말을 볼 수 있습니다."),
        (r"(?m)^Error: ", "오류: "),
        (r"No such option: (\S+)", r"\1 옵션은 없습니다."),
        (r"\(Possible options: (.+?)\)", r"(비슷한 옵션: \1)"),
        (r"No such command ('.*?')\.", r"\1 명령은 없습니다."),
        (r"Did you mean (.+)\?", r"\1 명령을 찾으셨나요?"),
        (r"Missing argument (.+?)\.(?=\s|$)", r"\1 값이 빠졌습니다."),
        (r"Missing option (.+?)\.(?=\s|$)", r"\1 옵션이 빠졌습니다."),
        (r"Missing command\.", "명령이 빠졌습니다."),
        (r"Choose from:", "다음 가운데 하나입니다:"),
        (r"Invalid value for (.+?): ", r"\1 값이 잘못되었습니다: "),
        (r"('.*?') is not a valid int(?:eger)?( range)?\.", r"\1: 정수가 아닙니다."),
        (r"(\S+) is not in the range (.+)\.", r"\1: \2 범위에 있어야 합니다."),
        (r"('.*?') is not one of (.+)\.", r"\1: \2 가운데 하나여야 합니다."),
        (r"(?:File|Path|Directory) ('.*?') does not exist\.", r"\1 파일이나 폴더가 없습니다."),
        (r"Option (\S+) requires an argument\.", r"\1 옵션에는 값이 있어야 합니다."),
        (r"Option (\S+) does not take a value\.", r"\1 옵션은 값을 받지 않습니다."),
        (r"Got unexpected extra argument(?:s|\(s\))? \((.*?)\)\.?", r"남는 인자가 있습니다: \1"),
        (r"Value error, ", ""),
        (r"Input should be a valid integer.*", "정수가 아닙니다."),
        (r"Input should be greater than or equal to (\S+)", r"\1 이상이어야 합니다."),
        (r"Input should be less than or equal to (\S+)", r"\1 이하여야 합니다."),
    )
]


def told(text: str) -> str:
    """The library's text in the terminal's language; what has no words here stays as it is."""
    if words.LANGUAGE != "ko":
        return text
    for pattern, korean in _SAID:
        text = pattern.sub(korean, text)
    return text


class Command(TyperCommand):
    """A command whose help speaks the terminal's language."""

    def get_help(self, ctx: Any) -> str:
        return told(super().get_help(ctx))

    def get_usage(self, ctx: Any) -> str:
        return told(super().get_usage(ctx))


class Group(TyperGroup):
    """All commands, likewise."""

    def get_help(self, ctx: Any) -> str:
        return told(super().get_help(ctx))

    def get_usage(self, ctx: Any) -> str:
        return told(super().get_usage(ctx))


def run(command: Callable[..., Any]) -> int:
    """Carry it out; the exit code.  What was not given as it should be is said on standard error."""
    try:
        code = command(standalone_mode=False)
    except typer.Abort:
        typer.echo(words.BROKEN_OFF(), err=True)
        return 1
    except TyperException as wrong:
        shown = io.StringIO()
        known: Any = wrong  # the class that has `show` is not public
        known.show(file=shown)
        sys.stderr.write(told(shown.getvalue()))
        return wrong.exit_code
    return code if isinstance(code, int) else 0
