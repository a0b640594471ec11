"""How a rule for a token with a fixed prefix is written down, and what its made-up examples are made of."""

from triage.domain.redaction.rule import Rule

# Examples are put together in code, so that no line of these files is a token in any issuer's form.
MIX = "a7Bq2Zr9Kd4Xw1Lm6Pt3Vn8Yc5Hs0Gf" * 4
HEX = "3f9a1c07be52d846" * 10
UPPER = "QX7L2M9ZT4" * 7


def token(
    name: str, issuer: str, prefixes: str, body: str, sample: str, *, kind: str = "TOKEN", validator: str = ""
) -> Rule:
    """A rule for `prefixes` (divided by blanks), each followed by what `body` matches, such as `sample`."""
    each = tuple(prefixes.split())
    return Rule(
        id=f"token-{name}",
        description=issuer,
        kind=kind,
        where="prefix",
        pattern=body,
        keywords=each,
        validator=validator,
        matches=tuple(f"failed to parse config line 14: {prefix}{sample}" for prefix in each),
        ignores=(
            f"the {each[0]} prefix is documented",
            f"in place of {each[0]}{'x' * 64}",
            f"in place of {each[0]}the-token-that-was-given-to-you-when-you-signed-up-there",
        ),
    )
