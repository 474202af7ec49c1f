// SPDX-License-Identifier: MIT
#include "stgmamba/eval/style_column.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include <torch/torch.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/models/stgcn/st_gcn.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::eval {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kBatch = 64;  // clips a call
constexpr const char* kNetwork = "classifier";

/// Clips in agreement, of clips that have a style.
struct Agreement {
  double right = 0.0, clips = 0.0;
  void add(const Agreement& other, double weight) {
    right += weight * other.right;
    clips += weight * other.clips;
  }
};

struct Classifier {
  models::StGcn net{nullptr};
  fs::path file;
};

Classifier load_classifier(const fs::path& run, c10::Device device) {
  if (!fs::exists(run)) {
    throw CheckpointError(
        "{}: no such run or checkpoint; make one with stg_train --config style_classifier.yaml "
        "classifier.labels=style data.frames=50",
        run.string());
  }
  const bool whole_run = fs::exists(run / "checkpoints");
  const fs::path checkpoint = whole_run ? io::find_checkpoint(run, fs::exists(run / "best") ? "best" : "last") : run;
  const fs::path config = (whole_run ? run : fs::absolute(run).parent_path().parent_path()) / "config.yaml";
  if (!fs::exists(config)) {
    throw CheckpointError("{}: no config.yaml in its run, so the network is unknown", run.string());
  }
  const auto document = config::Document::load(config);
  std::string task = "music_to_skeleton";
  std::string labels = "pretext";
  models::StGcnConfig shape;
  document.root().read("task", task);
  document.root().section("classifier").read("labels", labels);
  models::read(document.root().section("model"), shape);
  if (task != "style_classifier" || labels != "style") {
    throw UsageError(
        "--style-classifier: {} must be a run of task style_classifier with classifier.labels=style, got "
        "task {} with labels {}",
        run.string(), task, labels);
  }
  Classifier classifier;
  classifier.file = weights::weights_in(checkpoint, kNetwork);
  const weights::Arrays tensors = weights::read_weights(classifier.file);
  if (const auto head = tensors.find("fcn.weight"); head != tensors.end() && !head->second.shape.empty()) {
    shape.classes = head->second.shape.front();
  }
  classifier.net = models::StGcn(shape);
  weights::load_named(tensors, *classifier.net, classifier.file.string());
  classifier.net->to(device);
  classifier.net->eval();
  return classifier;
}

/// Index into data::kStyles of each place's take; -1: none.
std::vector<std::int64_t> styles_of(const TestBed& bed) {
  std::vector<std::int64_t> styles;
  for (const TestBed::Place& place : bed.places()) {
    const auto found = std::find(data::kStyles.begin(), data::kStyles.end(), bed.takes()[place.take].style);
    styles.push_back(found == data::kStyles.end() ? -1 : found - data::kStyles.begin());
  }
  return styles;
}

/// What the classifier sees in each clip.
std::vector<std::int64_t> classify(models::StGcnImpl& net, const std::vector<metrics::Clip>& clips,
                                   c10::Device device) {
  const c10::InferenceMode no_gradients;
  std::vector<std::int64_t> seen;
  for (std::size_t first = 0; first < clips.size(); first += static_cast<std::size_t>(kBatch)) {
    std::vector<torch::Tensor> poses;
    for (std::size_t i = first; i < std::min(clips.size(), first + static_cast<std::size_t>(kBatch)); ++i) {
      const std::vector<float> values = skeleton::normalise(clips[i].motion.xy);
      poses.push_back(torch::tensor(values).view({clips[i].motion.frames(), skeleton::kJoints, 2}));  // [F, V, 2]
    }
    const torch::Tensor said = net.forward(torch::stack(poses).to(device)).argmax(1).cpu();  // [N]
    seen.insert(seen.end(), said.const_data_ptr<std::int64_t>(), said.const_data_ptr<std::int64_t>() + said.numel());
  }
  return seen;
}

metrics::MetricCard make_card(const fs::path& weights_file) {
  metrics::MetricCard card;
  card.name = "style_agreement";
  card.title = "Style agreement";
  card.definition = fmt::format(
      "Share of clips in which an ST-GCN trained on styles ({}) sees the style of the take whose music was danced to.",
      weights_file.string());
  const std::string hash = util::hash_file(weights_file);
  card.constants["classifier"] = static_cast<double>(std::stoull(hash.substr(0, 8), nullptr, 16));
  return card;
}

}  // namespace

metrics::Column style_column(const TestBed& bed, const fs::path& run, c10::Device device) {
  const Classifier classifier = load_classifier(run, device);
  const auto styles = std::make_shared<std::vector<std::int64_t>>(styles_of(bed));
  if (std::all_of(styles->begin(), styles->end(), [](std::int64_t style) { return style < 0; })) {
    throw UsageError("--style-classifier: no take of the split '{}' of {} has a style", bed.split(),
                     bed.dataset().folder().string());
  }
  metrics::Column column{make_card(classifier.file), {}};
  column.measure = [net = classifier.net.ptr(), styles, device](const metrics::Yardstick& yardstick,
                                                                const metrics::DanceSet& dances) -> metrics::Statistic {
    const auto sums = std::make_shared<metrics::Grouped<Agreement>>(yardstick.songs(), dances.seed_count());
    for (std::size_t seed = 0; seed < dances.seed_count(); ++seed) {
      const std::vector<metrics::Clip>& clips = dances.seeds[seed];
      const std::vector<std::int64_t> seen = classify(*net, clips, device);
      for (std::size_t i = 0; i < clips.size(); ++i) {
        const std::int64_t style = styles->at(clips[i].real);
        if (style >= 0) {
          sums->at(clips[i].song, seed).add({seen[i] == style ? 1.0 : 0.0, 1.0}, 1.0);
        }
      }
    }
    return [sums](const metrics::Weights& weights) {
      const Agreement total = sums->total(weights);
      return total.clips > 0 ? total.right / total.clips : std::numeric_limits<double>::quiet_NaN();
    };
  };
  return column;
}

}  // namespace stgmamba::eval
