// SPDX-License-Identifier: MIT
// Whole runs of tiny video networks on moving blots.
#include "stgmamba/train/skeleton_to_video.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/models/vgg19.hpp"
#include "stgmamba/train/trainer.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"
#include "train/small_world.hpp"

namespace stgmamba::train {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kConfig = R"(task: skeleton_to_video
seed: 3
device: cpu
data:
  root: ROOT
  size: 16
  frames: 3
  batch_size: 3
  epoch_samples: 9
  spacing: 2
model:
  ngf: 3
  downs: 1
  blocks: 2
loss:
  vgg: 0
discriminator:
  ndf: 3
  layers: 1
optim:
  lr: 0.002
  beta1: 0.5
  clip_norm: 0
schedule:
  name: linear
  hold: 0.5
train:
  steps: 5
  threads: 1
checkpoint:
  every: 100
  metric: val/l1
eval:
  every: 5
  windows_per_take: 2
log:
  every: 1
  diagnose_every: 4
)";

/// A blot that wanders with the dancer's neck.
data::Take blot(int number) {
  data::Take take;
  take.info.id = take.info.source = take.info.person = "take" + std::to_string(number);
  take.info.style = "kpop";
  take.info.fps = 10.0;
  take.motion = skeleton::Motion(11, 10.0);
  take.audio.samples.assign(17600, 0.0F);
  const auto shade = static_cast<std::uint8_t>(60 * number);
  for (std::int64_t f = 0; f < take.motion.frames(); ++f) {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      take.motion.x(f, v) = static_cast<float>(100 + 4 * ((f * (3 + number)) % 8) + v % 5);
      take.motion.y(f, v) = static_cast<float>(50 + 3 * ((f * 5) % 9) + v);
      take.motion.score[static_cast<std::size_t>(f * skeleton::kJoints + v)] = 1.0F;
    }
    media::Image picture(24, 24, {shade, 90, 40});
    media::fill_circle(picture,
                       {(take.motion.x(f, skeleton::kNeck) - 95) * 0.5, (take.motion.y(f, skeleton::kNeck) - 45) * 0.5},
                       3.0, {250, shade, 200});
    take.frames.push_back(std::move(picture));
  }
  take.info.framing = {24, 24, 0.5, 95.0, 45.0, 1.0, "letterbox"};
  return take;
}

class SkeletonToVideoRun : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    data::DatasetWriter writer(folder_ / "data", {"blots", "CC0", "made by a test", "skeleton_to_video_test"});
    for (int number = 0; number < 4; ++number) {
      writer.add(blot(number));
    }
    writer.set_split("train", {"take0", "take1", "take2"});
    writer.set_split("val", {"take3"});
    writer.finish();
    std::string text = kConfig;
    text.replace(text.find("ROOT"), 4, (folder_ / "data").string());
    util::write_text(folder_ / "blots.yaml", text);
  }

  TrainOptions options(const std::string& name, std::vector<std::string> overrides = {}) const {
    TrainOptions options;
    options.config = (folder_ / "blots.yaml").string();
    options.overrides = std::move(overrides);
    options.runs_dir = folder_ / "runs";
    options.run_name = name;
    options.command = "test";
    return options;
  }
  TrainSummary train(const std::string& name, const std::vector<std::string>& overrides = {}) const {
    return run_training(options(name, overrides));
  }
  fs::path checkpoint(const std::string& name, std::int64_t step) const {
    return folder_ / "runs" / name / "checkpoints" / io::checkpoint_name(step);
  }
  /// The logged row of a training step.
  io::Json row(const std::string& name, std::int64_t step) const {
    for (const io::Json& found : io::read_json_lines(folder_ / "runs" / name / "metrics.jsonl")) {
      if (found.at("kind") == "train" && found.at("step") == step) {
        return found;
      }
    }
    return {};
  }
  std::string generator_bytes(const std::string& name, std::int64_t step) const {
    return util::read_text(checkpoint(name, step) / "generator.safetensors");
  }

  test::TempFolder folder_;
};

