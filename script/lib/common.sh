# shellcheck shell=bash
# What every script starts with: where things are, and how it speaks. Source it, do not run it.
set -euo pipefail

THALWEG_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export THALWEG_ROOT
# Everything that is not from the package manager lives here; two checkouts may share one.
THALWEG_DEPS="$(realpath -ms "${THALWEG_DEPS:-$THALWEG_ROOT/.deps}")"
export THALWEG_DEPS

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
warn() { printf '\033[1;33mwarning:\033[0m %s\n' "$*" >&2; }
die() {
  printf '\033[1;31merror:\033[0m %s\n' "$*" >&2
  exit 1
}
if [[ ! -t 2 ]]; then
  say() { printf '==> %s\n' "$*" >&2; }
  warn() { printf 'warning: %s\n' "$*" >&2; }
  die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
  }
fi

# Prints the head comment of a script: its help.
print_help() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$1"; }

# Runs a command as root, through sudo when we are not.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    warn "not root and no sudo: cannot run '$*'"
    return 1
  fi
}
