#!/usr/bin/env bash
# Builds the images of auth, gateway and triage with docker, podman or buildah.
#
#   ENGINE        which of them; the first that is there
#   TAG           of the images; the chart's appVersion
#   PREFIX        what their names begin with; ghcr.io/api-reliability-suite
#   SERVICES      which ones; all three
#   PYTHON_IMAGE  the base instead of the Dockerfile's
#   INDEX_URL     file with the address of a package index to use instead of the public one
#   INDEX_CA      file with the CA of that index, PEM
set -euo pipefail
cd "$(dirname "$0")/../.."

engine=${ENGINE:-}
if [[ -z $engine ]]; then
  for candidate in docker podman buildah; do
    # Docker's client may be there without its daemon.
    if "$candidate" info >/dev/null 2>&1; then engine=$candidate; break; fi
  done
fi
if [[ -z $engine ]]; then
  echo "Images need a container engine: start Docker, or install podman or buildah (apt-get install buildah)." >&2
  exit 1
fi

tag=${TAG:-$(sed -n 's/^appVersion: "\(.*\)"$/\1/p' charts/api-reliability-suite/Chart.yaml)}
prefix=${PREFIX:-ghcr.io/api-reliability-suite}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}

build=("$engine" build)
case $engine in
  docker) export DOCKER_BUILDKIT=1 ;;
  podman) build+=(--timestamp "$SOURCE_DATE_EPOCH") ;;
  buildah)
    # Works as root without a daemon, also inside a container.
    export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
    build+=(--timestamp "$SOURCE_DATE_EPOCH" --network host)
    ;;
  *) echo "ENGINE is $engine: say docker, podman or buildah." >&2; exit 1 ;;
esac
build+=(--file services/Dockerfile --build-arg "VERSION=$tag" --build-arg "REVISION=$revision")
build+=(--build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH")
if [[ -n ${PYTHON_IMAGE:-} ]]; then build+=(--build-arg "PYTHON_IMAGE=$PYTHON_IMAGE"); fi
if [[ -n ${INDEX_URL:-} ]]; then build+=(--secret "id=index_url,src=$INDEX_URL"); fi
if [[ -n ${INDEX_CA:-} ]]; then build+=(--secret "id=index_ca,src=$INDEX_CA"); fi

for service in ${SERVICES:-auth gateway triage}; do
  echo "Building $prefix/$service:$tag with $engine" >&2
  "${build[@]}" --build-arg "SERVICE=$service" --tag "$prefix/$service:$tag" .
done
