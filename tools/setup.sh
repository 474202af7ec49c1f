#!/usr/bin/env bash
# Installs what is missing on Debian 12: packages by apt, LibTorch (and CUDA) by pip into a cache folder of our own.
# A second run installs nothing and needs no network.
#
#   bash tools/setup.sh [--test]       --test: also what the tests need
#   STG_CUDA=ON bash tools/setup.sh    also the CUDA compiler and libraries (4 GB)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/lib.sh

lists=(cmake/packages-debian.txt)
[[ ${1:-} == --test ]] && lists+=(cmake/packages-debian-test.txt)

install_debian_packages() {
  local wanted missing=() name
  wanted=$(sed 's/#.*//' "${lists[@]}" | xargs)
  for name in $wanted; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
  done
  [[ ${#missing[@]} == 0 ]] && return
  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      echo "Packages are missing and this user may not install them. Run, as root, then try again:" >&2
      echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
      exit 7
    fi
  fi
  say "installing ${#missing[@]} Debian packages"
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$STG_CACHE/apt.log" 2>&1 \
    || { tail -n 20 "$STG_CACHE/apt.log" >&2; exit 7; }
}

# install_wheels LIST: unpacks the pinned wheels beside each other; a marker carries the list's hash.
install_wheels() {
  local list=$1 marker staging
  marker=$STG_LIBTORCH/.installed-$(sha256sum <"$list" | cut -c1-16)
  [[ -e $marker ]] && return
  say "unpacking $(grep -c == "$list") wheels of $list"
  staging=$(mktemp -d "$STG_CACHE/wheels.XXXXXX")
  sed 's/#.*//' "$list" >"$staging.txt"
  /usr/bin/python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --require-hashes --no-deps \
    --no-compile --no-cache-dir --only-binary=:all: --target "$staging" -r "$staging.txt" \
    || { rm -rf "$staging" "$staging.txt"; echo "pip could not install $list (see above)" >&2; exit 7; }
  mkdir -p "$STG_LIBTORCH"
  cp -rlf "$staging/." "$STG_LIBTORCH/"
  rm -rf "$staging" "$staging.txt"
  touch "$marker"
}

# The wheels carry versioned names only; the linker and CMake look for plain ones.
link_cuda_names() {
  local folder file plain
  [[ -e $STG_LIBTORCH/nvidia/cu13/lib64 ]] || ln -s lib "$STG_LIBTORCH/nvidia/cu13/lib64"
  for folder in "$STG_LIBTORCH"/nvidia/*/lib; do
    for file in "$folder"/lib*.so.*; do
      plain=${file%%.so.*}.so
      [[ -e $plain ]] || ln -s "$(basename "$file")" "$plain"
    done
  done
}

mkdir -p "$STG_CACHE"
exec 8>"$STG_CACHE/setup.lock"
flock 8  # two set-ups at once would unpack into the same folder
install_debian_packages
install_wheels cmake/packages-pypi-cpu.txt
if wants_cuda; then
  install_wheels cmake/packages-pypi-cuda.txt
  link_cuda_names
fi
