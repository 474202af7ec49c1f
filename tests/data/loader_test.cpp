// SPDX-License-Identifier: MIT
#include "stgmamba/data/loader.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/error.hpp"

#include "data/small_dataset.hpp"
#include "data/take_cache.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

using test::error_of;
using test::TempFolder;
using testing::HasSubstr;

class LoaderTest : public testing::Test {
 protected:
  LoaderTest() : dataset_(test::write_small(folder_ / "set")) { config_.batch_size = 3; }

  TempFolder folder_;
  Dataset dataset_;
  DataConfig config_;
};

AugmentConfig plain() {
  AugmentConfig augment;
  augment.gain_db = augment.equaliser_db = augment.noise = augment.stretch = augment.mirror = 0.0;
  return augment;
}

void expect_equal(const Batch& a, const Batch& b) {
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.audio, b.audio);
  EXPECT_EQ(a.pose, b.pose);
  EXPECT_EQ(a.score, b.score);
  EXPECT_EQ(a.style, b.style);
  EXPECT_EQ(a.sample, b.sample);
  EXPECT_EQ(a.take, b.take);
  EXPECT_EQ(a.start, b.start);
  EXPECT_EQ(a.beats, b.beats);
}

/// Sound and poses of every row against the functions that made them; `stretch` is told by the beats.
void expect_in_step(const Batch& batch, double tolerance) {
  for (std::int64_t row = 0; row < batch.size; ++row) {
    const auto at = static_cast<std::size_t>(row);
    ASSERT_GE(batch.beats[at].size(), 8U);
    const double stretch = 0.5 / (batch.beats[at][1] - batch.beats[at][0]);
    const double start = batch.start[at];
    EXPECT_NEAR(std::remainder(start + batch.beats[at][0] * stretch, 0.5), 0.0, 1e-9);
    for (std::int64_t f = 0; f < batch.frames; ++f) {
      const double time = start + static_cast<double>(f) * 0.1 * stretch;
      const auto frame = static_cast<std::size_t>(row * batch.frames + f);
      EXPECT_NEAR(batch.audio[frame * 1600], test::tone_at(time), 1e-3) << "row " << row << " frame " << f;
      const float* pose = batch.pose.data() + frame * 36;
      EXPECT_NEAR((pose[6] + 1) * 320, test::joint_x(3, time), tolerance) << "row " << row << " frame " << f;
      EXPECT_NEAR((pose[7] + 1) * 180, test::joint_y(3, time), tolerance);
      EXPECT_EQ(batch.score[frame * 18 + 3], 1.0F);
    }
  }
}

TEST_F(LoaderTest, WindowsAreCutInStep) {
  config_.augment = plain();
  config_.styles = {"kpop", "popping"};  // 30 and 25 fps: off the 10 fps grid
  const Loader loader(dataset_, config_, "train", 5, true);
  std::set<double> starts;
  for (std::int64_t step = 0; step < 6; ++step) {
    const Batch batch = loader.at(step);
    ASSERT_EQ(batch.size, 3);
    ASSERT_EQ(batch.audio.size(), 3U * 50 * 1600);
    expect_in_step(batch, 0.02);
    starts.insert(batch.start.begin(), batch.start.end());
  }
  EXPECT_EQ(starts.size(), 18U);  // any sample offset, never the same window again
}

TEST_F(LoaderTest, StretchMovesSoundPosesAndBeatsTogether) {
  config_.augment = plain();
  config_.augment.stretch = 0.08;
  config_.styles = {"kpop", "popping"};
  const Loader loader(dataset_, config_, "train", 5, true);
  double low = 1.0, high = 1.0;
  for (std::int64_t step = 0; step < 8; ++step) {
    const Batch batch = loader.at(step);
    expect_in_step(batch, 0.02);
    for (const auto& beats : batch.beats) {
      low = std::min(low, 0.5 / (beats[1] - beats[0]));
      high = std::max(high, 0.5 / (beats[1] - beats[0]));
    }
  }
  EXPECT_LT(low, 0.97);
  EXPECT_GT(high, 1.03);
  EXPECT_GE(low, 1 / 1.0801);
  EXPECT_LE(high, 1.0801);
}

TEST_F(LoaderTest, MirrorSwapsLeftAndRight) {
  config_.augment = plain();
  const Loader straight(dataset_, config_, "train", 5, true);
  config_.augment.mirror = 1.0;
  const Loader mirrored(dataset_, config_, "train", 5, true);
  const Batch a = straight.at(0), b = mirrored.at(0);
  EXPECT_EQ(a.audio, b.audio);
  for (std::size_t frame = 0; frame < 150; ++frame) {
    const auto& pairs = skeleton::mirror_pairs();
    for (std::size_t joint = 0; joint < 18; ++joint) {
      const auto other = static_cast<std::size_t>(pairs[joint]);
      EXPECT_NEAR(b.pose[(frame * 18 + joint) * 2], -a.pose[(frame * 18 + other) * 2], 0.004);
      EXPECT_NEAR(b.pose[(frame * 18 + joint) * 2 + 1], a.pose[(frame * 18 + other) * 2 + 1], 1e-5);
    }
  }
}

