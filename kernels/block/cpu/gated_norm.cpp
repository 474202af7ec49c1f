// SPDX-License-Identifier: MIT
#include "stgmamba/util/check.hpp"

#include "block/cpu/block.hpp"
#include "block/cpu/plan.hpp"

namespace stgmamba::kernels {
namespace {

constexpr std::int64_t kLeastTokens = 32;  // a range: below, its sums cost more than its tokens

void check(const char* name, int branches, int gates, std::int64_t channels) {
  STG_CHECK(branches >= 1 && branches <= kMaxBranches && (gates == 1 || gates == branches) && channels >= 1,
            "[{}] needs channels, 1 to {} branches and one gate or one each, got {}, {} and {}", name, kMaxBranches,
            channels, branches, gates);
}

}  // namespace

void gated_norm_forward(const GatedNormForward& problem, const CpuRun& run) {
  check("gated_norm_forward", problem.branches, problem.gates, problem.channels);
  const BlockKernels& kernels = find_block_kernels(problem.io, run.isa);
  const Ranges ranges(problem.tokens, kLeastTokens);
  run_tasks(run, ranges.count, 0, [&](std::int64_t i, void*) { kernels.norm_forward(problem, ranges.at(i)); });
}

void gated_norm_backward(const GatedNormBackward& problem, const CpuRun& run) {
  check("gated_norm_backward", problem.branches, problem.gates, problem.channels);
  const BlockKernels& kernels = find_block_kernels(problem.io, run.isa);
  const Ranges ranges(problem.tokens, kLeastTokens);
  const RangeSums sums(kernels, ranges.count, 2 * problem.branches, problem.channels);
  const std::size_t scratch =
      static_cast<std::size_t>(problem.branches * padded(problem.channels, kernels)) * kernels.scalar_bytes;
  run_tasks(run, ranges.count, scratch,
            [&](std::int64_t i, void* memory) { kernels.norm_backward(problem, ranges.at(i), sums.of(i), memory); });
  std::vector<void*> to;
  for (int i = 0; i < problem.branches; ++i) {
    to.insert(to.end(), {problem.d_weight[i], problem.d_bias[i]});
  }
  sums.add_up(to, run);
}

}  // namespace stgmamba::kernels
