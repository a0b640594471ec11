#!/bin/sh
# Installs one service and exactly what the lock names for it into /app; runs inside the build.
set -eu
service=$1

index=/run/secrets/index_url
ca=/run/secrets/index_ca
if [ -s "$ca" ]; then
  SSL_CERT_FILE=$ca PIP_CERT=$ca
  export SSL_CERT_FILE PIP_CERT
fi
if [ -s "$index" ]; then
  PIP_INDEX_URL=$(cat "$index")
  UV_DEFAULT_INDEX=$PIP_INDEX_URL
  export PIP_INDEX_URL UV_DEFAULT_INDEX
fi

python3 -m venv /opt/uv
/opt/uv/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check \
  "uv==$(python3 .ci/fetch_uv.py --version)"
export UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/app UV_LINK_MODE=copy UV_NO_CACHE=1
/opt/uv/bin/uv venv --quiet --python "$(command -v python3)" /app
if [ -s "$index" ]; then
  # The lock names files of the public index; a private one is asked for the same versions and hashes.
  /opt/uv/bin/uv export --quiet --frozen --no-dev --package "$service" --no-emit-workspace --output-file /tmp/pins.txt
  VIRTUAL_ENV=/app /opt/uv/bin/uv pip install --quiet --require-hashes --requirements /tmp/pins.txt
  VIRTUAL_ENV=/app /opt/uv/bin/uv pip install --quiet --no-deps ./proto ./libs/chassis "./services/$service"
else
  /opt/uv/bin/uv sync --quiet --frozen --no-dev --no-editable --package "$service"
fi