TEST_F(SkeletonToVideoRun, ARunLeavesWhatItPromises) {
  const TrainSummary summary = train("run", {"log.sample_every=5"});
  for (const char* file : {"generator", "d_image", "d_temporal", "optimizer"}) {
    EXPECT_TRUE(fs::exists(checkpoint("run", 5) / (std::string(file) + ".safetensors"))) << file;
  }
  for (const char* ending : {".png", ".mp4"}) {
    EXPECT_TRUE(fs::exists(folder_ / "runs/run/samples" / io::checkpoint_name(5) / (std::string("take3") + ending)));
  }
  for (const char* name : {"val/l1", "val/l1_copy", "val/fsr", "val/bsr"}) {
    EXPECT_GT(summary.validation.at(name), 0.0) << name;
  }
  const io::Json first = row("run", 1);
  for (const char* name : {"generator/l1", "generator/fsr", "generator/bsr", "generator/gan", "generator/warp",
                           "generator/feature_matching", "generator/gan_temporal", "d_image/loss", "d_temporal/loss",
                           "d_image/score_real"}) {
    EXPECT_TRUE(first.contains(name)) << name;
  }
  EXPECT_FALSE(first.contains("generator/vgg"));
  const io::Json state = io::read_json(checkpoint("run", 5) / "state.json");
  EXPECT_EQ(state.at("task").at("pose_map"), (io::Json{{"version", 1}, {"kind", "rgb"}, {"size", 16}}));
  EXPECT_EQ(state.at("task").at("framing"), "letterbox");
  // Constant for half, then linear to zero.
  EXPECT_EQ(first.at("generator/lr"), 0.002);
  EXPECT_EQ(row("run", 3).at("d_image/lr"), 0.002);
  EXPECT_NEAR(row("run", 5).at("d_temporal/lr").get<double>(), 0.0008, 1e-12);
}

TEST_F(SkeletonToVideoRun, TheLossIsThePapersSum) {
  train("paper", {"loss.preset=paper_eq", "model.fusion=early", "train.steps=1"});
  const io::Json first = row("paper", 1);
  const auto part = [&](const char* name) { return first.at(std::string("generator/") + name).get<double>(); };
  EXPECT_NEAR(part("loss"), part("gan") + 10 * (part("l1") + part("fsr") + part("bsr")), 1e-4);
  EXPECT_GT(part("fsr"), 0.0);
  EXPECT_FALSE(first.contains("generator/warp"));
  EXPECT_FALSE(first.contains("d_temporal/loss"));
}

TEST_F(SkeletonToVideoRun, RowsOfTable5ShareTheirFirstLossAndPartAtOnce) {
  const std::map<std::string, std::vector<std::string>> rows = {
      {"s2_1", {"loss.neighbours.fsr=0", "loss.neighbours.bsr=0"}},
      {"s2_2", {"loss.neighbours.fsr=10", "loss.neighbours.bsr=0"}},
      {"s2_3", {"loss.neighbours.fsr=0", "loss.neighbours.bsr=10"}},
      {"s2_4", {"loss.neighbours.fsr=10", "loss.neighbours.bsr=10"}},
      {"s2_1c", {"loss.neighbours.fsr=0", "loss.neighbours.bsr=0", "loss.control=10"}}};
  for (const auto& [name, keys] : rows) {
    std::vector<std::string> overrides = {"loss.preset=paper_eq", "model.fusion=early", "train.steps=1",
                                          "eval.every=0"};
    overrides.insert(overrides.end(), keys.begin(), keys.end());
    train(name, overrides);
    for (const char* part : {"generator/l1", "generator/gan"}) {
      EXPECT_EQ(row(name, 1).at(part), row("s2_1", 1).at(part)) << name << " " << part;
    }
    for (const char* part : {"generator/fsr", "generator/bsr"}) {  // seen in every row
      EXPECT_NEAR(row(name, 1).at(part).get<double>(), row("s2_1", 1).at(part).get<double>(), 1e-6) << name;
    }
  }
  for (const auto& [a, keys_a] : rows) {
    for (const auto& [b, keys_b] : rows) {
      EXPECT_EQ(generator_bytes(a, 1) == generator_bytes(b, 1), a == b) << a << " " << b;
    }
  }
  EXPECT_TRUE(row("s2_1c", 1).contains("generator/control"));
}

