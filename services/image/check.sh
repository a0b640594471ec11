#!/usr/bin/env bash
# Builds the three images, then says how large each is and whether each answers its health probe.
#
# Takes what build.sh takes. Where no registry is reached but mmdebstrap and buildah are there, a base is made first.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [[ -z ${PYTHON_IMAGE:-} && ${ENGINE:-} == buildah ]] && command -v mmdebstrap >/dev/null; then
  services/image/base.sh
  export PYTHON_IMAGE=localhost/python-base
fi
services/image/build.sh
exec .venv/bin/python services/image/check.py
