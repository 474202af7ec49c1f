// SPDX-License-Identifier: MIT
// The proof that stopping costs nothing: 2N steps == N steps + resume + N steps, bit for bit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "stgmamba/train/trainer.hpp"

namespace stgmamba::train {

/// Runs one training session and returns its exit code; programs start a new process for it.
using SessionLauncher = std::function<int(const TrainOptions&)>;

struct ResumeProof {
  bool equal = false;                   // every file of tensors is the same, byte for byte
  std::vector<std::string> different;   // names of tensors that differ
  std::int64_t tensors = 0, steps = 0;  // compared; 2N
  std::int64_t epoch_steps = 0;         // steps an epoch, so that the second half crosses a boundary
  int workers_first = 0, workers_second = 0;
  double moved = 0.0;  // largest |weight - weight at step 0|: a run that learns nothing proves nothing
};

/// Trains in folders beside the run (removed afterwards): 2N steps at once, and N steps, then N more in another session
/// with another number of workers. Throws the session's error kind when one fails.
ResumeProof verify_resume(const TrainOptions& options, std::int64_t steps, const SessionLauncher& launch);

}  // namespace stgmamba::train
