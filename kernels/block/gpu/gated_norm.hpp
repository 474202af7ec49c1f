// SPDX-License-Identifier: MIT
// LayerNorm, gate and sum on a GPU: enqueue and return. As scan/gpu/scan.hpp: `cuda` launches on a device, `emulated`
// runs the same kernels on the CPU (tests only); nullptr, or a sentence that says what is wrong and nothing is
// launched. Limits: 1 to 512 channels, float32, bfloat16 or float16 (`emulated`: float64 too). The same bits in
// every run and on any number of multiprocessors: static work lists, sums in fixed order, no atomics.
#pragma once

#include <cstddef>
#include <cstdint>

#include "block/problem.hpp"

namespace stgmamba::kernels {

inline constexpr std::int64_t kGpuNormChannels = 512;  // one thread each

/// Bytes of device memory that gated_norm_backward wants as `workspace`, aligned to 256.
std::size_t gpu_gated_norm_workspace(const GatedNormBackward& problem);

namespace cuda {
const char* gated_norm_forward(const GatedNormForward& problem, void* stream);
/// Two launches: all gradients of y and gates, then the sums for weights and biases.
const char* gated_norm_backward(const GatedNormBackward& problem, void* workspace, void* stream);
}  // namespace cuda

namespace emulated {
const char* gated_norm_forward(const GatedNormForward& problem, void* stream);
const char* gated_norm_backward(const GatedNormBackward& problem, void* workspace, void* stream);
}  // namespace emulated

}  // namespace stgmamba::kernels
