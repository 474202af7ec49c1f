// SPDX-License-Identifier: MIT
// No key of a configuration is decoration: each changes what a run computes, counts or leaves, or is one of the few
// that by contract change nothing but speed.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/hash.hpp"

#include "support/temp_folder.hpp"
#include "train/small_world.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;
using Overrides = std::vector<std::string>;

struct Option {
  std::string change;   // key=value
  Overrides setting{};  // other overrides it needs to have a meaning, given to both runs
};

const Overrides kAdversaries = {"loss.adversarial.frame=0.5", "loss.adversarial.sequence=0.5",
                                "discriminator.width=0.0625"};
const Overrides kPerceptual = {"loss.perceptual.weight=1", "loss.perceptual.weights=random",
                               "loss.perceptual.width=0.0625"};
const Overrides kSmallNetworks = {"loss.perceptual.weights=random", "loss.perceptual.width=0.0625",
                                  "discriminator.width=0.0625"};

const std::vector<Option> kMatter = {
    {"seed=8"},
    {"data.styles=[popping]"},
    {"data.frames=16"},
    {"data.batch_size=3"},
    {"data.epoch_samples=8"},
    {"data.beats=tracker"},
    {"model.music.features=mel_onset_beat"},
    {"audio.init_steps=1", {"audio.init=beat_pretrained", "audio.init_steps=2"}},
    {"data.augment.offset=false"},
    {"data.augment.gain_db=0"},
    {"data.augment.equaliser_db=0"},
    {"data.augment.noise=0"},
    {"data.augment.stretch=0"},
    {"data.augment.mirror=0"},
    {"loss.l1=3"},
    {"loss.velocity=1"},
    {"loss.energy=1"},
    {"loss.energy_score=1", {"loss.best_of_k.k=2"}},
    {"loss.best_of_k.k=2"},
    {"loss.best_of_k.mean_weight=0.5", {"loss.best_of_k.k=2"}},
    {"loss.preset=mdvs", kSmallNetworks},
    {"loss.preset=paper_eq", kSmallNetworks},
    {"loss.preset=ours", kSmallNetworks},
    {"loss.perceptual.weight=1", kSmallNetworks},
    {"loss.perceptual.width=0.125", kPerceptual},
    {"loss.feature_matching=1", kSmallNetworks},
    {"loss.adversarial.frame=1", kAdversaries},
    {"loss.adversarial.sequence=1", kAdversaries},
    {"loss.adversarial.kind=hinge", kAdversaries},
    {"loss.adversarial.start=2", kAdversaries},
    {"loss.adversarial.ramp=3", kAdversaries},
    {"loss.gradient_penalty=0", kAdversaries},
    {"loss.mode_seeking=1", {"loss.best_of_k.k=2"}},
    {"discriminator.width=0.125", kAdversaries},
    {"discriminator.dropout=0.1", kAdversaries},
    {"discriminator.audio_scale=int16", kAdversaries},
    {"discriminator.mismatched=true", kAdversaries},
    {"discriminator.lr_frame=0.01", kAdversaries},
    {"discriminator.lr_sequence=0.01", kAdversaries},
    {"optim.lr=0.002"},
    {"optim.beta1=0.5"},
    {"optim.beta2=0.9"},
    {"optim.eps=0.01"},
    {"optim.weight_decay=0.1"},
    {"optim.clip_norm=0.01"},
    {"schedule.name=cosine"},
    {"schedule.warmup=2"},
    {"schedule.final_scale=0.5", {"schedule.name=cosine"}},
    {"schedule.steps=3", {"schedule.name=cosine"}},
    {"schedule.hold=0.5", {"schedule.name=cosine"}},
    {"train.steps=5"},
    {"train.ema=0.5"},
    {"train.epochs=2", {"train.steps=0", "train.epochs=1"}},
    {"log.every=2"},
    {"log.diagnose_every=2"},
    {"log.sample_every=2"},
    {"log.samples=2", {"log.sample_every=4", "eval.split=train"}},
    {"eval.every=2"},
    {"eval.split=test"},
    {"eval.windows_per_take=1"},
    {"checkpoint.every=2"},
    {"checkpoint.keep_last=1", {"checkpoint.every=1"}},
    {"checkpoint.keep_best=0", {"checkpoint.every=1", "checkpoint.keep_last=1"}},
    {"checkpoint.direction=larger", {"eval.every=1"}},
    {"checkpoint.metric=val/jerk_ratio", {"eval.every=1", "checkpoint.direction=larger"}},
};
const std::set<std::string> kSpeedOnly = {"data.workers", "data.prefetch", "data.cache_mb"};
/// Tested where they belong: beat_warm_up_test, trainer_test, objective_test, dataset_test, broken_inputs_test; the
/// model's in generator_test.
const std::set<std::string> kElsewhere = {"task",
                                          "device",
                                          "audio.init",
                                          "data.root",
                                          "train.threads",
                                          "train.init_from",
                                          "train.max_bad_steps",
                                          "train.init_map",
                                          "train.allow_missing",
                                          "loss.perceptual.weights",
                                          "loss.perceptual.unchecked"};