TEST_F(LoaderTest, AnyWorkerCountGivesTheSameBatches) {
  const Loader reference(dataset_, config_, "train", 11, true);
  for (const int workers : {0, 1, 3}) {
    config_.workers = workers;
    config_.prefetch = workers == 3 ? 1 : 5;
    config_.cache_mb = workers == 1 ? 0 : 2048;
    Loader loader(dataset_, config_, "train", 11, true);
    for (std::int64_t step = 0; step < 2 * loader.batches_per_epoch() + 1; ++step) {
      expect_equal(loader.next(), reference.at(step));
    }
  }
}

TEST_F(LoaderTest, StartGoesAnywhere) {
  Loader loader(dataset_, config_, "train", 11, true);
  for (const std::int64_t step : {7, 0, 123456789, 3, 3}) {
    loader.start(step);
    expect_equal(loader.next(), loader.at(step));
    expect_equal(loader.next(), loader.at(step + 1));
  }
  EXPECT_GE(loader.seconds_waited(), 0.0);
}

TEST_F(LoaderTest, EpochsCoverEveryTakeInProportion) {
  config_.epoch_samples = 40;
  config_.batch_size = 4;
  const Loader loader(dataset_, config_, "train", 3, true);
  EXPECT_EQ(loader.batches_per_epoch(), 10);
  std::vector<std::int64_t> samples;
  for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
    std::map<std::string, int> per_take;
    for (std::int64_t step = 0; step < 10; ++step) {
      const Batch batch = loader.at(epoch * 10 + step);
      samples.insert(samples.end(), batch.sample.begin(), batch.sample.end());
      for (const std::string& take : batch.take) {
        ++per_take[take];
      }
    }
    EXPECT_NEAR(per_take["a0"], 12, 1);  // 12 + 8 + 20 s, 40 windows
    EXPECT_NEAR(per_take["a1"], 8, 1);
    EXPECT_NEAR(per_take["b0"], 20, 1);
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(samples[i], static_cast<std::int64_t>(i));  // epoch * 40 + position
  }
  EXPECT_NE(loader.at(0).start, loader.at(10).start);
  EXPECT_NE(Loader(dataset_, config_, "train", 4, true).at(0).start, loader.at(0).start);
}

TEST_F(LoaderTest, LastIncompleteBatchIsDroppedInTraining) {
  config_.batch_size = 5;  // 40 s: 8 windows an epoch
  const Loader train(dataset_, config_, "train", 3, true);
  EXPECT_EQ(train.batches_per_epoch(), 1);
  EXPECT_EQ(train.at(1).sample[0], 8);
  const Loader all(dataset_, config_, "train", 3, false);
  EXPECT_EQ(all.batches_per_epoch(), 2);  // 2 + 1 + 4 windows
  EXPECT_EQ(all.at(1).size, 2);
}

TEST_F(LoaderTest, EqualCutsWithoutOffset) {
  config_.augment = plain();
  config_.augment.offset = false;
  config_.batch_size = 7;
  const Loader loader(dataset_, config_, "train", 3, true);
  const Batch batch = loader.at(0);
  std::set<std::pair<std::string, double>> cuts;
  for (std::size_t i = 0; i < 7; ++i) {
    cuts.insert({batch.take[i], batch.start[i]});
  }
  const std::set<std::pair<std::string, double>> expected = {{"a0", 0.0}, {"a0", 5.0},  {"a1", 0.0}, {"b0", 0.0},
                                                             {"b0", 5.0}, {"b0", 10.0}, {"b0", 15.0}};
  EXPECT_EQ(cuts, expected);
}

TEST_F(LoaderTest, EvaluationWindowsAreConsecutiveAndPlain) {
  const auto batches = evaluation_batches(dataset_, config_, "train");
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_EQ(batches[0].size + batches[1].size + batches[2].size, 7);
  EXPECT_THAT(batches[0].start, testing::ElementsAre(0.0, 5.0, 0.0));
  EXPECT_EQ(batches[2].sample[0], 6);
  for (const Batch& batch : batches) {
    expect_in_step(batch, 0.05);
  }
  const auto few = evaluation_batches(dataset_, config_, "train", 1);
  ASSERT_EQ(few.size(), 1U);
  EXPECT_THAT(few[0].take, testing::ElementsAre("a0", "a1", "b0"));
  EXPECT_EQ(few[0].style, (std::vector<std::int64_t>{2, 0, 1}));
}

TEST_F(LoaderTest, FramesAtTenPerSecondComeOutExactly) {
  const auto batches = evaluation_batches(dataset_, config_, "train");
  const Take take = dataset_.load(dataset_.split("train").at(1));  // 10 fps
  for (std::int64_t f = 0; f < 50; ++f) {
    const float* pose = batches[0].pose.data() + (2 * 50 + f) * 36;
    EXPECT_FLOAT_EQ(pose[8], take.motion.x(f, 4) / 320 - 1);
    EXPECT_FLOAT_EQ(pose[9], take.motion.y(f, 4) / 180 - 1);
  }
}

