"""The tables of settings say what the settings say."""

from suite import docs


def test_every_setting_of_every_service_has_a_meaning() -> None:
    rows = {row.name: row for row in docs.rows()}
    for settings in docs.SERVICES.values():
        assert {name.upper() for name in settings.model_fields} <= rows.keys()
    assert [row.name for row in rows.values() if not row.meaning.strip()] == []


def test_no_row_breaks_the_table() -> None:
    for row in docs.rows():
        assert str(row).replace("\\|", "").count("|") == 5
        assert "\n" not in str(row)


def test_no_default_is_a_secret() -> None:
    text = "\n".join(map(str, docs.rows()))
    assert "**********" not in text
    defaults = {row.name: row.default for row in docs.rows()}
    for name in ("SECRET_KEY", "DATABASE_URL", "DEMO_PASSWORD", "OPENAI_API_KEY"):
        assert not defaults[name].startswith("`")


def test_what_most_installations_set_exists() -> None:
    assert set(docs.USUAL) <= {row.name for row in docs.rows()}
