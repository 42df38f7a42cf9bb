"""Words that ask for nothing: greetings, thanks, a yes or a never mind, and questions that a demo cannot answer."""

import re

from ohmyagent.demo.conversation import Conversation
from ohmyagent.demo.designing.speech import by_demo
from ohmyagent.demo.story import Story
from ohmyagent.demo.words import Said, said

_KIND = (
    r"안녕(?:하세요|히 계세요)?|반가워요?|고마(?:워|웠어)요?|고맙습니다|감사(?:합니다|해요|해)?|땡큐"
    r"|수고(?:했어|하셨어|하세요)?요?"
    r"|좋(?:아|네|습니다|은데)요?|완벽(?:해|하네|합니다)요?|훌륭(?:해|하네|합니다)요?|최고(?:야|예요)?"
    r"|알겠(?:어|습니다)요?|오케이"
    r"|(?:고쳐|수정해|바꿔|도와) ?(?:줘|주세요)|fix it|help me"
    r"|그래요?|네+|넵|예|응+|음+|아+|아하|정말|진짜|너무|아주"
    r"|hi|hello|hey|good (?:morning|afternoon|evening)|thank(?:s| you)(?: so much| a lot| very much)?"
    r"|great|perfect|nice|cool"
    r"|ok(?:ay)?|yes|yep|sure|all right|alright|got it|that'?s|(?:looks|sounds) (?:good|great|fine)"
    r"|very|so|good|awesome|wonderful"
)
_PLEASANTRIES = re.compile(rf"(?:(?:{_KIND})(?![가-힣a-z])[\s,.!~ㅎㅋ^:)]*)+", re.I)
_NEVER_MIND = re.compile(
    r"(?:(?:아니(?:야|요|에요|다)?|됐(?:어|습니다)요?|no(?: thanks)?|nah|wait)[,.! ]*)*"
    r"(?:(?:그냥 |이거 |그거 |다 )*(?:취소|그만|관두|관둘|안 ?할(?:래|게))[가-힣 ]{0,8}"
    r"|아니(?:야|요|에요)|됐(?:어|습니다)요?|never ?mind"
    r"|forget (?:it|that|about it)|(?:please )?cancel(?: that| it| this)?"
    r"|no(?: thanks| thank you)?|nah|i changed my mind|stop)[.!~ ]*",
    re.I,
)
_QUESTION = re.compile(r"\?\s*$")
_WISH_AS_A_QUESTION = re.compile(
    r"(?:줄래|줄 수|주실|해도 돼|될까|할까|바꿀 수|(?:해|아|어|여) ?줘)[가-힣 ]*\?\s*$"
    r"|^(?:please |and |also |then )*(?:can|could|would|will) (?:you|it|we|i)\b|\bplease\b",
    re.I,
)

WELCOME: Said = (
    "더 고칠 것이 있으면 말씀해 주세요. 마음에 들면 초안 카드의 **저장**을 누르면 됩니다.",
    "Tell me what else to change. When you like it, press **Save** on the draft card.",
)
LEFT_AS_IT_IS: Said = (
    "초안은 그대로 두었습니다. 저장을 누르기 전에는 아무것도 실행되거나 저장되지 않습니다. "
    "고칠 것이 있으면 말씀해 주세요.",
    "I left the draft as it is. Nothing is saved or run before you click. Tell me if something should change.",
)
NO_ANSWER: Said = (
    "데모 모델이라 그 질문에는 답하지 못합니다. 초안은 그대로입니다. "
    "일정, 비용, 시험 실행, 지난 실행은 물어보실 수 있습니다.",
    "As a demo model I cannot answer that, and the draft stays as it is. You can ask about its schedule, its price, "
    "trial runs and past runs.",
)


def pleasantry(text: str) -> bool:
    return _PLEASANTRIES.fullmatch(text.strip()) is not None


def without_pleasantries(text: str) -> str:
    """The text without its kind words at the beginning; nothing when they are all there is."""
    opened = _PLEASANTRIES.match(text.strip())
    return text.strip()[opened.end() if opened else 0 :].strip()


def never_mind(text: str) -> bool:
    return _NEVER_MIND.fullmatch(text.strip()) is not None


def question(text: str) -> bool:
    """Whether it wants to know something; `해 줄래?` and `can you` want something done."""
    return _QUESTION.search(text) is not None and not _WISH_AS_A_QUESTION.search(text)


def small(c: Conversation) -> Story | None:
    """The answer to words that change nothing of a draft; None for any others."""
    for fits, words in ((never_mind, LEFT_AS_IT_IS), (pleasantry, WELCOME), (question, NO_ANSWER)):
        if fits(c.said):
            return _say(c, words)
    return None


def _say(c: Conversation, words: Said) -> Story:
    return by_demo(c, said(words, c.korean))
    yield  # a story, though it needs no tool
