#!/usr/bin/env bash
# Regenerates proto/gen from the .proto files; run by `make proto`, drift-checked by `make check`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
PATH="$PWD/.venv/bin:$PATH"
rm -rf proto/gen/reliability
mkdir -p proto/gen
protos=$(cd proto && find reliability -name '*.proto' | sort)
# shellcheck disable=SC2086  # one word per file
(cd proto && "../$python" -m grpc_tools.protoc -I. --python_out=gen --grpc_python_out=gen \
  --mypy_out=quiet:gen --mypy_grpc_out=quiet:gen $protos)
find proto/gen/reliability -type d -exec touch {}/__init__.py {}/py.typed \;
