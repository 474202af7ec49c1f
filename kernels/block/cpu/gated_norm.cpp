// SPDX-License-Identifier: MIT
#include "stgmamba/util/check.hpp"

#include "block/cpu/block.hpp"
#include "block/cpu/plan.hpp"
#include "scan/cpu/plan.hpp"

namespace stgmamba::kernels {
namespace {

void check(const char* name, int branches, int gates, std::int64_t channels) {
  STG_CHECK(branches >= 1 && branches <= kMaxBranches && (gates == 1 || gates == branches) && channels >= 1,
            "[{}] needs channels, 1 to {} branches and one gate or one each, got {}, {} and {}", name, kMaxBranches,
            channels, branches, gates);
}

}  // namespace

void gated_norm_forward(const GatedNormForward& problem, const CpuRun& run) {
  check("gated_norm_forward", problem.branches, problem.gates, problem.channels);
  const BlockKernels& kernels = find_block_kernels(problem.io, run.isa);
  run_tasks(run, range_count(problem.tokens), 0,
            [&](std::int64_t i, void*) { kernels.norm_forward(problem, range_at(problem.tokens, i)); });
}

void gated_norm_backward(const GatedNormBackward& problem, const CpuRun& run) {
  check("gated_norm_backward", problem.branches, problem.gates, problem.channels);
  const BlockKernels& kernels = find_block_kernels(problem.io, run.isa);
  const std::int64_t ranges = range_count(problem.tokens);
  const std::int64_t row = (problem.channels + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
  const std::int64_t rows = 2 * problem.branches;  // dweight and dbias of each
  const std::size_t row_bytes = static_cast<std::size_t>(row) * kernels.scalar_bytes;
  const Buffer sums(static_cast<std::size_t>(ranges * rows) * row_bytes);
  run_tasks(run, ranges, static_cast<std::size_t>(problem.branches) * row_bytes, [&](std::int64_t i, void* scratch) {
    kernels.norm_backward(problem, range_at(problem.tokens, i),
                          sums.get() + static_cast<std::size_t>(i * rows) * row_bytes, scratch);
  });
  std::vector<SumRow> wanted;
  for (int i = 0; i < problem.branches; ++i) {
    wanted.push_back({2 * i, problem.d_weight[i]});
    wanted.push_back({2 * i + 1, problem.d_bias[i]});
  }
  add_ranges(sums.get(), ranges, rows, row, problem.channels, kernels.scalar_bytes, wanted);
}

}  // namespace stgmamba::kernels
