#!/usr/bin/env bash
# Makes localhost/python-base from Debian's packages, for machines that reach no image registry.
#
# Needs root, mmdebstrap and podman or buildah. Build with it: PYTHON_IMAGE=localhost/python-base make images
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates,libc-bin,binutils \
  "${SUITE:-bookworm}" "$work/base.tar"
container=$(buildah from scratch)
buildah add --quiet "$container" "$work/base.tar" / >/dev/null
buildah commit --quiet --rm "$container" localhost/python-base
