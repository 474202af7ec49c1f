// SPDX-License-Identifier: MIT
#include "stgmamba/losses/adversarial.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::losses {
namespace {

/// How far logits are from the verdict `real`, averaged.
at::Tensor verdict_loss(AdversarialKind kind, const at::Tensor& logits, bool real) {
  switch (kind) {
    case AdversarialKind::kBce:  // softplus(-+x) is BCE on sigmoid(x), without its rounding
      return torch::softplus(real ? -logits : logits).mean();
    case AdversarialKind::kLeastSquares:
      return (logits - (real ? 1.0 : 0.0)).square().mean();
    case AdversarialKind::kHinge:
      return torch::relu(1.0 + (real ? -logits : logits)).mean();
  }
  return {};
}

}  // namespace

void read(config::Section section, AdversarialConfig& config) {
  section.read("frame", config.frame, {.min = 0});
  section.read("sequence", config.sequence, {.min = 0});
  section.read("kind", config.kind, {"bce", "least_squares", "hinge"});
  section.read("start", config.start, {.min = 0});
  section.read("ramp", config.ramp, {.min = 0});
}

AdversarialKind adversarial_kind(const AdversarialConfig& config) {
  return config.kind == "bce"             ? AdversarialKind::kBce
         : config.kind == "least_squares" ? AdversarialKind::kLeastSquares
                                          : AdversarialKind::kHinge;
}

double adversarial_scale(const AdversarialConfig& config, std::int64_t step) {
  if (step < config.start) {
    return 0.0;
  }
  const auto done = static_cast<double>(step - config.start + 1);
  return config.ramp > 0 ? std::min(1.0, done / static_cast<double>(config.ramp)) : 1.0;
}

at::Tensor generator_loss(AdversarialKind kind, const at::Tensor& logits) {
  return kind == AdversarialKind::kHinge ? -logits.mean() : verdict_loss(kind, logits, true);
}

at::Tensor discriminator_loss(AdversarialKind kind, const at::Tensor& real, const std::vector<at::Tensor>& fakes) {
  STG_CHECK(!fakes.empty(), "[discriminator_loss] needs at least one kind of fake, got {}", fakes.size());
  at::Tensor sum;
  for (const at::Tensor& fake : fakes) {
    const at::Tensor loss = verdict_loss(kind, fake, false);
    sum = sum.defined() ? sum + loss : loss;
  }
  return 0.5 * (verdict_loss(kind, real, true) + sum / static_cast<double>(fakes.size()));
}

at::Tensor score_of(AdversarialKind kind, const at::Tensor& logits) {
  return kind == AdversarialKind::kBce ? torch::sigmoid(logits) : logits;
}

at::Tensor accuracy(AdversarialKind kind, const at::Tensor& logits, bool real) {
  const double threshold = kind == AdversarialKind::kLeastSquares ? 0.5 : 0.0;
  const at::Tensor said_real = logits.detach().gt(threshold);
  return (real ? said_real : said_real.logical_not()).to(torch::kFloat64).mean();
}

at::Tensor mixed_pose(const at::Tensor& real, const at::Tensor& fake, const at::Tensor& epsilon) {
  STG_CHECK(real.sizes() == fake.sizes() && epsilon.dim() == 1 && epsilon.size(0) == real.size(0),
            "[mixed_pose] real and fake must have one shape and epsilon be [{}]", real.size(0));
  const at::Tensor share = epsilon.view({-1, 1, 1, 1});  // [B, 1, 1, 1]
  return (share * real + (1.0 - share) * fake).detach().requires_grad_();
}

at::Tensor gradient_penalty(const at::Tensor& score, const at::Tensor& mixed) {
  const at::Tensor slope = torch::autograd::grad({score.sum()}, {mixed}, {}, /*retain_graph=*/true,
                                                 /*create_graph=*/true)[0];  // [B, F, V, 2]
  return (slope.flatten(1).norm(2, 1) - 1.0).square().mean();
}

}  // namespace stgmamba::losses
