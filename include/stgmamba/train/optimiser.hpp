// SPDX-License-Identifier: MIT
// Adam over named parameters, with a learning rate that is a pure function of the step, clipping, and a guard against
// numbers that are not finite.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::train {

/// Config section `optim`.
struct OptimConfig {
  double lr = 3e-4;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.0;  // L2, added to the gradient as in Adam
  double clip_norm = 1.0;     // gradient norm is clipped to this; 0 = off
};
void read(config::Section section, OptimConfig& config);

/// Config section `schedule`.
struct ScheduleConfig {
  std::string name = "constant";  // constant | cosine | linear
  std::int64_t warmup = 0;        // steps of linear warm-up from lr / warmup
  double hold = 0.0;              // share of the steps after it at full rate, before the fall (cosine, linear)
  double final_scale = 0.0;       // lr at the end over lr (cosine, linear)
  std::int64_t steps = 0;         // length of the schedule; 0: the run's steps
};
void read(config::Section section, ScheduleConfig& config);

/// Factor on the base rate at a 0-based step: a pure function, so resuming needs no state.
double schedule_scale(const ScheduleConfig& config, std::int64_t step, std::int64_t total_steps);

struct UpdateResult {
  double grad_norm = 0.0;  // before clipping
  double lr = 0.0;
  bool applied = true;  // false: loss or gradient was not finite and nothing changed
};

/// Adam (Kingma and Ba 2015) with bias correction, through ATen's fused kernel; moments in float32 or wider.
class Optimiser {
 public:
  /// Takes every parameter of `module` that requires a gradient, by name.
  Optimiser(const torch::nn::Module& module, OptimConfig optim, ScheduleConfig schedule);

  void zero_grad();
  /// Norm, guard, clip, update. `loss` is the value that was differentiated.
  UpdateResult update(double loss, std::int64_t step, std::int64_t total_steps);

  /// Moments and counters by name ("exp_avg.<parameter>", "exp_avg_sq.<parameter>", "step.<parameter>"), as references.
  std::map<std::string, at::Tensor> state() const;

 private:
  std::vector<std::string> names_;
  std::vector<at::Tensor> parameters_, exp_avg_, exp_avg_sq_, steps_;  // steps_: float32 scalars
  OptimConfig optim_;
  ScheduleConfig schedule_;
};

}  // namespace stgmamba::train
