// SPDX-License-Identifier: MIT
#include "stgmamba/util/check.hpp"

#include "block/cpu/block.hpp"
#include "block/cpu/plan.hpp"
#include "scan/cpu/plan.hpp"

namespace stgmamba::kernels {
namespace {

void check(const char* name, const GraphEdges& edges, std::int64_t channels) {
  STG_CHECK(channels >= 1 && edges.joints >= 1, "[{}] needs channels and joints, got {} and {}", name, channels,
            edges.joints);
  for (std::int64_t e = 0; e < edges.count; ++e) {
    STG_CHECK(edges.source[e] >= 0 && edges.source[e] < edges.joints && edges.receiver[e] >= 0 &&
                  edges.receiver[e] < edges.joints && (e == 0 || edges.receiver[e - 1] <= edges.receiver[e]),
              "[{}] edge {} must join two of {} joints, in the order of the receivers", name, e, edges.joints);
  }
}

std::size_t scratch_bytes(const GraphEdges& edges, const BlockKernels& kernels, std::int64_t copies) {
  return static_cast<std::size_t>(copies * (edges.joints + edges.count) * kernels.lanes) * kernels.scalar_bytes;
}

}  // namespace

void graph_mix_forward(const GraphMixForward& problem, const CpuRun& run) {
  check("graph_mix_forward", problem.edges, problem.channels);
  const BlockKernels& kernels = find_block_kernels(problem.io, run.isa);
  run_tasks(run, range_count(problem.frames), scratch_bytes(problem.edges, kernels, 1),
            [&](std::int64_t i, void* scratch) { kernels.mix_forward(problem, range_at(problem.frames, i), scratch); });
}

void graph_mix_backward(const GraphMixBackward& problem, const CpuRun& run) {
  check("graph_mix_backward", problem.edges, problem.channels);
  const BlockKernels& kernels = find_block_kernels(problem.io, run.isa);
  const std::int64_t ranges = range_count(problem.frames);
  const std::int64_t row = (problem.channels + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
  const std::int64_t rows = problem.edges.count + 1;  // dmix of every edge, then dbias
  const std::size_t row_bytes = static_cast<std::size_t>(row) * kernels.scalar_bytes;
  const Buffer sums(static_cast<std::size_t>(ranges * rows) * row_bytes);
  run_tasks(run, ranges, scratch_bytes(problem.edges, kernels, 2), [&](std::int64_t i, void* scratch) {
    kernels.mix_backward(problem, range_at(problem.frames, i),
                         sums.get() + static_cast<std::size_t>(i * rows) * row_bytes, scratch);
  });
  std::vector<SumRow> wanted = {{problem.edges.count, problem.d_bias}};
  auto* d_mix = static_cast<char*>(problem.d_mix);
  for (std::int64_t e = 0; e < problem.edges.count; ++e) {
    wanted.push_back({e, d_mix + static_cast<std::size_t>(e * problem.channels) * kernels.scalar_bytes});
  }
  add_ranges(sums.get(), ranges, rows, row, problem.channels, kernels.scalar_bytes, wanted);
}

}  // namespace stgmamba::kernels
