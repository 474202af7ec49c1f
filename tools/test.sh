#!/usr/bin/env bash
# Everything that must hold: formatting, a build with warnings as errors, all tests, and the torch-free layers and ops
# once more under AddressSanitizer and UndefinedBehaviorSanitizer. Ends with "N passed, M failed".
#
#   bash tools/test.sh            STG_CUDA=ON: link the CUDA LibTorch and compile every .cu as well
#   STG_SANITIZERS=0 ...          without the sanitizer half
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/lib.sh
build=${STG_BUILD_DIR:-build/test}
passed=0 failed=0 skipped=0

configure() {  # configure FOLDER OPTION...
  local folder=$1
  shift
  cmake -S . -B "$folder" -DSTG_WERROR=ON -DSTG_TORCH_DIR="$STG_LIBTORCH" "$@" >"$STG_CACHE/configure.log" \
    || { tail -n 20 "$STG_CACHE/configure.log" >&2; exit 1; }
}

# What may be skipped is what needs a GPU, and it is named cuda. Shows any other skip; in CI it is a failure.
odd_skips() {  # odd_skips LINES
  local odd
  odd=$(grep -vi cuda <<<"$1" | grep . || true)
  if [[ -z $odd ]]; then return; fi
  printf '%s\n' "$odd" >&2
  if [[ -n ${CI:-} ]]; then failed=$((failed + $(wc -l <<<"$odd"))); fi
}

run_tests() {  # run_tests FOLDER: adds to passed, failed and skipped, shows what failed
  local log=$1/ctest.log total bad unrun
  ctest --test-dir "$1" -LE 'sweep|slow' -j2 --output-on-failure --no-tests=error >"$log" 2>&1 || true
  total=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p' "$log")
  bad=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed.*/\1/p' "$log")
  if [[ -z $total ]]; then tail -n 40 "$log" >&2; exit 1; fi
  unrun=$(grep -cE '^ *[0-9]+/[0-9]+ Test .*\*\*\*Skipped' "$log" || true)
  passed=$((passed + total - bad - unrun)) failed=$((failed + bad)) skipped=$((skipped + unrun))
  odd_skips "$(grep -E '\*\*\*Skipped' "$log" || true)"
  if [[ $bad != 0 ]]; then grep -vE '^ *[0-9]+/[0-9]+ Test .*Passed|^ *Start ' "$log" | head -n 300 >&2; fi
}

test_build() {
  configure "$build" -DCMAKE_BUILD_TYPE=None "-DCMAKE_CXX_FLAGS=-O1 -g0" -DSTG_CUDA="$(cuda_flag)" -DSTG_CUDA_ARCHITECTURES=90
  cmake --build "$build"
}

run_program() {  # run_program FILE: one gtest program on its own, where the rest of its folder is not built
  local log=$1.log good bad unrun
  if "$1" >"$log" 2>&1; then bad=0; else bad=$(sed -n 's/^ *\([0-9]*\) FAILED TEST.*/\1/p' "$log" | tail -n 1); fi
  good=$(sed -n 's/.*PASSED  . \([0-9]*\) test.*/\1/p' "$log" | tail -n 1)
  unrun=$(sed -n 's/.*SKIPPED . \([0-9]*\) test.*/\1/p' "$log" | tail -n 1)
  passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-1})) skipped=$((skipped + ${unrun:-0}))  # a crash: no count
  if [[ ${bad:-1} != 0 ]]; then tail -n 60 "$log" >&2; fi
  odd_skips "$(grep -E '^\[  SKIPPED \] [^0-9].*\)$' "$log" || true)"
}

sanitizer_build() {
  configure "$build-asan" -DCMAKE_BUILD_TYPE=None "-DCMAKE_CXX_FLAGS=-O1 -g1" -DSTG_SANITIZE=ON -DSTG_TORCH=OFF
  cmake --build "$build-asan"
}
sanitizer_ops_build() {
  configure "$build-asan-ops" -DCMAKE_BUILD_TYPE=None "-DCMAKE_CXX_FLAGS=-O1 -g1" -DSTG_SANITIZE=ON -DSTG_CUDA=OFF
  cmake --build "$build-asan-ops" --target test_ops
}

stage "set up" bash tools/setup.sh --test
stage "formatting" bash tools/format.sh --check
stage "build (-O1, warnings are errors, CUDA $(cuda_flag))" test_build
stage "clang-tidy on what changed" bash tools/tidy.sh --build "$build"
stage "tests" run_tests "$build"
stage "installed package: find_package(stgmamba)" bash tests/consumer/run.sh "$build"
passed=$((passed + 1))
if [[ ${STG_SANITIZERS:-1} != 0 ]]; then
  stage "sanitizer build (torch-free layers)" sanitizer_build
  export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  stage "sanitizer tests" run_tests "$build-asan"
  stage "sanitizer build (ops)" sanitizer_ops_build
  stage "sanitizer tests (ops)" run_program "$build-asan-ops/bin/test_ops"
fi
print_stages
if [[ $skipped != 0 ]]; then say "$skipped tests were skipped; those named cuda need a GPU: bash tools/test-gpu.sh"; fi
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
