// SPDX-License-Identifier: MIT
// The CPU kernels around the scans. Results do not depend on how many threads run; denormals count as zero inside.
#pragma once

#include "block/problem.hpp"
#include "scan/cpu/scan.hpp"

namespace stgmamba::kernels {

void gated_norm_forward(const GatedNormForward& problem, const CpuRun& run);
void gated_norm_backward(const GatedNormBackward& problem, const CpuRun& run);
void graph_mix_forward(const GraphMixForward& problem, const CpuRun& run);
void graph_mix_backward(const GraphMixBackward& problem, const CpuRun& run);
void low_rank_forward(const LowRankForward& problem, const CpuRun& run);
void low_rank_backward(const LowRankBackward& problem, const CpuRun& run);

}  // namespace stgmamba::kernels
