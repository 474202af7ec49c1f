// SPDX-License-Identifier: MIT
#include "train/small_world.hpp"

#include <cmath>
#include <numbers>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/util/file.hpp"

namespace stgmamba::test {

namespace fs = std::filesystem;

namespace {

constexpr double kSeconds = 10.0;
constexpr const char* kConfig = R"(task: music_to_skeleton
seed: 7
device: cpu
data:
  root: ROOT
  frames: 20
  batch_size: 4
  epoch_samples: 12
  workers: 2
model:
  name: stg_mamba
  d: 8
  blocks: 1
  d_state: 2
  music_gru: false
optim:
  lr: 0.001
train:
  steps: 6
  threads: 1
checkpoint:
  every: 3
eval:
  every: 3
  windows_per_take: 2
log:
  every: 1
)";

data::Take sway(int number) {
  data::Take take;
  take.info.id = "take" + std::to_string(number);
  take.info.source = take.info.id;
  take.info.song = "song" + std::to_string(number);
  take.info.style = data::kStyles[static_cast<std::size_t>(number) % data::kStyles.size()];
  take.info.fps = 30.0;
  const double period = 0.5 + 0.03 * number;
  take.audio.samples.assign(static_cast<std::size_t>(kSeconds * take.audio.rate), 0.0F);
  for (double beat = 0.1; beat < kSeconds; beat += period) {
    take.info.beats.push_back(beat);
    for (int i = 0; i < 800; ++i) {
      const auto at = static_cast<std::size_t>(beat * take.audio.rate) + static_cast<std::size_t>(i);
      if (at < take.audio.samples.size()) {
        take.audio.samples[at] =
            0.8F * std::exp(-0.005F * static_cast<float>(i)) * std::sin(0.4F * static_cast<float>(i));
      }
    }
  }
  take.motion = skeleton::Motion(static_cast<std::int64_t>(kSeconds * take.info.fps), take.info.fps);
  for (std::int64_t f = 0; f < take.motion.frames(); ++f) {
    const double phase = std::numbers::pi * (static_cast<double>(f) / take.info.fps - 0.1) / period;
    for (int v = 0; v < skeleton::kJoints; ++v) {
      take.motion.x(f, v) = static_cast<float>(320 + 40 * std::cos(v) + 25 * std::cos(phase + 0.1 * v));
      take.motion.y(f, v) = static_cast<float>(60 + 14 * v + 10 * std::cos(phase));
      take.motion.score[static_cast<std::size_t>(f * skeleton::kJoints + v)] = 1.0F;
    }
  }
  return take;
}

}  // namespace

void make_small_dataset(const fs::path& folder) {
  data::DatasetWriter writer(folder, {"small", "CC0", "made by a test", "make_small_dataset"});
  for (int number = 0; number < 6; ++number) {
    writer.add(sway(number));
  }
  writer.set_split("train", {"take0", "take1", "take2", "take3"});
  writer.set_split("val", {"take4"});
  writer.set_split("test", {"take5"});
  writer.finish();
}

train::TrainOptions small_options(const fs::path& folder, std::vector<std::string> overrides) {
  std::string text = kConfig;
  text.replace(text.find("ROOT"), 4, (folder / "data").string());
  util::write_text(folder / "small.yaml", text);
  train::TrainOptions options;
  options.config = (folder / "small.yaml").string();
  options.overrides = std::move(overrides);
  options.runs_dir = folder / "runs";
  options.command = "test";
  return options;
}

bool same_tensors(const fs::path& first, const fs::path& second) {
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(first)) {
    if (entry.path().extension() == ".safetensors") {
      ++compared;
      if (util::read_text(entry.path()) != util::read_text(second / entry.path().filename())) {
        return false;
      }
    }
  }
  return compared >= 2;
}

}  // namespace stgmamba::test
