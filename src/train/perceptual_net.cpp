// SPDX-License-Identifier: MIT
#include "perceptual_net.hpp"

#include <torch/torch.h>

#include "stgmamba/train/tensors.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "pretext.hpp"
#include "weights_file.hpp"

namespace stgmamba::train {

namespace {

/// The class count of a file, which L_p does not need and the loader must match.
std::int64_t classes_of(const weights::Arrays& tensors, const std::string& path) {
  const auto found = tensors.find("fcn.weight");
  if (found == tensors.end() || found->second.shape.size() != 4) {
    throw CheckpointError("{}: holds no ST-GCN (no 'fcn.weight'); give weights of task style_classifier", path);
  }
  return found->second.shape[0];
}

}  // namespace

void require_perceptual_weights(const losses::PerceptualConfig& config) {
  const std::filesystem::path weights = config.weights;
  if (config.weight > 0 && config.weights != "random" && !std::filesystem::exists(weights)) {
    throw CheckpointError(
        "{}: no such perceptual network (loss.perceptual.weights); train one: stg_train --config "
        "tiny_style_classifier.yaml data.root=DATASET --run-name {}; or give 'random'",
        config.weights,
        weights.has_filename() ? weights.filename().string() : weights.parent_path().filename().string());
  }
}

PerceptualNet::PerceptualNet(const losses::PerceptualConfig& config, std::uint64_t seed, torch::Device device)
    : config_(config), device_(device) {
  models::StGcnConfig shape{.width = config.width};
  torch::manual_seed(util::Random(seed, "perceptual").bits());
  if (config.weights == "random") {
    net_ = models::StGcn(shape);
    hash_ = "random";
  } else {
    const std::filesystem::path path = weights_file(config.weights, "classifier");
    const weights::Arrays tensors = weights::read_weights(path);
    shape.classes = classes_of(tensors, path.string());
    net_ = models::StGcn(shape);
    weights::load_named(tensors, *net_,
                        path.string() + " (loss.perceptual.width is " + fmt::format("{}", config.width) + ")");
    hash_ = util::hash_file(path);
  }
  net_->to(device_);
  net_->eval();
  for (torch::Tensor& parameter : net_->parameters()) {
    parameter.requires_grad_(false);
  }
}

torch::Tensor PerceptualNet::loss(const torch::Tensor& fake, const torch::Tensor& real) {
  std::vector<torch::Tensor> wanted;
  {
    const torch::NoGradGuard no_grad;
    wanted = net_->features(real);
  }
  return losses::perceptual_loss(net_->features(fake), wanted);
}

void PerceptualNet::require_ranking(const std::vector<data::Batch>& batches, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  double jitter = 0, swapped = 0;
  std::uint64_t clips = 0;
  for (const data::Batch& batch : batches) {
    const torch::Tensor real = to_tensors(batch, torch::kCPU).pose;  // [B, F, V, 2]
    std::vector<torch::Tensor> tremble, exchanged;
    for (std::int64_t i = 0; i < batch.size; ++i, ++clips) {
      util::Random one(seed, "ranking.jitter", clips), other(seed, "ranking.limbs", clips);
      tremble.push_back(jittered(real[i], one));
      exchanged.push_back(limbs_swapped(real[i], other));
    }
    const auto share = static_cast<double>(batch.size);
    const torch::Tensor truth = real.to(device_);
    jitter += share * loss(torch::stack(tremble).to(device_), truth).item<double>();
    swapped += share * loss(torch::stack(exchanged).to(device_), truth).item<double>();
  }
  const auto count = static_cast<double>(clips);
  const std::string measured = fmt::format("L_p is 0 for the real dance, {:.4g} jittered, {:.4g} with limbs swapped",
                                           jitter / count, swapped / count);
  if (0 < jitter && jitter < swapped) {
    util::log().info("loss.perceptual: {}", measured);
    return;
  }
  if (config_.unchecked) {
    util::log().warn("loss.perceptual: {}; that is not the order it must have, used as loss.perceptual.unchecked says",
                     measured);
    return;
  }
  throw CheckpointError(
      "{}: {}; it must rank real < jittered < limbs swapped to be of use; train it longer, or set "
      "loss.perceptual.unchecked=true to use it all the same",
      config_.weights, measured);
}

}  // namespace stgmamba::train