TEST_F(SkeletonToVideoRun, ResumingInsideAnEpochIsBitEqualForEveryNetworkAndOptimiser) {
  train("straight", {"train.steps=6"});
  TrainOptions halves = options("halves", {"train.steps=6", "data.workers=1"});
  halves.max_steps = 4;  // inside the second epoch of three steps
  EXPECT_EQ(test::exit_code_of([&] { run_training(halves); }), 75);
  halves.max_steps = -1;
  halves.overrides = {"train.steps=6", "data.workers=3", "data.cache_mb=0"};
  EXPECT_EQ(run_training(halves).start_step, 4);
  EXPECT_TRUE(test::same_tensors(checkpoint("straight", 6), checkpoint("halves", 6)));
  EXPECT_NE(generator_bytes("straight", 6), generator_bytes("halves", 4));
}

TEST_F(SkeletonToVideoRun, MicroBatchesChangeNothingButRounding) {
  train("whole", {"train.steps=3"});
  train("parts", {"train.steps=3", "train.micro_batch=2"});  // parts of 2 and 1
  for (const std::int64_t step : {1, 2, 3}) {
    const io::Json whole = row("whole", step), parts = row("parts", step);
    for (const auto& [name, value] : whole.items()) {
      if (name.find('/') != std::string::npos) {
        EXPECT_NEAR(parts.at(name).get<double>(), value.get<double>(), 2e-4 * (1 + std::abs(value.get<double>())))
            << step << " " << name;
      }
    }
  }
  EXPECT_EQ(row("parts", 1).at("generator/gan").get<double>() > 0, true);
}

TEST_F(SkeletonToVideoRun, EveryOptionOfTheObjectiveChangesTheWeights) {
  const std::vector<std::string> base = {"train.steps=2", "eval.every=0"};
  train("base", base);
  for (const char* option :
       {"loss.neighbours.grad_cond=true", "loss.neighbours.stop_target=base", "loss.neighbours.stop_target=reg",
        "loss.neighbours.cond_source=real", "loss.neighbours.start_epoch=1", "loss.gan=3", "loss.l1=20",
        "loss.feature_matching=0", "loss.warp=0", "loss.temporal=0", "loss.temporal_feature_matching=0",
        "discriminator.cond_ref=true", "data.cond_frame=first", "data.spacing=1", "data.drop=0.5", "data.recolour=1",
        "schedule.hold=0", "model.fusion=early", "loss.control=1"}) {
    const std::string key = option;
    std::vector<std::string> overrides = base;
    overrides.push_back(key);
    train(key, overrides);
    EXPECT_NE(generator_bytes(key, 2), generator_bytes("base", 2)) << key;
  }
}

TEST_F(SkeletonToVideoRun, RegularisationMayBeginLaterAndIsSeenBefore) {
  const std::vector<std::string> off = {"loss.neighbours.fsr=0", "loss.neighbours.bsr=0", "eval.every=0",
                                        "train.steps=4"};
  train("off", off);
  train("late", {"loss.neighbours.start_epoch=1", "eval.every=0", "train.steps=4"});
  EXPECT_GT(row("late", 1).at("generator/fsr").get<double>(), 0.0);
  EXPECT_EQ(row("late", 3).at("generator/loss"), row("off", 3).at("generator/loss"));
  EXPECT_GT(row("late", 4).at("generator/loss").get<double>(), row("off", 4).at("generator/loss").get<double>());
}

