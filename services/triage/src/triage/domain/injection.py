"""Text in a log that talks to whoever summarises it, rather than about the program.

Such a record stays a group and stays evidence; only its words are withheld
from the model. The patterns are fixed words with bounded gaps: linear.
"""

from typing import Final

from triage.domain.redaction.rule import compiled

WITHHELD: Final = "[withheld: this record addresses its reader]"

_MACHINE: Final = (
    r"(?:ai|a\.i\.|llms?|(?:large )?language models?|assistants?|gpt|chatgpt|claude|gemini|copilot|chatbots?"
    r"|summari[sz]ers?|log analy[sz]ers?)"
)
# Words that programs also have for one another count only where they are spoken to.
_READER: Final = rf"(?:{_MACHINE}|models?|bots?|analy[sz]ers?|triage|agents?)"
_BEFORE: Final = (
    r"(?:instruc\w{2,8}|prompts?|rules?|directions?|directives?|guidelines?|context|commands?|constraints?|above"
    r"|previous|prior|earlier|everything|anweisung\w{0,3}|regeln|consignes|istruzioni|reglas)"
)
_FORGET: Final = (
    r"(?:ignore|disregard|forget|override|bypass"
    r"|ignoriere|vergiss|ignorez|oubliez|ignora|olvida|dimentica|ignorar)"
)
_PARTS: Final = r"(?:groups?|findings?|evidence|citations?|records?|failures?|errors?)"
_WHO: Final = r"(?:users?|operators?|readers?|admins?|engineers?|team|them|whoever|everyone)"
_ORDERS: Final = "|".join(
    (
        # What came before no longer holds.
        rf"\b{_FORGET}\b.{{0,40}}\b{_BEFORE}",
        r"\b(?:new|updated|revised|real|hidden|secret|my)\s{1,4}(?:instruction|directive|order|prompt)s?\s?:",
        (
            r"\b(?:follow|obey|execute|reveal|print|repeat|show)"
            r" (?:these|this|my|the following|your|the system)\s{1,4}"
            r"(?:system )?(?:instruction|directive|order|prompt)"
        ),
        r"\b(?:system|hidden|initial) prompt\b",
        # Who the reader is now.
        rf"\b(?:you are|you're) (?:now\b|(?:an?|the) .{{0,30}}\b{_READER}\b)",
        r"\b(?:act|behave) as (?:an?|if|though)\b|\bpretend (?:to be|that|you)\b",
        r"\brole-?play\b|\bdeveloper mode\b",
        (
            r"(?:^|[^\w.])(?:system|developer|assistant|human|user)\s{0,2}:\s{0,3}"
            r"(?:you|ignore|set|the|please|do|new|all|answer|respond)\b"
        ),
        # The reader by name.
        (
            rf"\b(?:dear|hey|hello|hi|attention|note to|message (?:to|for)|notice to)[ ,:]{{1,3}}"
            rf"(?:the |any |all |every )?{_READER}\b"
        ),
        rf"\b{_MACHINE}s?\b.{{0,40}}\b(?:must|should|shall|has to|have to|need to|please|will)\b",
        rf"\b(?:if|when) you are (?:an? |the )?{_READER}\b|\bas an? {_MACHINE}\b",
        # What to say, and what not to.
        (
            r"\b(?:respond|reply|answer|output|print|say|conclude|declare)\b.{0,30}\b(?:only|exactly"
            r"|with (?:this|the|only)|that (?:all|every|no)|the (?:words?|text|phrase|string|sentence))\b"
        ),
        (
            r"\b(?:write|return|state|claim|report) (?:only |exactly )?"
            r"(?:this|the (?:following|words?|phrase|headline)|that)\b"
        ),
        (
            r"\b(?:set|mark|report|rate|classify|label|treat|lower|change|downgrade|raise|assign)\b"
            r".{0,40}\b(?:severity|criticality"
            r"|as (?:low|none|info|benign|resolved|harmless|safe|a? ?false positive))\b"
        ),
        (
            r"\b(?:do not|don't|never|must not|refrain from)\b.{0,20}"
            r"\b(?:mention|report|cite|summari[sz]e|reveal|disclose|flag|alert|tell)"
        ),
        (
            r"\b(?:(?:summary|headline|findings?|conclusion)|(?:your|the) (?:answer|reply|analysis))\b.{0,25}"
            r"\b(?:must|should|shall|has to|needs to|ought)\b"
        ),
        (
            r"\b(?:cite|quote|mention|include|omit|exclude|hide)\b.{0,20}"
            rf"\b(?:(?:this|these|other|all|only) {_PARTS}|g-[0-9a-f]{{6}})"
        ),
        (
            r"\b(?:tell|instruct|advise|ask|recommend|convince|urge|inform)\b.{0,25}"
            rf"\b{_WHO}\b.{{0,20}}\b(?:to|that|visits?|runs?|clicks?)\b|\btell them to\b"
        ),
        # The marks of a conversation.
        r"<\|?(?:im_start|im_end|system|endoftext|assistant|eot_id|start_header_id)\|?>|\[/?INST\]|<</?SYS>>",
        r"^\s{0,8}#{1,4}\s{0,3}(?:system|instruction|assistant|new task)\b|#{2,4} (?:instruction|system)\b",
        r"\"role\\?\"\s{0,3}:\s{0,3}\\?\"(?:system|assistant|developer)",
        r"\b(?:end|begin|start) of (?:the )?(?:logs?|data|prompt|context)\b|\b(?:BEGIN|END) [0-9a-f]{8,}",
        r"\bjailbreak|\bprompt injection\b|\b(?:respond|reply|answer) (?:with|by|in)\b.{0,12}\bimage",
    )
)
_ADDRESSED: Final = compiled(f"(?im){_ORDERS}".encode())


def addresses_reader(text: str) -> bool:
    return _ADDRESSED.search(text.encode("utf-8", "replace")) is not None
