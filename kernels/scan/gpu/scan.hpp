// SPDX-License-Identifier: MIT
// The selective scan on a GPU: enqueue and return. The same two host functions exist twice: `cuda` launches on a device
// (only in builds with CUDA), `emulated` runs the same kernels thread by thread on the CPU (tests only).
//
// All return nullptr, or a sentence that says what is wrong; nothing is launched then. Limits: N <= 32; io is float32,
// bfloat16 or float16 (`emulated` takes float64 too); rows and paths as in problem.hpp, every branch visiting each of
// the tokens 0 .. S L - 1 once; at most 2^31 - 1 tokens and bytes from row to row (offsets are 64-bit).
// Pointers are device pointers, aligned to their element. The results do not depend on the device, on other work on it,
// or on the run: static work lists, sums in fixed order, no atomics.
#pragma once

#include <cstddef>

#include "scan/problem.hpp"

namespace stgmamba::kernels {

/// Bytes of device memory that scan_backward wants as `workspace`, aligned to 256. 0 when the problem is refused.
std::size_t gpu_scan_backward_workspace(const ScanBackward& problem);

namespace cuda {
/// One launch for all branches. `stream` is a cudaStream_t.
const char* scan_forward(const ScanForward& problem, void* stream);
/// Two launches: all branches, then the sums over blocks, channel slices and branches.
const char* scan_backward(const ScanBackward& problem, void* workspace, void* stream);
}  // namespace cuda

namespace emulated {
const char* scan_forward(const ScanForward& problem, void* stream);
const char* scan_backward(const ScanBackward& problem, void* workspace, void* stream);
}  // namespace emulated

}  // namespace stgmamba::kernels