/// What a run computed and left, as text: weights, log rows without times, names of checkpoints and samples.
std::string outcome(const fs::path& folder, const Overrides& overrides) {
  train::TrainOptions options = small_options(folder, overrides);
  options.run_name = "run";
  fs::remove_all(options.runs_dir);
  const train::TrainSummary summary = train::run_training(options);
  std::string text = util::hash_text(util::read_text(summary.checkpoint / "generator.safetensors")) + "\n";
  for (io::Json row : io::read_json_lines(summary.run / "metrics.jsonl")) {
    row.erase("seconds");
    text += row.dump() + "\n";
  }
  std::vector<std::string> names;
  for (const char* part : {"checkpoints", "samples"}) {
    if (fs::exists(summary.run / part)) {
      for (const auto& entry : fs::recursive_directory_iterator(summary.run / part)) {
        names.push_back(fs::relative(entry.path(), summary.run).string());
      }
    }
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    text += name + "\n";
  }
  return text + (fs::exists(summary.run / "best") ? util::read_text(summary.run / "best") : "no best");
}

Overrides with(Overrides settings, const std::string& change) {
  settings.insert(settings.begin(), {"train.steps=4", "eval.every=4", "data.workers=0"});
  if (!change.empty()) {
    settings.push_back(change);
  }
  return settings;
}

TEST(Options, EveryOneChangesTheRun) {
  const TempFolder folder;
  make_small_dataset(folder / "data");
  const std::string plain = outcome(folder.path(), with({}, ""));
  EXPECT_EQ(outcome(folder.path(), with({}, "")), plain) << "a run is not even equal to itself";
  for (const Option& option : kMatter) {
    const std::string before = option.setting.empty() ? plain : outcome(folder.path(), with(option.setting, ""));
    EXPECT_NE(outcome(folder.path(), with(option.setting, option.change)), before) << option.change;
  }
  for (const char* change : {"data.workers=2", "data.prefetch=1", "data.cache_mb=0"}) {
    EXPECT_EQ(outcome(folder.path(), with({}, change)), plain) << change;
  }
}

TEST(Options, NoneIsForgottenHere) {
  const TempFolder folder;
  make_small_dataset(folder / "data");
  std::set<std::string> covered = kElsewhere;
  covered.insert(kSpeedOnly.begin(), kSpeedOnly.end());
  for (const Option& option : kMatter) {
    covered.insert(option.change.substr(0, option.change.find('=')));
  }
  // The resolved text has one key a line, two spaces a level.
  std::vector<std::string> path;
  std::istringstream text(train::print_config(small_options(folder.path()), false));
  for (std::string line; std::getline(text, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    path.resize(indent / 2);
    path.push_back(line.substr(indent, line.find(':') - indent));
    const bool is_section = line.back() == ':';
    std::string key = path.front();
    for (std::size_t i = 1; i < path.size(); ++i) {
      key += "." + path[i];
    }
    if (!is_section && path.front() != "model") {
      EXPECT_EQ(covered.count(key), 1U) << key << " has no test that it does anything";
    }
  }
}

TEST(Options, EveryShippedFileIsUnderstood) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(STG_SOURCE_DIR) / "configs")) {
    const bool table = entry.path().parent_path().filename() == "tables";  // stg_eval's: tests/eval
    if (entry.path().extension() == ".yaml" && !table) {
      train::TrainOptions options;
      options.config = entry.path().string();
      EXPECT_EQ(error_of([&] { train::print_config(options, false); }), "") << entry.path();
      ++count;
    }
  }
  EXPECT_GT(count, 15);
}

}  // namespace
}  // namespace stgmamba::test
