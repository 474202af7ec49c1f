// SPDX-License-Identifier: MIT
// The sums over pieces of a backward scan: every piece writes its own share, and they are added in the pieces' order.
#pragma once

#include "scan/cpu/plan.hpp"

namespace stgmamba::kernels {

class Partials {
 public:
  Partials(const ScanKernels& kernels, const ScanBackward& problem, const Cut& pieces);
  /// Points piece i at its shares.
  void apply(std::int64_t i, BackwardTask& task) const;
  /// Writes dA, dskip and dbias of the branch, and dB and dC where channels were split.
  void add_up(const ScanBranchBackward& branch, const CpuRun& run) const;

 private:
  template <class T>
  void add_channels(const ScanBranchBackward& branch, std::int64_t begin, std::int64_t end) const;
  template <class T, class Io>
  void add_tokens(const ScanBranchBackward& branch, std::int64_t begin, std::int64_t end) const;

  const ScanKernels& kernels_;
  const ScanBackward& problem_;
  Cut pieces_;
  std::int64_t row_;      // W blocks: channels, rounded up
  Buffer per_sequences_;  // T [sequence parts, (N + 2) row]
  Buffer per_channels_;   // T [channel parts, tokens, 2N]
};

}  // namespace stgmamba::kernels
