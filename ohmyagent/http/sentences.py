"""What is wrong with a field, in English and Korean."""

import re

from ohmyagent.domain.clauses import field_errors

__all__ = ["field_errors", "said"]

KOREAN = {
    "contains a control character": "제어 문자가 들어 있습니다",
    "does not belong to this list": "이 목록의 것이 아닙니다",
    "does not begin with keys between two lines ---": "두 --- 줄 사이의 키로 시작하지 않습니다",
    "does not have the right form": "형식이 맞지 않습니다",
    "has a key that is not plain text": "글이 아닌 키가 있습니다",
    "has no keys in its front matter": "머리말에 키가 없습니다",
    "is a configuration file, which is never kept in a workspace": "설정 파일이라 작업 폴더에 둘 수 없습니다",
    "is a number out of range": "범위를 벗어난 수입니다",
    "is a public suffix; name the site below it": "공용 도메인입니다. 그 아래의 사이트를 적어 주세요",
    "is after `to`": "`to`보다 뒤입니다",
    "is an address; give a host name": "IP 주소입니다. 호스트 이름을 적어 주세요",
    "is blank": "비어 있습니다",
    "is empty": "비어 있습니다",
    "is filled for one of these hosts by another secret": "이 호스트들 중 하나에서 다른 비밀 값이 이미 쓰는 헤더입니다",
    "is given twice": "두 번 나옵니다",
    "is missing": "빠졌습니다",
    "is not set by a draft": "초안에서 정하지 않는 항목입니다",
    "is missing: it says whose holidays are left out": "빠졌습니다. 어느 나라의 공휴일을 빼는지 적어 주세요",
    "is not a cron expression that ever comes due": "실행될 때가 오지 않는 cron 식입니다",
    "is not a host name": "호스트 이름이 아닙니다",
    "is not a known field": "알 수 없는 항목입니다",
    "is not a public host name": "공개된 호스트 이름이 아닙니다",
    "is not a relative path": "상대 경로가 아닙니다",
    "is not a schedule that is understood; try: 평일 오전 9시, every Monday 8am": (
        "알아듣지 못했습니다. 예: 평일 오전 9시, 매월 마지막 영업일 오후 6시"
    ),
    "is not an https address": "https 주소가 아닙니다",
    "is not an IANA time zone such as Asia/Seoul": "Asia/Seoul 같은 IANA 시간대가 아닙니다",
    "is not the name of a header that can carry a secret": "비밀 값을 담을 수 있는 헤더 이름이 아닙니다",
    "is not UTF-8": "UTF-8이 아닙니다",
    "is not valid JSON": "올바른 JSON이 아닙니다",
    "is not valid Unicode": "올바른 유니코드가 아닙니다",
    "is not valid YAML: a number is out of range": "올바른 YAML이 아닙니다. 범위를 벗어난 수가 있습니다",
    "is out of range": "범위를 벗어났습니다",
    "is too much: 200 MB are kept in all; delete conversations or files": (
        "모두 합해 200MB까지 보관합니다. 대화나 파일을 지워 주세요"
    ),
    "may hold a-z, 0-9 and single hyphens only": "a-z, 0-9와 하이픈(-) 하나씩만 쓸 수 있습니다",
    "must be 1 to 200 visible ASCII characters": "보이는 ASCII 문자 1~200자여야 합니다",
    "must be 1, the one version there is": "1이어야 합니다. 다른 버전은 없습니다",
    "must be a date such as 2026-11-20": "2026-11-20 같은 날짜여야 합니다",
    "must be a JSON object": "JSON 객체여야 합니다",
    "must be a length of time such as 15m, 90s or 1h": "15m, 90s, 1h 같은 시간이어야 합니다",
    "must be a list": "목록이어야 합니다",
    "must be a text": "글이어야 합니다",
    "must be a time such as 2026-11-20T08:00:00Z": "2026-11-20T08:00:00Z 같은 시각이어야 합니다",
    "must be a whole number": "정수여야 합니다",
    "must be an exact host": "`*.` 없이 호스트 하나를 그대로 적어 주세요",
    "must be an object": "객체여야 합니다",
    "must be one file": "파일 하나여야 합니다",
    "must be printable ASCII without blanks at its ends, as header values are": (
        "헤더 값이라 앞뒤 공백 없는 ASCII 글자만 쓸 수 있습니다"
    ),
    "must be true: without your consent there is no application": "동의해야 신청할 수 있습니다",
    "must be true or false": "true 또는 false여야 합니다",
    "must be dollars such as 0.50": "0.50 같은 달러 금액이어야 합니다",
    "must have * for day and weekday beside lastBusinessDay": "마지막 영업일에는 일과 요일이 *이어야 합니다",
    "must hold keys of its own": "아래에 키가 있어야 합니다",
    "needs five fields: minute hour day month weekday": "분 시 일 월 요일, 다섯 칸이 필요합니다",
}
VALUED_KOREAN = {
    r"comes due more often than this plan allows: every (\d+) minutes": "허용보다 자주 실행됩니다 (최소 {}분 간격)",
    "(.*) is not a model of this platform": "{}은(는) 이 플랫폼에 없는 모델입니다",
    "an agent has at most (.*) secrets": "에이전트의 비밀 값은 {}개까지입니다",
    "(.*) is not on the agent's list of allowed hosts": "{}는 에이전트의 허용 호스트가 아닙니다",
    "must be at least (.*)": "{} 이상이어야 합니다",
    "must be at most (.*)": "{} 이하여야 합니다",
    "must be one of (.*)": "다음 중 하나여야 합니다: {}",
    "is nested more than (.*) deep": "{}단계보다 깊이 겹쳐 있습니다",
    "may have at most (.*) characters": "{}자까지 쓸 수 있습니다",
    "may have at most (.*) entries": "{}개까지 둘 수 있습니다",
    "must have at least (.*) characters": "{}자 이상이어야 합니다",
    "must have at least (.*) entries": "{}개 이상이어야 합니다",
    "is not a model of this platform; there are (.*)": "이 플랫폼에 없는 모델입니다. 쓸 수 있는 모델: {}",
    "is more than (.*)": "한도를 넘었습니다 ({})",
    "has an anchor or an alias (.*)": "앵커나 별칭은 쓸 수 없습니다 {}",
    "has a tag (.*)": "태그는 쓸 수 없습니다 {}",
    "is longer than (.*) characters": "{}자보다 깁니다",
    "has a front matter of more than (.*) characters": "머리말이 {}자보다 깁니다",
    "is given twice, also as (.*)": "두 번 나옵니다 (다른 이름: {})",
    "is not valid YAML, line (.*)": "올바른 YAML이 아닙니다. 줄 {}",
    "holds a character that YAML does not allow (.*)": "YAML에 쓸 수 없는 글자가 있습니다 {}",
    "must be ('.*')": "다음이어야 합니다: {}",
}
"""Patterns of clauses that carry a value."""


def said(message: str, language: str) -> str:
    """The clause in `ko` if it is known there, else as it is."""
    if language != "ko":
        return message
    if message in KOREAN:
        return KOREAN[message]
    for pattern, korean in VALUED_KOREAN.items():
        if found := re.fullmatch(pattern, message):
            return korean.format(found[1])
    return message