TEST_F(SkeletonToVideoRun, OtherMethodsTrainOnTheSameWindows) {
  train("ours", {"train.steps=2", "eval.every=0"});
  for (const char* method : {"pix2pixhd", "vid2vid"}) {
    const std::string name = method;
    train(name, {"model.name=" + name, "loss.preset=" + name, "eval.every=2", "train.steps=2"});
    EXPECT_GT(row(name, 2).at("generator/grad_norm").get<double>(), 0.0);
    EXPECT_NE(generator_bytes(name, 2), generator_bytes("ours", 2));
  }
  EXPECT_FALSE(row("pix2pixhd", 1).contains("generator/gan_temporal"));
  EXPECT_TRUE(row("vid2vid", 1).contains("generator/gan_temporal"));
}

TEST_F(SkeletonToVideoRun, OneHotMapsNeedEighteenChannels) {
  EXPECT_THAT(test::error_of([&] { train("x", {"data.pose_map=onehot"}); }),
              HasSubstr("'model.pose_channels' must be 18"));
  train("onehot", {"data.pose_map=onehot", "model.pose_channels=18", "train.steps=1", "log.sample_every=1"});
  EXPECT_EQ(io::read_json(checkpoint("onehot", 1) / "state.json").at("task").at("pose_map").at("kind"), "onehot");
}

TEST_F(SkeletonToVideoRun, RunsOfABuildWithoutAKeyGoOn) {
  train("old", {"train.steps=1"});
  const std::string line = "  condition: photo\n", config = util::read_text(folder_ / "runs/old/config.yaml");
  ASSERT_NE(config.find(line), std::string::npos);
  std::string older = config;
  older.erase(older.find(line), line.size());
  for (const fs::path& folder : {folder_ / "runs/old", checkpoint("old", 1)}) {
    for (const char* name : {"config.yaml", "run.json", "state.json"}) {  // the configuration, or its hash
      if (fs::exists(folder / name)) {
        std::string text = util::read_text(folder / name);
        const std::string hash = identity_hash(config);
        if (const std::size_t at = text.find(hash); at != std::string::npos) {
          text.replace(at, hash.size(), identity_hash(older));
        }
        util::write_text(folder / name, text == config ? older : text);
      }
    }
  }
  io::seal_checkpoint(checkpoint("old", 1));
  EXPECT_NO_THROW(train("old", {"train.steps=2"}));
  EXPECT_THAT(test::error_of([&] {
                train("old", {"train.steps=3", "model.condition=reposed"});
              }),
              HasSubstr("model.condition: photo there, reposed now"));
}

TEST_F(SkeletonToVideoRun, MovedLimbsTrainAndGoOnBitForBit) {
  const std::vector<std::string> moved = {"model.flow=true",      "model.start=image", "model.condition=reposed",
                                          "data.recolour=0.5",    "data.drop=0.2",     "train.micro_batch=2",
                                          "loss.preset=paper_eq", "train.steps=4"};
  const TrainSummary summary = train("whole", moved);
  EXPECT_EQ(summary.step, 4);
  TrainOptions first = options("cut", moved);
  first.max_steps = 2;
  EXPECT_EQ(test::exit_code_of([&] { run_training(first); }), 75);
  train("cut", moved);
  EXPECT_EQ(generator_bytes("whole", 4), generator_bytes("cut", 4));
  // The network starts as the photo with its limbs moved, which is not the photo.
  std::vector<std::string> still = moved;
  still[2] = "model.condition=photo";
  train("still", still);
  EXPECT_NE(row("whole", 1).at("generator/l1"), row("still", 1).at("generator/l1"));
  EXPECT_GT(row("whole", 1).at("generator/fsr").get<double>(), 0.0);
}