TEST_F(LoaderTest, MissingJointsAreFilledWithScoreZero) {
  Take take = test::make_take("m", "v", "kpop", 6.0);
  for (std::int64_t f = 30; f < 61; ++f) {
    take.motion.x(f, 4) = take.motion.y(f, 4) = std::nanf("");
    take.motion.score[static_cast<std::size_t>(f * skeleton::kJoints + 4)] = 0.0F;
  }
  DatasetWriter writer(folder_ / "gaps", {});
  writer.add(std::move(take));
  writer.set_split("test", {"m"});
  writer.finish();
  const Batch batch = evaluation_batches(Dataset::open(folder_ / "gaps"), config_, "test").at(0);
  for (std::size_t f = 0; f < 50; ++f) {
    EXPECT_TRUE(std::isfinite(batch.pose[(f * 18 + 4) * 2]));
    EXPECT_EQ(batch.score[f * 18 + 4], f >= 10 && f <= 20 ? 0.0F : 1.0F) << f;
    EXPECT_EQ(batch.score[f * 18 + 5], 1.0F);
  }
}

TEST_F(LoaderTest, WorkerErrorsArriveInNext) {
  std::filesystem::remove(folder_.path() / "set" / "clips" / "b0" / "pose.npz");
  Loader loader(dataset_, config_, "train", 11, true);
  const auto read_epoch = [&] {
    for (int i = 0; i < 10; ++i) {
      loader.next();
    }
  };
  EXPECT_THAT(error_of(read_epoch), HasSubstr("pose.npz"));
  EXPECT_THAT(error_of([&] { loader.next(); }), HasSubstr("pose.npz"));  // and again, without hanging
}

TEST_F(LoaderTest, PrefetchIsBoundedAndDestructionPrompt) {
  config_.prefetch = 2;
  Loader loader(dataset_, config_, "train", 11, true);
  loader.start(0);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // nobody reads; the destructor must not wait for more
}

TEST_F(LoaderTest, NothingToReadIsAnError) {
  config_.frames = 500;
  EXPECT_THAT(error_of([&] { Loader(dataset_, config_, "train", 1, true); }), HasSubstr("50.0 s or more, got none"));
  config_.frames = 50;
  EXPECT_THAT(error_of([&] { Loader(dataset_, config_, "val", 1, true); }), HasSubstr("no split 'val'"));
}

TEST_F(LoaderTest, CacheIsBoundedAndKeepsTheNewest) {
  const TakeInfo a0 = dataset_.takes()[0], b0 = dataset_.takes()[2];
  TakeCache cache(dataset_, 1 << 20);  // b0 alone is 640 kB of sound and poses on top
  const auto first = cache.get(b0);
  EXPECT_EQ(cache.get(b0), first);
  EXPECT_GT(cache.bytes(), 640000);
  cache.get(a0);
  EXPECT_LE(cache.bytes(), 1 << 20);
  EXPECT_NE(cache.get(b0), first);  // had to go
  TakeCache none(dataset_, 0);
  EXPECT_EQ(none.get(a0)->samples.size(), 192000U);
  EXPECT_EQ(none.bytes(), 0);
}

TEST(DataConfigTest, ReadsEveryKeyAndItsRange) {
  const config::Document document = config::Document::parse(
      "data:\n  root: x\n  styles: [kpop]\n  frames: 20\n  batch_size: 2\n  epoch_samples: 6\n  workers: 1\n"
      "  prefetch: 3\n  cache_mb: 7\n  augment: {offset: false, gain_db: 1, equaliser_db: 2, noise: 0.5, stretch: 0.1, "
      "mirror: 1}\n",
      "t");
  DataConfig config;
  read(document.root().section("data"), config);
  document.finish();
  EXPECT_EQ(config.root, "x");
  EXPECT_EQ(config.cache_mb, 7);
  EXPECT_EQ(config.augment.stretch, 0.1);
  EXPECT_FALSE(config.augment.offset);
  const auto error = [](const char* text) {
    return error_of([&] {
      DataConfig other;
      read(config::Document::parse(text, "t").root().section("data"), other);
    });
  };
  EXPECT_THAT(error("data: {styles: [kpob]}"), HasSubstr("did you mean 'kpop'"));
  EXPECT_THAT(error("data: {frames: 1}"), HasSubstr("data.frames"));
  EXPECT_THAT(error("data: {batch_size: 4, epoch_samples: 3}"), HasSubstr("epoch_samples"));
  EXPECT_THAT(error("data: {augment: {mirror: 2}}"), HasSubstr("mirror"));
  EXPECT_THAT(error("data: {workers: -1}"), HasSubstr("workers"));
}

}  // namespace
}  // namespace stgmamba::data
