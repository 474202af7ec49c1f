// SPDX-License-Identifier: MIT
#include "stgmamba/train/optimiser.hpp"

#include <cmath>
#include <numbers>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::train {

void read(config::Section section, OptimConfig& config) {
  section.read("lr", config.lr, {.above = 0});
  section.read("beta1", config.beta1, {.min = 0, .below = 1});
  section.read("beta2", config.beta2, {.min = 0, .below = 1});
  section.read("eps", config.eps, {.above = 0});
  section.read("weight_decay", config.weight_decay, {.min = 0});
  section.read("clip_norm", config.clip_norm, {.min = 0});
}

void read(config::Section section, ScheduleConfig& config) {
  section.read("name", config.name, std::vector<std::string>{"constant", "cosine", "linear"});
  section.read("warmup", config.warmup, {.min = 0});
  section.read("hold", config.hold, {.min = 0, .below = 1});
  section.read("final_scale", config.final_scale, {.min = 0, .max = 1});
  section.read("steps", config.steps, {.min = 0});
}

double schedule_scale(const ScheduleConfig& config, std::int64_t step, std::int64_t total_steps) {
  if (step < config.warmup) {
    return static_cast<double>(step + 1) / static_cast<double>(config.warmup);
  }
  if (config.name == "constant") {
    return 1.0;
  }
  const std::int64_t length = config.steps > 0 ? config.steps : total_steps;
  const auto span = static_cast<double>(std::max<std::int64_t>(1, length - config.warmup));
  const double done = std::min(1.0, static_cast<double>(step - config.warmup) / span);  // 0 to 1
  const double progress = std::max(0.0, (done - config.hold) / (1.0 - config.hold));    // 0 to 1, of the fall
  const double fall = config.name == "cosine" ? 0.5 * (1.0 + std::cos(std::numbers::pi * progress)) : 1.0 - progress;
  return config.final_scale + (1.0 - config.final_scale) * fall;
}

Optimiser::Optimiser(const torch::nn::Module& module, OptimConfig optim, ScheduleConfig schedule)
    : optim_(optim), schedule_(std::move(schedule)) {
  for (const auto& item : module.named_parameters()) {
    const at::Tensor& parameter = item.value();
    if (!parameter.requires_grad()) {
      continue;
    }
    STG_CHECK(parameter.is_floating_point() && parameter.element_size() >= 4,
              "[Optimiser] parameter '{}' must be float32 or wider", item.key());
    names_.push_back(item.key());
    parameters_.push_back(parameter);
    exp_avg_.push_back(torch::zeros_like(parameter, torch::MemoryFormat::Contiguous).requires_grad_(false));
    exp_avg_sq_.push_back(torch::zeros_like(parameter, torch::MemoryFormat::Contiguous).requires_grad_(false));
    steps_.push_back(torch::zeros({}, parameter.options().dtype(torch::kFloat32).requires_grad(false)));
  }
}

void Optimiser::zero_grad() {
  for (at::Tensor& parameter : parameters_) {
    parameter.mutable_grad().reset();
  }
}

UpdateResult Optimiser::update(double loss, std::int64_t step, std::int64_t total_steps) {
  torch::NoGradGuard no_grad;
  std::vector<at::Tensor> parameters, gradients, exp_avg, exp_avg_sq, counters;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].grad().defined()) {
      continue;  // a part that this step did not use
    }
    parameters.push_back(parameters_[i]);
    gradients.push_back(parameters_[i].grad().contiguous());
    exp_avg.push_back(exp_avg_[i]);
    exp_avg_sq.push_back(exp_avg_sq_[i]);
    counters.push_back(steps_[i]);
  }
  STG_CHECK(!gradients.empty(), "[Optimiser] the loss reaches none of the {} parameters", parameters_.size());

  UpdateResult result;
  result.lr = optim_.lr * schedule_scale(schedule_, step, total_steps);
  result.grad_norm = torch::stack(at::_foreach_norm(gradients)).to(torch::kFloat64).norm().item<double>();
  if (!std::isfinite(loss) || !std::isfinite(result.grad_norm)) {
    result.applied = false;
    return result;
  }
  if (optim_.clip_norm > 0 && result.grad_norm > optim_.clip_norm) {
    at::_foreach_mul_(gradients, optim_.clip_norm / result.grad_norm);
  }
  at::_foreach_add_(counters, 1.0);
  at::_fused_adam_(parameters, gradients, exp_avg, exp_avg_sq, /*max_exp_avg_sqs=*/{}, counters, result.lr,
                   optim_.beta1, optim_.beta2, optim_.weight_decay, optim_.eps, /*amsgrad=*/false, /*maximize=*/false);
  return result;
}

std::map<std::string, at::Tensor> Optimiser::state() const {
  std::map<std::string, at::Tensor> state;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    state.emplace("exp_avg." + names_[i], exp_avg_[i]);
    state.emplace("exp_avg_sq." + names_[i], exp_avg_sq_[i]);
    state.emplace("step." + names_[i], steps_[i]);
  }
  return state;
}

}  // namespace stgmamba::train
