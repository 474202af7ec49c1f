#!/usr/bin/env bash
# Installs the build into a scratch folder, then builds and runs a ten-line program that only knows find_package.
#   bash tests/consumer/run.sh BUILD_FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(realpath "$1")/consumer  # CMAKE_PREFIX_PATH must be absolute
rm -rf "$scratch"
cmake --install "$1" --prefix "$scratch/prefix" >/dev/null
cmake -S "$here" -B "$scratch/build" -G Ninja -DCMAKE_PREFIX_PATH="$scratch/prefix" -DCMAKE_CXX_FLAGS="-O0 -g0" >/dev/null
cmake --build "$scratch/build" >"$scratch/build.log" 2>&1 || { cat "$scratch/build.log" >&2; exit 1; }
"$scratch/build/consumer"
# The installed programs run from where they were put.
for program in "$scratch"/prefix/bin/stg_*; do
  if [[ -x $program ]]; then "$program" --version >/dev/null; fi
done
