// SPDX-License-Identifier: MIT
#include "stgmamba/train/style_classifier.hpp"

#include <set>

#include <torch/torch.h>

#include "stgmamba/train/tensors.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"

#include "eval_mode.hpp"
#include "pretext.hpp"

namespace stgmamba::train {

namespace {

std::vector<std::string> label_names(const std::string& labels) {
  return labels == "style" ? data::kStyles : labels == "pretext" ? kPretexts : std::vector<std::string>();
}

}  // namespace

void read(config::Section section, ClassifierConfig& config) {
  section.read("labels", config.labels, {"style", "source", "pretext"});
  section.read("classes", config.classes, {.min = 0, .max = 65536});
  const auto fewest = std::ssize(label_names(config.labels));
  if (config.classes == 0 && fewest == 0) {
    throw ConfigError("{}: classifier.classes must be given for labels 'source': one a source of the training split",
                      section.where("labels"));
  }
  if (config.classes > 0 && config.classes < fewest) {
    throw ConfigError("{}: 'classifier.classes' must be 0 or at least {} for labels '{}', got '{}'",
                      section.where("classes"), fewest, config.labels, config.classes);
  }
}

StyleClassifier::StyleClassifier(const config::Section& root, std::uint64_t seed, torch::Device device)
    : seed_(seed), device_(device) {
  std::string name = "st_gcn";
  models::StGcnConfig shape;
  OptimConfig optim;
  ScheduleConfig schedule;
  data::DataConfig data;
  config::Section model = root.section("model");
  model.read("name", name, {"st_gcn"});
  models::read(model, shape);
  read(root.section("classifier"), classifier_);
  data::read(root.section("data"), data);
  read(root.section("optim"), optim);
  read(root.section("schedule"), schedule);
  read(root.section("eval"), eval_);
  classes_where_ = root.section("classifier").where("classes");
  labels_where_ = root.section("classifier").where("labels");
  split_where_ = root.section("eval").where("split");
  if (pretext() && data.frames < 4) {
    throw ConfigError(
        "{}: 'data.frames' must be at least 4 for labels 'pretext', whose clips are half as long, got '{}'",
        root.section("data").where("frames"), data.frames);
  }
  names_ = label_names(classifier_.labels);
  shape.classes = classifier_.classes > 0 ? classifier_.classes : std::ssize(names_);
  torch::manual_seed(seed);  // default initialisation draws from torch's generator
  net_ = models::StGcn(shape);
  net_->to(device_);
  net_->train();
  add_network("classifier", net_.ptr());
  add_optimiser("classifier", std::make_shared<Optimiser>(*net_, optim, schedule));
}

void StyleClassifier::prepare(const data::Dataset& dataset, const data::DataConfig& config, bool /*fresh*/) {
  std::set<std::string> styles, sources;
  for (const data::TakeInfo& take : dataset.split("train", config.styles)) {
    styles.insert(take.style);
    sources.insert(take.source);
  }
  if (classifier_.labels == "style" && styles.size() < 2) {
    throw ConfigError("{}: labels 'style' need two styles to tell apart, {} holds {}; use classifier.labels=pretext",
                      labels_where_, config.root, styles.size());
  }
  if (classifier_.labels == "source") {
    if (std::ssize(sources) > classifier_.classes || sources.size() < 2) {
      throw ConfigError("{}: labels 'source' need 2 to classifier.classes = {} sources, {} holds {}", classes_where_,
                        classifier_.classes, config.root, sources.size());
    }
    for (const std::string& source : sources) {
      sources_.emplace(source, std::ssize(sources_));
    }
    for (const data::TakeInfo& take : dataset.split(eval_.split, config.styles)) {
      if (sources.count(take.source) == 0) {
        throw ConfigError(
            "{}: source '{}' of split '{}' is not in the training split, so its label cannot be learnt; "
            "use eval.split=train",
            split_where_, take.source, eval_.split);
      }
    }
  }
  held_out_ =
      data::evaluation_batches(dataset, config, eval_.split, eval_.windows_per_take > 0 ? eval_.windows_per_take : -1);
  if (held_out_.empty()) {
    throw DataError("{}: split '{}' holds no window of {} frames to validate on; choose eval.split or add takes",
                    config.root, eval_.split, config.frames);
  }
}

std::int64_t StyleClassifier::label_of(const data::Batch& batch, std::int64_t row) const {
  const auto at = static_cast<std::size_t>(row);
  return classifier_.labels == "style" ? batch.style[at] : sources_.at(batch.source[at]);
}

StyleClassifier::Examples StyleClassifier::training_examples(const data::Batch& batch, std::uint64_t seed) const {
  const torch::Tensor windows = to_tensors(batch, torch::kCPU).pose;  // [B, W, V, 2]
  std::vector<torch::Tensor> clips;
  std::vector<std::int64_t> labels;
  for (std::int64_t row = 0; row < batch.size; ++row) {
    if (!pretext()) {
      labels.push_back(label_of(batch, row));
      continue;
    }
    util::Random random(seed, "pretext", static_cast<std::uint64_t>(batch.sample[static_cast<std::size_t>(row)]));
    labels.push_back(random.integer(std::ssize(kPretexts)));
    clips.push_back(pretext_clip(static_cast<Pretext>(labels.back()), windows[row], batch.frames / 2, random));
  }
  return {(pretext() ? torch::stack(clips) : windows).to(device_), torch::tensor(labels).to(device_)};
}

/// Every window once a label: all damages of one dance are equally many.
StyleClassifier::Examples StyleClassifier::held_out_examples(const data::Batch& batch, std::int64_t first) const {
  const torch::Tensor windows = to_tensors(batch, torch::kCPU).pose;  // [B, W, V, 2]
  std::vector<torch::Tensor> clips;
  std::vector<std::int64_t> labels;
  for (std::int64_t row = 0; row < batch.size; ++row) {
    if (!pretext()) {
      labels.push_back(label_of(batch, row));
      continue;
    }
    for (std::int64_t label = 0; label < std::ssize(kPretexts); ++label) {
      util::Random random(seed_, "pretext.held_out", static_cast<std::uint64_t>(first + row),
                          static_cast<std::uint64_t>(label));
      clips.push_back(pretext_clip(static_cast<Pretext>(label), windows[row], batch.frames / 2, random));
      labels.push_back(label);
    }
  }
  return {(pretext() ? torch::stack(clips) : windows).to(device_), torch::tensor(labels).to(device_)};
}

StageLoss StyleClassifier::stage_loss(const Stage& /*stage*/, const data::Batch& batch, const StepContext& context) {
  const Examples examples = training_examples(batch, context.seed);
  const torch::Tensor logits = net_->forward(examples.pose);  // [B, classes]
  const double right = logits.argmax(1).eq(examples.label).to(torch::kFloat64).mean().item<double>();
  return {torch::cross_entropy_loss(logits, examples.label), {{"accuracy", right}}};
}

std::vector<std::string> StyleClassifier::validation_metrics() const {
  std::vector<std::string> metrics = {"val/accuracy", "val/loss"};
  for (const std::string& name : names_) {
    metrics.push_back("val/accuracy_" + name);
  }
  return metrics;
}

std::optional<std::pair<torch::Tensor, double>> StyleClassifier::confusion(const StopCheck& stop) {
  const EvalMode mode(*net_);
  const std::int64_t classes = classifier_.classes > 0 ? classifier_.classes : std::ssize(names_);
  torch::Tensor counts = torch::zeros({classes * classes}, torch::kLong);  // [true, said]
  double loss = 0;
  std::int64_t first = 0;
  for (const data::Batch& batch : held_out_) {
    if (stop()) {
      return std::nullopt;
    }
    const Examples examples = held_out_examples(batch, first);
    first += batch.size;
    const torch::Tensor logits = net_->forward(examples.pose);  // [N, classes]
    loss += torch::cross_entropy_loss(logits, examples.label, {}, at::Reduction::Sum).item<double>();
    counts += torch::bincount((examples.label * classes + logits.argmax(1)).cpu(), {}, classes * classes);
  }
  return std::pair(counts.view({classes, classes}), loss);
}

std::optional<Scalars> StyleClassifier::validate(const StopCheck& stop) {
  const auto result = confusion(stop);
  if (!result) {
    return std::nullopt;
  }
  const torch::Tensor counts = result->first.to(torch::kFloat64);
  const torch::Tensor right = counts.diag(), of = counts.sum(1);
  Scalars scalars;
  scalars["val/accuracy"] = (right.sum() / of.sum()).item<double>();
  scalars["val/loss"] = result->second / of.sum().item<double>();
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    if (of[at].item<double>() > 0) {
      scalars["val/accuracy_" + names_[i]] = (right[at] / of[at]).item<double>();
    }
  }
  return scalars;
}

bool StyleClassifier::sample(const std::filesystem::path& folder, std::int64_t /*count*/, const StopCheck& stop) {
  const auto result = confusion(stop);
  if (!result) {
    return false;
  }
  io::Json rows = io::Json::array();
  for (std::int64_t row = 0; row < result->first.size(0); ++row) {
    const torch::Tensor said = result->first[row].contiguous();
    rows.push_back(
        std::vector<std::int64_t>(said.data_ptr<std::int64_t>(), said.data_ptr<std::int64_t>() + said.numel()));
  }
  io::write_json(folder / "confusion.json", {{"labels", names_}, {"counts", rows}});
  return true;
}

}  // namespace stgmamba::train
