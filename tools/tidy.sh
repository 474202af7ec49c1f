#!/usr/bin/env bash
# clang-tidy over the sources that changed since BASE (default: the last commit and what is not committed yet).
#   bash tools/tidy.sh [--build FOLDER] [BASE]        needs a configured build; tools/test.sh makes build/test
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/test
if [[ ${1:-} == --build ]]; then build=$2; shift 2; fi
base=${1:-HEAD~1}
git rev-parse -q --verify "$base^{commit}" >/dev/null || base=$(git hash-object -t tree /dev/null)  # a first or shallow commit
mapfile -t files < <(git diff --name-only --diff-filter=d "$base" -- 'src/*.cpp' 'kernels/*.cpp' 'tools/*.cpp' 'tests/*.cpp')
known=()
for file in "${files[@]}"; do
  # The emulated device takes std::source_location, which Debian 12's clang 14 does not have.
  if grep -qE '#include "(emulation/|kernels/gpu_)' "$file" || [[ $file == kernels/emulation/* ]]; then continue; fi
  if grep -qF "\"$PWD/$file\"" "$build/compile_commands.json"; then known+=("$file"); fi
done
echo "clang-tidy: ${#known[@]} of ${#files[@]} changed files are part of $build" >&2
[[ ${#known[@]} == 0 ]] && exit 0
# The commands are g++'s: clang cannot read its precompiled header, and flags that only g++ knows are no mistake of ours.
mkdir -p "$build/tidy"
sed -E "s#-include [^ ]*/cmake_pch\.hxx#-include $PWD/cmake/torch_pch.hpp#; s#-Winvalid-pch|-fpch-preprocess##g" \
  "$build/compile_commands.json" >"$build/tidy/compile_commands.json"
printf '%s\0' "${known[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build/tidy" \
  --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument
