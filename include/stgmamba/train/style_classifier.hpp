// SPDX-License-Identifier: MIT
// Task `style_classifier`: ST-GCN learns to tell dances apart, and then measures the pose perceptual loss L_p.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/models/stgcn/st_gcn.hpp"
#include "stgmamba/train/music_to_skeleton.hpp"
#include "stgmamba/train/task.hpp"

namespace stgmamba::train {

/// Config section `classifier`.
struct ClassifierConfig {
  /// style: ballet, popping, kpop. source: the video or performance a take comes from. pretext: none, jitter, frozen,
  /// reversed, double speed, limbs swapped; clips are then half as long as data.frames.
  std::string labels = "pretext";
  std::int64_t classes = 0;  // 0: as many as styles or pretexts; `source` needs its own number
};
void read(config::Section section, ClassifierConfig& config);

class StyleClassifier : public Task {
 public:
  /// Reads `data.frames`, `model`, `classifier`, `optim`, `schedule` and `eval`.
  StyleClassifier(const config::Section& root, std::uint64_t seed, torch::Device device);

  void prepare(const data::Dataset& dataset, const data::DataConfig& config, bool fresh) override;
  std::vector<Stage> stages() const override { return {{"classifier", "classifier"}}; }
  StageLoss stage_loss(const Stage& stage, const data::Batch& batch, const StepContext& context) override;
  /// val/accuracy, val/loss and, for styles and pretexts, val/accuracy_<label>.
  std::vector<std::string> validation_metrics() const override;
  std::optional<Scalars> validate(const StopCheck& stop) override;
  /// Writes confusion.json: counts of held-out clips, a row a true label.
  bool sample(const std::filesystem::path& folder, std::int64_t count, const StopCheck& stop) override;

 private:
  struct Examples {
    torch::Tensor pose;   // [N, F, V, 2]
    torch::Tensor label;  // [N]
  };
  Examples training_examples(const data::Batch& batch, std::uint64_t seed) const;
  Examples held_out_examples(const data::Batch& batch, std::int64_t first) const;
  std::int64_t label_of(const data::Batch& batch, std::int64_t row) const;
  bool pretext() const { return classifier_.labels == "pretext"; }
  /// Counts [classes, classes] and the summed loss over the held-out clips; nullopt when stopped.
  std::optional<std::pair<torch::Tensor, double>> confusion(const StopCheck& stop);

  ClassifierConfig classifier_;
  EvalConfig eval_;
  models::StGcn net_{nullptr};
  std::uint64_t seed_;
  torch::Device device_;
  std::string classes_where_, labels_where_, split_where_;  // for errors that only the data can tell
  std::vector<std::string> names_;                          // of the labels; empty for sources
  std::map<std::string, std::int64_t> sources_;
  std::vector<data::Batch> held_out_;
};

}  // namespace stgmamba::train