TEST_F(SkeletonToVideoRun, WhatCannotBeTrainedIsRefused) {
  EXPECT_THAT(test::error_of([&] { train("x", {"data.beats=truth"}); }), HasSubstr("hears no music"));
  EXPECT_THAT(test::error_of([&] { train("x", {"data.frames=2"}); }), HasSubstr("at least 3"));
  EXPECT_EQ(test::exit_code_of([&] { train("x", {"loss.vgg=1", "loss.vgg_weights=nowhere.pth"}); }), 5);
  EXPECT_THAT(test::error_of([&] {
                train("x", {"data.size=18", "model.downs=2"});
              }),
              HasSubstr("'data.size' must be a multiple of 2"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/x"));
  const auto document = config::Document::load(folder_ / "blots.yaml");
  SkeletonToVideo task(document.root(), 1, torch::kCPU);
  io::Json state = task.extra_state();
  EXPECT_NO_THROW(task.set_extra_state(state));
  state["pose_map"]["version"] = 2;
  EXPECT_THAT(test::error_of([&] { task.set_extra_state(state); }), HasSubstr("pose maps of version 2"));
}

/// A film that cannot be read ends the run, and what was learned until then is kept.
TEST_F(SkeletonToVideoRun, AFilmThatBreaksLosesNoStep) {
  const std::vector<std::string> plain = {"data.batch_size=1", "data.workers=0", "eval.every=0", "seed=2"};
  train("whole", plain);
  const fs::path film = folder_ / "data/clips/take2/video.mp4";
  const std::string bytes = util::read_text(film);
  util::write_text(film, bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(test::exit_code_of([&] { train("broken", plain); }), 4);
  const fs::path checkpoints = folder_ / "runs/broken/checkpoints";
  ASSERT_TRUE(fs::exists(checkpoints));  // the first batch has none of that take
  util::write_text(film, bytes);
  const TrainSummary rest = train("broken", plain);
  EXPECT_GT(rest.start_step, 0);
  EXPECT_EQ(generator_bytes("broken", rest.step), generator_bytes("whole", rest.step));
}

TEST_F(SkeletonToVideoRun, Vgg19CountsOnceItsFileIsGiven) {
  torch::manual_seed(1);
  const models::Vgg19 net;
  weights::save_module(folder_ / "vgg.safetensors", net);
  const std::string file = "loss.vgg_weights=" + (folder_ / "vgg.safetensors").string();
  train("with", {"loss.vgg=10", file, "train.steps=1", "eval.every=0"});
  EXPECT_GT(row("with", 1).at("generator/vgg").get<double>(), 0.0);
  EXPECT_FALSE(io::read_json(checkpoint("with", 1) / "state.json").at("task").at("vgg").get<std::string>().empty());
  train("without", {"loss.vgg=10", "train.steps=1", "eval.every=0"});  // off, with a notice
  EXPECT_FALSE(row("without", 1).contains("generator/vgg"));
}

TEST_F(SkeletonToVideoRun, Bfloat16IsNearAndLearns) {
  train("exact", {"train.steps=1", "eval.every=0"});
  train("bf16", {"train.steps=1", "eval.every=0", "train.precision=bf16"});
  for (const char* name : {"generator/l1", "generator/gan", "d_image/loss", "generator/loss"}) {
    const double exact = row("exact", 1).at(name).get<double>(), rough = row("bf16", 1).at(name).get<double>();
    EXPECT_NEAR(rough, exact, 0.03 * exact) << name;
    EXPECT_NE(rough, exact) << name;
  }
  EXPECT_NE(generator_bytes("bf16", 1), generator_bytes("exact", 1));
}

TEST_F(SkeletonToVideoRun, WildRatesStopWithoutRuin) {
  EXPECT_EQ(test::exit_code_of([&] {
              train("wild", {"optim.lr=1e38", "train.steps=30", "train.max_bad_steps=3", "eval.every=0"});
            }),
            6);
}

}  // namespace
}  // namespace stgmamba::train
