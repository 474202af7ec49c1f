// SPDX-License-Identifier: MIT
#include "stgmamba/util/check.hpp"

#include "block/cpu/block.hpp"
#include "block/cpu/plan.hpp"

namespace stgmamba::kernels {
namespace {

constexpr std::int64_t kLeastFrames = 8;  // a range: it copies the weights of every edge

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
  const Ranges ranges(problem.frames, kLeastFrames);
  run_tasks(run, ranges.count, scratch_bytes(problem.edges, kernels, 1),
            [&](std::int64_t i, void* scratch) { kernels.mix_forward(problem, ranges.at(i), scratch); });
}

void graph_mix_backward(const GraphMixBackward& problem, const CpuRun& run) {
  check("graph_mix_backward", problem.edges, problem.channels);
  const BlockKernels& kernels = find_block_kernels(problem.io, run.isa);
  const Ranges ranges(problem.frames, kLeastFrames);
  const RangeSums sums(kernels, ranges.count, problem.edges.count + 1, problem.channels);  // dmix of every edge, dbias
  run_tasks(run, ranges.count, scratch_bytes(problem.edges, kernels, 2),
            [&](std::int64_t i, void* scratch) { kernels.mix_backward(problem, ranges.at(i), sums.of(i), scratch); });
  std::vector<void*> to;
  for (std::int64_t e = 0; e < problem.edges.count; ++e) {
    to.push_back(static_cast<char*>(problem.d_mix) +
                 static_cast<std::size_t>(e * problem.channels) * kernels.scalar_bytes);
  }
  to.push_back(problem.d_bias);
  sums.add_up(to, run);
}

}  // namespace stgmamba::kernels
