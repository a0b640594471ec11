"""Text in a log that talks to whoever summarises it, rather than about the program.

Such a record stays a group and stays evidence; only its words are withheld
from the model. The patterns are fixed words with bounded gaps: linear.
"""

import re
from typing import Final

WITHHELD: Final = "[withheld: this record addresses its reader]"

_READER: Final = (
    r"(?:ai|a\.i\.|llms?|language model|assistants?|models?|gpt|chatgpt|claude|gemini|copilot|bots?|chatbots?"
)
_READER += r"|summari[sz]ers?|analy[sz]ers?|triage|agents?)"
_WHAT_IT_MAKES: Final = (
    r"(?:summar(?:y|ies)|reports?|headlines?|findings?|answers?|responses?|analysis|conclusions?|outputs?)"
)
_ORDERS: Final = (
    # What came before no longer holds.
    r"\b(?:ignore|disregard|forget|override|bypass|skip|drop|discard|ignoriere|vergiss|ignorez|oubliez|ignora|olvida"
    r"|dimentica|ignorar)\b.{0,40}\b(?:instruc\w{2,8}|prompts?|rules?|directions?|directives?|guidelines?|context"
    r"|commands?|constraints?|above|previous|prior|earlier|everything|anweisung\w{0,3}|regeln|consignes|istruzioni|reglas)",
    r"\b(?:new|updated|revised|real|following|these|my|system|hidden|secret)\s{1,4}(?:instruction|directive|order|prompt)s?\b",
    # Who the reader is now.
    r"\b(?:you are|you're|act as|pretend to be|pretend (?:that )?you|behave as|roleplay)\b.{0,30}"
    rf"\b(?:now|an?|the|{_READER}|admin|developer|dan)\b",
    r"\b(?:system|developer|admin|user|assistant)\s{0,2}(?:prompt|message|override|note|instruction"
    r"|:\s{0,3}(?:you|ignore|set|the|please|do|new))",
    # The reader by name.
    rf"\b(?:dear|hey|hello|hi|attention|note to|message (?:to|for)|notice to|to)[ ,:]{{1,3}}(?:the |any |all |every )?{_READER}\b",
    rf"\b{_READER}\b.{{0,40}}\b(?:must|should|shall|has to|have to|need to|please|will)\b",
    rf"\b(?:if|when) you are (?:an? |the )?{_READER}\b|\bas an? {_READER}\b",
    # What to say, and what not to.
    r"\b(?:respond|reply|answer|output|print|say|return|write|conclude|state|claim|declare|announce)\b.{0,30}"
    r"\b(?:only|exactly|with|that (?:all|every|no|the)|the (?:word|words|text|phrase|following|string|json))\b",
    r"\b(?:set|mark|report|rate|classify|label|treat|lower|change|downgrade|raise|consider|assign)\b.{0,40}"
    r"\b(?:severity|priority|criticality|as (?:low|none|info|benign|resolved|harmless|critical|ok|safe|a? ?false positive))\b",
    r"\b(?:do not|don't|never|must not|refrain from)\b.{0,20}"
    r"\b(?:mention|report|include|cite|summari[sz]e|reveal|disclose|flag|list|alert|tell)",
    rf"\b{_WHAT_IT_MAKES}\b.{{0,25}}\b(?:must|should|shall|has to|needs to|ought)\b",
    r"\b(?:cite|quote|mention|include|omit|exclude|hide)\b.{0,30}"
    r"\b(?:groups?|findings?|evidence|citations?|summary|report|g-[0-9a-f])",
    r"\b(?:tell|instruct|advise|ask|recommend|convince|urge|inform)\b.{0,25}"
    r"\b(?:users?|operators?|readers?|admins?|engineers?|team|them|whoever|everyone)\b.{0,20}\b(?:to|that)\b",
    # The marks of a conversation.
    r"<\|?(?:im_start|im_end|system|endoftext|assistant|user|tool|eot_id|start_header_id)\|?>|\[/?INST\]|<</?SYS>>",
    r"^\s{0,8}#{1,4}\s{0,3}(?:system|instruction|assistant|new task)\b|\b(?:human|assistant|system)\s{0,2}:\s",
    r"\"role\\?\"\s{0,3}:\s{0,3}\\?\"(?:system|assistant|developer|user)",
    r"\b(?:end|begin|start) of (?:the )?(?:logs?|data|input|prompt|context)\b|\b(?:BEGIN|END) [0-9a-f]{8,}",
    r"\bjailbreak|\bprompt injection\b|\bdeveloper mode\b",
)
_ADDRESSED: Final = re.compile("|".join(_ORDERS), re.IGNORECASE | re.MULTILINE)


def addresses_reader(text: str) -> bool:
    return _ADDRESSED.search(text) is not None
