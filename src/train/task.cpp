// SPDX-License-Identifier: MIT
#include "stgmamba/train/task.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/train/music_to_skeleton.hpp"
#include "stgmamba/train/skeleton_to_video.hpp"
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

/// Parts of at most `each` rows; nothing when the batch need not be cut.
std::vector<data::Batch> cut(const data::Batch& batch, std::int64_t each) {
  std::vector<data::Batch> parts;
  for (std::int64_t first = 0; each > 0 && each < batch.size && first < batch.size; first += each) {
    parts.push_back(data::rows(batch, first, std::min(each, batch.size - first)));
  }
  return parts;
}

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

std::unique_ptr<data::BatchSource> Task::training_source(data::Dataset& dataset, const data::DataConfig& config,
                                                         std::uint64_t seed) {
  dataset.choose_beats(config.beats);
  return data::music_source(dataset, config, "train", seed, /*train=*/true);
}

/// Loss and gradients of a stage, summed over the parts by their share of the samples; nullopt: its turn has not come.
std::optional<double> Task::accumulate(const Stage& stage, const std::vector<const data::Batch*>& parts,
                                       StepContext context, Scalars& scalars) {
  std::int64_t samples = 0;
  for (const data::Batch* part : parts) {
    samples += part->size;
  }
  std::optional<double> value;
  for (const data::Batch* part : parts) {
    const StageLoss loss = stage_loss(stage, *part, context);
    ++context.part;
    if (!loss.total.defined()) {
      continue;
    }
    const bool whole = parts.size() == 1;
    const double share = whole ? 1.0 : static_cast<double>(part->size) / static_cast<double>(samples);
    (whole ? loss.total : share * loss.total).backward();
    value = value.value_or(0.0) + share * loss.total.item<double>();
    for (const auto& [name, number] : loss.parts) {
      scalars[stage.name + "/" + name] += share * number;
    }
  }
  return value;
}

StepResult Task::step(const data::Batch& batch, const StepContext& context) {
  const std::vector<data::Batch> cuts = cut(batch, micro_batch());
  std::vector<const data::Batch*> parts;
  for (const data::Batch& part : cuts) {
    parts.push_back(&part);
  }
  if (parts.empty()) {
    parts.push_back(&batch);
  }
  StepResult result;
  for (const Stage& stage : stages()) {
    Optimiser& chosen = optimiser(stage.optimiser);
    chosen.zero_grad();
    const std::optional<double> value = accumulate(stage, parts, context, result.scalars);
    if (!value) {
      continue;  // a part whose turn has not come
    }
    const UpdateResult update = chosen.update(*value, context.step, context.total_steps);
    chosen.zero_grad();
    if (!update.applied) {
      result.skipped.push_back(stage.name);
    }
    result.scalars[stage.name + "/loss"] = *value;
    result.scalars[stage.name + "/grad_norm"] = update.grad_norm;
    result.scalars[stage.name + "/lr"] = update.lr;
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
  // Not finite is no fault of the file here: a run that diverged says so itself, however often it is asked.
  const auto load_own = [&folder](const std::string& name, torch::nn::Module& module) {
    const fs::path path = folder / (name + ".safetensors");
    const weights::Arrays tensors = weights::read_weights(path);
    weights::load_matched(weights::match_names(tensors, module, path.string(), {}), tensors, module, false);
  };
  for (const auto& [name, network] : networks_) {
    load_own(name, *network);
  }
  for (const auto& [name, average] : averages_) {
    load_own(io::averaged_name(name), average->module());
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
  root.read("task", name, {"music_to_skeleton", "skeleton_to_video", "style_classifier"});
  if (name == "skeleton_to_video") {
    return std::make_unique<SkeletonToVideo>(root, seed, device);
  }
  if (name == "style_classifier") {
    return std::make_unique<StyleClassifier>(root, seed, device);
  }
  return std::make_unique<MusicToSkeleton>(root, seed, device);
}

}  // namespace stgmamba::train
