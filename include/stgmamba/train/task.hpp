// SPDX-License-Identifier: MIT
// What a training task is to the trainer: named networks, named optimisers and an ordered list of stages. The trainer
// knows no method and no GAN; a task that alternates between a generator and discriminators lists several stages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/data/loader.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/train/optimiser.hpp"
#include "stgmamba/weights/match.hpp"

namespace stgmamba::train {

using Scalars = std::map<std::string, double>;  // "loss/l1" -> value, as metrics.jsonl holds them

/// Asked inside long loops; true means: give up now, the trainer will save and end.
using StopCheck = std::function<bool()>;

/// What a step may depend on besides the batch and the networks: nothing that a resumed run could not know.
struct StepContext {
  std::int64_t step = 0;         // 0-based
  std::int64_t total_steps = 0;  // of the whole run
  std::uint64_t seed = 0;
  torch::Device device = torch::kCPU;
  bool diagnose = false;  // also measure what is worth knowing now and then: changes the log, never the step
  std::int64_t part = 0;  // which part of a batch that is cut into micro-batches
};

/// One part of a step: a loss, and the optimiser that descends it.
struct Stage {
  std::string name;       // "generator"
  std::string optimiser;  // name of one of the task's optimisers
};

struct StageLoss {
  torch::Tensor total;  // scalar, differentiable; undefined: the stage has no part in this step
  Scalars parts;        // logged beside it
};

/// Outcome of one step.
struct StepResult {
  Scalars scalars;                   // "<stage>/loss", "<stage>/grad_norm", "<stage>/lr" and each loss part
  std::vector<std::string> skipped;  // stages whose loss or gradient was not finite: nothing was updated there
};

class WeightAverage;

class Task {
 public:
  virtual ~Task() = default;

  /// Throws where a file that the configuration names is not there; asked before a run's folder is made.
  virtual void require_files() const {}
  /// Loads what the task needs beside batches: validation windows, statistics. Called once, before the first step and
  /// after checkpoints or weights were loaded; `fresh` says that there were none.
  virtual void prepare(const data::Dataset& dataset, const data::DataConfig& config, bool fresh) = 0;
  /// What the task's networks hear, one of music::kFeatureSets: batches must hold it.
  virtual std::string music_features() const { return "waveform"; }
  /// Where training batches come from: by default windows of sound and pose of the split "train".
  virtual std::unique_ptr<data::BatchSource> training_source(data::Dataset& dataset, const data::DataConfig& config,
                                                             std::uint64_t seed);
  virtual std::vector<Stage> stages() const = 0;
  /// The loss of one stage. Randomness must come from (context.seed, context.step, global sample index) or from
  /// torch's default generator, which the trainer seeds anew at every step.
  virtual StageLoss stage_loss(const Stage& stage, const data::Batch& batch, const StepContext& context) = 0;
  /// Names of what validate() returns.
  virtual std::vector<std::string> validation_metrics() const = 0;
  /// Metrics on held-out material; nullopt when stopped half-way.
  virtual std::optional<Scalars> validate(const StopCheck& stop) = 0;
  /// Writes example outputs into `folder`; false when stopped half-way.
  virtual bool sample(const std::filesystem::path& folder, std::int64_t count, const StopCheck& stop) = 0;
  /// Anything beyond networks and optimisers that a resumed run needs (state.json, key "task").
  virtual io::Json extra_state() const { return io::Json::object(); }
  virtual void set_extra_state(const io::Json& state) {}

  /// Samples that are worked on at once, to save memory; 0: the whole batch. Only for tasks whose losses are means over
  /// the samples, so that the result is the same.
  virtual std::int64_t micro_batch() const { return 0; }

  /// Runs every stage in order: loss and backward (part by part), clipping, guard, update.
  StepResult step(const data::Batch& batch, const StepContext& context);

  /// "<network>.safetensors" a network, "<network>_ema.safetensors" where its weights are averaged, and one
  /// "optimizer.safetensors" in `folder`; load() is strict by name and throws CheckpointError.
  void save(const std::filesystem::path& folder) const;
  void load(const std::filesystem::path& folder);
  /// Weights alone, for fine-tuning: a .safetensors or .pth file (first network), a checkpoint, or a run folder (its
  /// averaged weights where there are any). What matched and what did not is written to the log as a table.
  virtual void load_weights(const std::filesystem::path& from, const weights::LoadOptions& options);
  std::uintmax_t save_bytes() const;  // estimate of what save() writes
  std::int64_t parameter_count() const;
  const std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>>& networks() const { return networks_; }
  const std::vector<std::pair<std::string, std::shared_ptr<Optimiser>>>& optimisers() const { return optimisers_; }

 protected:
  void add_network(const std::string& name, std::shared_ptr<torch::nn::Module> network);
  void add_optimiser(const std::string& name, std::shared_ptr<Optimiser> optimiser);
  /// `average`, of the same architecture, becomes the moving average of the network `name`, updated after every step.
  void add_average(const std::string& name, std::shared_ptr<torch::nn::Module> average, double decay);

 private:
  Optimiser& optimiser(const std::string& name) const;
  std::optional<double> accumulate(const Stage& stage, const std::vector<const data::Batch*>& parts,
                                   StepContext context, Scalars& scalars);
  std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>> networks_;  // in the order of addition
  std::vector<std::pair<std::string, std::shared_ptr<Optimiser>>> optimisers_;
  std::map<std::string, std::shared_ptr<WeightAverage>> averages_;  // by network
};

/// Builds the task that the key `task` names, reading the sections it owns (`model loss optim schedule eval`).
std::unique_ptr<Task> make_task(config::Section root, std::uint64_t seed, torch::Device device);

}  // namespace stgmamba::train
