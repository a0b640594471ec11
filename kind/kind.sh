#!/usr/bin/env bash
# A cluster on this machine with the suite in it.
#
#   kind.sh up     the cluster, Traefik and the suite, from images built here
#   kind.sh load   images built anew into the cluster, and a rollout of them
#   kind.sh down   the cluster and everything in it
#
# Needs a container engine that kind can use (Docker, or podman with KIND_EXPERIMENTAL_PROVIDER=podman) and
# kind itself. Helm and kubectl are taken from PATH, or else from where `make setup` keeps them.
set -euo pipefail
cd "$(dirname "$0")/.."

name=suite
traefik_version=41.3.0
chart=charts/api-reliability-suite
prefix=ghcr.io/api-reliability-suite
tag=$(sed -n 's/^appVersion: "\(.*\)"$/\1/p' "$chart/Chart.yaml")
services=(auth gateway triage)

say() { printf '%s\n' "$*" >&2; }
helm() { .venv/bin/python charts/charting/helm.py "$@"; }
kubectl() { .venv/bin/python charts/charting/helm.py --kubectl "$@"; }

need() {
  local missing=()
  command -v kind >/dev/null || missing+=("kind 0.33 or later (https://kind.sigs.k8s.io, or: go install sigs.k8s.io/kind@v0.33.0)")
  docker info >/dev/null 2>&1 || [[ ${KIND_EXPERIMENTAL_PROVIDER:-} == podman ]] ||
    missing+=("a running Docker, or podman with KIND_EXPERIMENTAL_PROVIDER=podman")
  if (( ${#missing[@]} )); then
    say "A kind cluster cannot be made here. It needs:"
    printf '  - %s\n' "${missing[@]}" >&2
    say "Without them: make run (everything as processes), or make e2e-cluster E2E_KUBECONFIG=... at any cluster."
    exit 1
  fi
}

load() {
  local engine=docker
  [[ ${KIND_EXPERIMENTAL_PROVIDER:-} == podman ]] && engine=podman
  ENGINE=$engine services/image/build.sh
  for service in "${services[@]}"; do
    kind load docker-image --name "$name" "$prefix/$service:$tag"
  done
}

up() {
  kind get clusters 2>/dev/null | grep -qx "$name" || kind create cluster --config kind/cluster.yaml --wait 3m
  kubectl config use-context "kind-$name" >/dev/null
  load
  helm upgrade --install traefik oci://ghcr.io/traefik/helm/traefik --version "$traefik_version" \
    --namespace traefik --create-namespace --values kind/traefik.yaml --wait --timeout 5m
  helm upgrade --install suite "$chart" --namespace suite --create-namespace \
    --values kind/values.yaml --wait --timeout 10m
}

case ${1:-} in
  up) need; up ;;
  load)
    need
    load
    kubectl --context "kind-$name" --namespace suite rollout restart deployment
    ;;
  down) need; kind delete cluster --name "$name" ;;
  *) say "usage: kind/kind.sh up | load | down"; exit 2 ;;
esac
