"""What a person is told when everything is up: addresses, an account, and commands that work when pasted."""

from string import Template

from suite.run import Suite

# Extracting a field without jq, which a bare machine does not have.
_TEXT = Template(r"""
Everything is up.

  API        $base
  Internal   $internal   (/livez /readyz /metrics)
  Account    $user / $password   (admin)
  Logs       $logs

Paste these, top to bottom; the last answers 401, for the logout was true at once:

  field() { sed -E "s/.*\"$$1\": *\"([^\"]+)\".*/\1/"; }
  PAIR=$$(curl -s $base/login -d username=$user --data-urlencode password=$password)
  PAIR=$$(curl -s $base/token/refresh -H 'Content-Type: application/json' \
    -d "{\"refresh_token\":\"$$(field refresh_token <<<"$$PAIR")\"}")
  ACCESS="Authorization: Bearer $$(field access_token <<<"$$PAIR")"
  curl -s -w '\n' $base/protected -H "$$ACCESS"
  curl -s -w '\n' $base/external-api
  curl -s -w '\n' $base/debug/summarize-errors -H "$$ACCESS"    # $lines lines of log
  curl -s -w '%{http_code}\n' -X POST $base/logout -H "$$ACCESS"
  curl -s -w '%{http_code}\n' $base/protected -H "$$ACCESS"

Ctrl-C stops it all. The data stays in $folder until `make clean`.
""")


def banner(suite: Suite) -> str:
    return _TEXT.substitute(
        base=suite.base_url,
        internal=suite.internal_url,
        user=suite.admin.username,
        password=suite.admin.password,
        logs=suite.logs,
        lines=f"{suite.log_lines:,}",
        folder=suite.folder,
    )
