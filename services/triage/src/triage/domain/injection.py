"""Text in a log that talks to whoever summarises it, rather than about the program.

Such a record stays a group and stays evidence; only its words are withheld
from the model. The patterns are fixed words with bounded gaps: linear.
"""

import re
from typing import Final

WITHHELD: Final = "[withheld: this record addresses its reader]"

_ADDRESSED: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|skip)\b.{0,40}"
    r"\b(?:instruction|prompt|rule|direction|guideline|context|command|constraint|above|previous|prior|earlier|everything)"
    r"|\b(?:new|updated|revised|real|following|these|my|system)\s{1,4}(?:instruction|directive|order|prompt)s?\b"
    r"|\b(?:you are|you're|act as|pretend to be|behave as|roleplay)\b.{0,30}"
    r"\b(?:now|an?|the|assistant|model|ai|bot|llm|admin|developer|dan)\b"
    r"|\b(?:system|developer|admin|user|assistant)\s{0,2}(?:prompt|message|override|note|instruction|:\s{0,3}(?:you|ignore|set|the|please|do|new))"
    r"|\b(?:dear|hey|hello|hi|attention|note to|message (?:to|for)|notice to)[ ,:]{1,3}(?:the )?"
    r"(?:ai|llm|assistant|model|gpt|chatgpt|claude|summari[sz]er|analy[sz]er|bot|agent|triage)\b"
    r"|\b(?:ai|llm|language model|assistant|gpt|summari[sz]er|chatbot)s?\b.{0,40}\b(?:must|should|shall|has to|have to|need to|please|will)\b"
    r"|\b(?:respond|reply|answer|output|print|say|return|write|conclude|state|claim)\b.{0,30}"
    r"\b(?:only|exactly|with|that (?:all|every|no|the)|the (?:word|words|text|phrase|following|string|json))\b"
    r"|\b(?:set|mark|report|rate|classify|label|treat|lower|change|downgrade|raise|consider)\b.{0,40}"
    r"\b(?:severity|priority|criticality|as (?:low|none|info|benign|resolved|harmless|critical|ok|safe|false positive))\b"
    r"|\b(?:do not|don't|never|must not|please do not)\b.{0,20}"
    r"\b(?:mention|report|include|cite|summari[sz]e|reveal|disclose|flag|list|alert|tell)\b"
    r"|\b(?:summary|summaries|report|headline|finding|answer|response|analysis|conclusion)s?\b.{0,25}"
    r"\b(?:must|should|shall|has to|needs to|ought)\b"
    r"|\b(?:cite|quote|mention|include|omit|exclude|hide)\b.{0,30}\b(?:group|finding|evidence|citation|summary|report|g-[0-9a-f])"
    r"|\b(?:tell|instruct|advise|ask|recommend|convince|urge)\b.{0,25}\b(?:user|operator|reader|admin|engineer|team|them)s?\b.{0,20}\bto\b"
    r"|<\|?(?:im_start|im_end|system|endoftext|assistant|user|tool|eot_id|start_header_id)\|?>|\[/?INST\]|<</?SYS>>"
    r"|^\s{0,8}#{1,4}\s{0,3}(?:system|instruction|assistant)\b"
    r"|\"role\"\s{0,3}:\s{0,3}\"(?:system|assistant|developer|user)\"|\b(?:end|begin|start) of (?:logs?|data|input|prompt|context)\b"
    r"|\bjailbreak|\bprompt injection\b|\bas an ai\b|\bdeveloper mode\b",
    re.IGNORECASE | re.MULTILINE,
)


def addresses_reader(text: str) -> bool:
    return _ADDRESSED.search(text) is not None
