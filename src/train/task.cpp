// SPDX-License-Identifier: MIT
#include "stgmamba/train/task.hpp"

#include <cmath>

#include <fmt/format.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/train/music_to_skeleton.hpp"
#include "stgmamba/train/style_classifier.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/text.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "weight_average.hpp"
#include "weights_file.hpp"

namespace stgmamba::train {

namespace fs = std::filesystem;

namespace {

constexpr const char* kOptimiserFile = "optimizer.safetensors";

}  // namespace

void Task::add_network(const std::string& name, std::shared_ptr<torch::nn::Module> network) {
  networks_.emplace_back(name, std::move(network));
}

void Task::add_optimiser(const std::string& name, std::shared_ptr<Optimiser> optimiser) {
  optimisers_.emplace_back(name, std::move(optimiser));
}

void Task::add_average(const std::string& name, std::shared_ptr<torch::nn::Module> average, double decay) {
  for (const auto& [known, network] : networks_) {
    if (known == name) {
      averages_[name] = std::make_shared<WeightAverage>(network, std::move(average), decay);
      return;
    }
  }
  throw BugError("[Task] no network is named '{}'", name);
}

Optimiser& Task::optimiser(const std::string& name) const {
  for (const auto& [known, optimiser] : optimisers_) {
    if (known == name) {
      return *optimiser;
    }
  }
  throw BugError("[Task] no optimiser is named '{}'", name);
}

StepResult Task::step(const data::Batch& batch, const StepContext& context) {
  StepResult result;
  for (const Stage& stage : stages()) {
    Optimiser& chosen = optimiser(stage.optimiser);
    chosen.zero_grad();
    const StageLoss loss = stage_loss(stage, batch, context);
    if (!loss.total.defined()) {
      continue;  // a part whose turn has not come
    }
    loss.total.backward();
    const double value = loss.total.item<double>();
    const UpdateResult update = chosen.update(value, context.step, context.total_steps);
    chosen.zero_grad();
    if (!update.applied) {
      result.skipped.push_back(stage.name);
    }
    result.scalars[stage.name + "/loss"] = value;
    result.scalars[stage.name + "/grad_norm"] = update.grad_norm;
    result.scalars[stage.name + "/lr"] = update.lr;
    for (const auto& [name, part] : loss.parts) {
      result.scalars[stage.name + "/" + name] = part;
    }
  }
  for (const auto& [name, average] : averages_) {
    average->update(context.step);
  }
  return result;
}

void Task::save(const fs::path& folder) const {
  for (const auto& [name, network] : networks_) {
    weights::save_module(folder / (name + ".safetensors"), *network, {{"network", name}});
  }
  for (const auto& [name, average] : averages_) {
    weights::save_module(folder / (io::averaged_name(name) + ".safetensors"), average->module(), {{"network", name}});
  }
  io::Safetensors state;
  for (const auto& [name, optimiser] : optimisers_) {
    for (const auto& [key, tensor] : optimiser->state()) {
      state.tensors.emplace(fmt::format("{}/{}", name, key), weights::to_array(tensor));
    }
  }
  io::write_safetensors(folder / kOptimiserFile, state);
}

void Task::load(const fs::path& folder) {
  for (const auto& [name, network] : networks_) {
    weights::load_module(folder / (name + ".safetensors"), *network);
  }
  for (const auto& [name, average] : averages_) {
    weights::load_module(folder / (io::averaged_name(name) + ".safetensors"), average->module());
  }
  torch::NoGradGuard no_grad;
  const fs::path path = folder / kOptimiserFile;
  const io::Safetensors stored = io::read_safetensors(path);
  std::size_t used = 0;
  for (const auto& [name, optimiser] : optimisers_) {
    for (const auto& [key, tensor] : optimiser->state()) {
      const auto found = stored.tensors.find(fmt::format("{}/{}", name, key));
      if (found == stored.tensors.end() || found->second.shape != tensor.sizes().vec()) {
        throw CheckpointError(
            "{}: '{}/{}' must be there with the parameter's shape; the checkpoint belongs to another model",
            path.string(), name, key);
      }
      at::Tensor target = tensor;
      target.copy_(weights::to_tensor(found->second));
      ++used;
    }
  }
  if (used != stored.tensors.size()) {
    throw CheckpointError("{}: holds {} tensors, {} are expected; the checkpoint belongs to another model",
                          path.string(), stored.tensors.size(), used);
  }
}

void Task::load_weights(const fs::path& from, const weights::LoadOptions& options) {
  STG_CHECK(!networks_.empty(), "[Task] there is no network to load weights into");
  const auto& [name, network] = networks_.front();
  const fs::path file = weights_file(from, name);
  const weights::Arrays tensors = weights::read_weights(file);
  const weights::Match match = weights::match_names(tensors, *network, file.string(), options);
  util::log().log(match.fits() ? spdlog::level::info : spdlog::level::warn, match.table(false));
  util::log().debug(match.table(true));
  weights::load_matched(match, tensors, *network);
}

std::uintmax_t Task::save_bytes() const {
  std::uintmax_t bytes = 1U << 20U;  // headers, state.json, logs
  for (const auto& [name, network] : networks_) {
    for (const auto& [key, tensor] : weights::named_tensors(*network)) {
      bytes += averages_.count(name) > 0 ? 2 * tensor.nbytes() : tensor.nbytes();
    }
  }
  for (const auto& [name, optimiser] : optimisers_) {
    for (const auto& [key, tensor] : optimiser->state()) {
      bytes += tensor.nbytes();
    }
  }
  return bytes;
}

std::int64_t Task::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, network] : networks_) {
    count += weights::parameter_count(*network);
  }
  return count;
}

std::unique_ptr<Task> make_task(config::Section root, std::uint64_t seed, torch::Device device) {
  std::string name = "music_to_skeleton";
  root.read("task", name, {"music_to_skeleton", "style_classifier"});
  if (name == "style_classifier") {
    return std::make_unique<StyleClassifier>(root, seed, device);
  }
  return std::make_unique<MusicToSkeleton>(root, seed, device);
}

}  // namespace stgmamba::train
