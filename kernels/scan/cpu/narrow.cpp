// SPDX-License-Identifier: MIT
#include "scan/cpu/narrow.hpp"

#include <deque>

#include "scan/cpu/plan.hpp"

namespace stgmamba::kernels {
namespace {

/// Double copies of float matrices, and the way back for those that are results.
class Copies {
 public:
  /// A packed copy of [rows, columns]; `result`: written back by finish().
  Rows rows(const Rows& from, std::int64_t rows, std::int64_t columns, bool result = false) {
    if (from.data == nullptr) {
      return {};
    }
    const Buffer& memory = memory_.emplace_back(static_cast<std::size_t>(rows * columns) * sizeof(double));
    const Copy copy{from, {memory.get(), columns}, rows, columns};
    copy.each([](float& narrow, double& wide) { wide = narrow; });
    if (result) {
      results_.push_back(copy);
    }
    return copy.to;
  }
  const void* operand(const void* from, std::int64_t rows, std::int64_t columns) {
    return this->rows({const_cast<void*>(from), columns}, rows, columns).data;
  }
  void* result(void* to, std::int64_t rows, std::int64_t columns) {
    return this->rows({to, columns}, rows, columns, true).data;
  }
  void finish() const {
    for (const Copy& copy : results_) {
      copy.each([](float& narrow, double& wide) { narrow = static_cast<float>(wide); });
    }
  }

 private:
  struct Copy {
    Rows from, to;
    std::int64_t rows, columns;

    template <class Move>
    void each(const Move& move) const {
      for (std::int64_t i = 0; i < rows * columns; ++i) {
        move(static_cast<float*>(from.data)[i / columns * from.stride + i % columns], static_cast<double*>(to.data)[i]);
      }
    }
  };
  std::deque<Buffer> memory_;
  std::vector<Copy> results_;
};

}  // namespace

void scan_narrow_backward(const ScanBackward& problem, const CpuRun& run) {
  const std::int64_t tokens = problem.tokens;
  const std::int64_t channels = problem.channels;
  const std::int64_t states = problem.states;
  Copies copies;
  ScanBackward wide = problem;
  wide.io = Scalar::kFloat64;
  wide.u = copies.rows(problem.u, tokens, channels);
  wide.d_u = copies.rows(problem.d_u, tokens, channels, true);
  for (int i = 0; i < problem.branches; ++i) {
    ScanBranchBackward& branch = wide.branch[i];
    const std::int64_t firsts = branch.path.sequences * channels;
    branch.delta = copies.rows(branch.delta, tokens, channels);
    branch.b = copies.rows(branch.b, tokens, states);
    branch.c = copies.rows(branch.c, tokens, states);
    branch.a = copies.operand(branch.a, channels, states);
    branch.skip = copies.operand(branch.skip, 1, channels);
    branch.bias = copies.operand(branch.bias, 1, channels);
    branch.first = copies.operand(branch.first, firsts, states);
    branch.d_y = copies.rows(branch.d_y, tokens, channels);
    branch.d_delta = copies.rows(branch.d_delta, tokens, channels, true);
    branch.d_b = copies.rows(branch.d_b, tokens, states, true);
    branch.d_c = copies.rows(branch.d_c, tokens, states, true);
    branch.d_a = copies.result(branch.d_a, channels, states);
    branch.d_skip = copies.result(branch.d_skip, 1, channels);
    branch.d_bias = copies.result(branch.d_bias, 1, channels);
    branch.d_first = copies.result(branch.d_first, firsts, states);
  }
  scan_backward(wide, run);
  copies.finish();
}

}  // namespace stgmamba::kernels
