// SPDX-License-Identifier: MIT
// Windows of film: which frames they hold, and that pictures, poses and flow belong together.
#include "stgmamba/data/film.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/file.hpp"

#include "data/film_cache.hpp"
#include "data/film_windows.hpp"
#include "data/recolour.hpp"
#include "data/small_dataset.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

using test::TempFolder;

constexpr int kWide = 96, kHigh = 72, kSize = 32;
const Framing kFraming = {kWide, kHigh, 0.5, 40.0, -8.0, 1.25, "stretch"};

/// Where a joint stands in the video.
media::Point spot(const skeleton::Motion& motion, std::int64_t frame, int joint) {
  return {(motion.x(frame, joint) - kFraming.left) * kFraming.scale,
          (motion.y(frame, joint) - kFraming.top) * kFraming.scale * kFraming.stretch};
}

/// A dancer of two joints, nose and neck at one place; the video has a white disc there over grey that tells the take.
Take filmed(const std::string& id, std::int64_t frames, std::uint8_t grey) {
  Take take = test::make_take(id, id, "kpop", static_cast<double>(frames) / 10.0, 10.0);
  for (std::int64_t f = 0; f < frames; ++f) {
    for (const int joint : {skeleton::kNose, skeleton::kNeck}) {
      take.motion.x(f, joint) = 40.0F + 24.0F + static_cast<float>(f * 7 % 140);
      take.motion.y(f, joint) = -8.0F + 20.0F + static_cast<float>(f * 5 % 80);
    }
    media::Image picture(kWide, kHigh, {grey, grey, grey});
    media::fill_circle(picture, spot(take.motion, f, skeleton::kNose), 6.0, {255, 255, 255});
    take.frames.push_back(std::move(picture));
  }
  take.info.person = id;
  take.info.framing = kFraming;
  return take;
}

class Film : public testing::Test {
 protected:
  Film() {
    DatasetWriter writer(folder_ / "set", {"film", "CC0", "made by a test", "film_test"});
    writer.add(filmed("long", 40, 20));
    writer.add(filmed("short", 9, 90));
    writer.add(filmed("held", 30, 50));
    writer.add(test::make_take("deaf", "deaf", "kpop", 4.0, 10.0));  // no video
    writer.set_split("train", {"long", "short", "deaf"});
    writer.set_split("val", {"held"});
    writer.set_split("test", {"deaf"});
    writer.finish();
    config_.frames = 3;
    config_.batch_size = 4;
    config_.epoch_samples = 24;
    film_.size = kSize;
  }

  Dataset open() const { return Dataset::open(folder_ / "set"); }
  std::vector<TakeInfo> takes() const { return open().split("train"); }
  std::vector<FilmWindow> epoch(std::int64_t number, std::uint64_t seed = 5) const {
    const FilmWindows plan(takes(), config_, film_, seed);
    std::vector<FilmWindow> windows;
    const std::vector<std::int64_t> order = plan.order(number);
    for (std::int64_t i = 0; i < plan.epoch_samples(); ++i) {
      windows.push_back(plan.window(number, i, order));
    }
    return windows;
  }

  TempFolder folder_;
  DataConfig config_;
  FilmConfig film_;
};

TEST_F(Film, WindowsLieInsideTheirTakeAtOneSpacing) {
  std::map<std::int64_t, int> spacings, in_take;
  bool away = false;
  for (std::int64_t number = 0; number < 12; ++number) {
    for (const FilmWindow& window : epoch(number)) {
      ASSERT_EQ(window.frames.size(), 4U);
      const std::int64_t length = window.take == 0 ? 40 : 9;
      const std::int64_t spacing = window.frames[2] - window.frames[1];
      EXPECT_EQ(window.frames[3] - window.frames[2], spacing);
      EXPECT_GE(window.frames[1] - spacing, 0);
      EXPECT_LT(window.frames[3], length);
      EXPECT_LT(window.frames[0], length);
      EXPECT_LE(spacing, window.take == 0 ? 4 : 2);  // nine frames leave room for no more
      away = away || window.frames[0] > window.frames[3] || window.frames[0] < window.frames[1] - spacing;
      ++spacings[spacing];
      ++in_take[static_cast<std::int64_t>(window.take)];
    }
  }
  EXPECT_EQ(spacings.size(), 4U);
  EXPECT_TRUE(away);  // a random condition may come from anywhere in the take
  EXPECT_NEAR(in_take[0] / 288.0, 40.0 / 49.0, 0.02);
  film_.cond_frame = "first";
  film_.spacing = 1;
  std::set<std::int64_t> starts;
  for (const FilmWindow& window : epoch(0)) {
    EXPECT_EQ(window.frames[1] - window.frames[0], 1);
    starts.insert(window.frames[0]);
  }
  EXPECT_GT(starts.size(), 12U);
}

TEST_F(Film, AWindowIsAFunctionOfSeedEpochAndIndex) {
  const auto same = [](const std::vector<FilmWindow>& a, const std::vector<FilmWindow>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const FilmWindow& x, const FilmWindow& y) {
      return x.take == y.take && x.frames == y.frames;
    });
  };
  EXPECT_TRUE(same(epoch(3), epoch(3)));
  EXPECT_FALSE(same(epoch(3), epoch(4)));
  EXPECT_FALSE(same(epoch(3), epoch(3, 6)));
  config_.epoch_samples = 0;
  EXPECT_EQ(epoch(0).size(), 4U);  // 4.9 s of film are one window, but a batch is the least
}

TEST_F(Film, EvaluationIsConsecutiveFromTheFirstFrame) {
  const FilmWindows all(takes(), config_, 0);
  EXPECT_EQ(all.epoch_samples(), 13 + 2);
  std::vector<std::int64_t> expected = {0, 4, 5, 6};
  EXPECT_EQ(all.window(0, 1, {}).frames, expected);
  const FilmWindows some(takes(), config_, 3);
  EXPECT_EQ(some.epoch_samples(), 3 + 2);
  expected = {0, 25, 26, 27};  // evenly: stretches 0, 4 and 8 of 13
  EXPECT_EQ(some.window(0, 2, {}).frames, expected);
}

/// Centre of what is brighter than half of the scale.
media::Point centre(const std::uint8_t* plane, std::uint8_t threshold) {
  double sum = 0, x = 0, y = 0;
  for (int i = 0; i < kSize * kSize; ++i) {
    const double weight = plane[i] > threshold ? plane[i] - threshold : 0;
    sum += weight;
    x += weight * (i % kSize);
    const int line = i / kSize;
    y += weight * line;
  }
  return {x / sum, y / sum};
}

TEST_F(Film, MapsLieOverThePictures) {
  film_.pose_map = "onehot";
  const auto source = film_source(open(), config_, film_, "train", 5);
  const Batch batch = source->make(7);  // in the second epoch
  ASSERT_EQ(batch.size, 4);
  EXPECT_EQ(batch.sample, (std::vector<std::int64_t>{28, 29, 30, 31}));
  constexpr int kPlane = kSize * kSize;
  constexpr int kNeckLimb = 4;
  ASSERT_EQ(batch.pictures.joints.size(), std::size_t{4 * 4 * 18 * 3});
  for (int row = 0; row < 4; ++row) {
    const bool is_long = batch.take[static_cast<std::size_t>(row)] == "long";
    const std::uint8_t* condition = batch.pictures.frames.data() + row * 4 * 3 * kPlane;
    EXPECT_NEAR(*std::min_element(condition, condition + kPlane), is_long ? 20 : 90, 6);
    for (int f = 0; f < 3; ++f) {
      const media::Point disc = centre(condition + (f + 1) * 3 * kPlane, 150);
      const media::Point limb = centre(batch.pictures.poses.data() + ((row * 3 + f) * 18 + kNeckLimb) * kPlane, 100);
      EXPECT_NEAR(disc.x, limb.x, 0.6) << row << " " << f;
      EXPECT_NEAR(disc.y, limb.y, 0.6) << row << " " << f;
    }
    for (int f = 0; f < 4; ++f) {  // the joints of all four pictures; the disc lies on the nose
      const float* nose = batch.pictures.joints.data() + (row * 4 + f) * 18 * 3;
      const media::Point disc = centre(condition + f * 3 * kPlane, 150);
      EXPECT_EQ(nose[2], 1.0F);
      EXPECT_NEAR(disc.x, nose[0], 0.6) << row << " " << f;
      EXPECT_NEAR(disc.y, nose[1], 0.6) << row << " " << f;
    }
  }
  const Batch part = rows(batch, 1, 2);
  EXPECT_TRUE(
      std::equal(part.pictures.joints.begin(), part.pictures.joints.end(), batch.pictures.joints.begin() + 4 * 18 * 3));
  EXPECT_EQ(part.pictures.joints.size(), std::size_t{2 * 4 * 18 * 3});
}

TEST_F(Film, ThreadsCacheAndFoldersOfPicturesChangeNothing) {
  const Dataset dataset = open();
  const Batch expected = film_source(dataset, config_, film_, "train", 5)->make(3);
  Loader loader(film_source(dataset, config_, film_, "train", 5), 3, 4);
  loader.start(3);
  EXPECT_EQ(loader.next().pictures.frames, expected.pictures.frames);
  config_.cache_mb = 0;  // nothing is kept: each window is read by itself
  const Batch read = film_source(dataset, config_, film_, "train", 5)->make(3);
  EXPECT_EQ(read.pictures.frames, expected.pictures.frames);
  EXPECT_EQ(read.pictures.poses, expected.pictures.poses);
  // The same take as pictures.
  const auto clip = dataset.folder() / "clips" / "long";
  util::make_folders(clip / "frames");
  media::VideoReader reader(clip / "video.mp4");
  media::Image image;
  double seconds = 0;
  for (int f = 0; reader.next(image, seconds); ++f) {
    media::save_image(clip / "frames" / fmt::format("{:06}.png", f), image);
  }
  std::filesystem::remove(clip / "video.mp4");
  EXPECT_EQ(film_source(dataset, config_, film_, "train", 5)->make(3).pictures.frames, expected.pictures.frames);
  std::filesystem::remove(clip / "frames" / "000007.png");
  EXPECT_THAT(test::error_of([&] { film_source(dataset, config_, film_, "train", 5)->make(3); }),
              testing::HasSubstr("39 pictures (jpg or png) for 40 poses"));
}

TEST_F(Film, LimbsDropOutOfTrainingMapsAlone) {
  const auto painted = [](const Batch& batch) {
    return std::count_if(batch.pictures.poses.begin(), batch.pictures.poses.end(), [](auto v) { return v > 0; });
  };
  const auto whole = painted(film_source(open(), config_, film_, "train", 5)->make(0));
  const auto held = painted(film_evaluation(open(), config_, film_, "val", 2)->make(0));
  film_.drop = 0.9;
  EXPECT_LT(painted(film_source(open(), config_, film_, "train", 5)->make(0)), whole / 2);
  EXPECT_EQ(painted(film_evaluation(open(), config_, film_, "val", 2)->make(0)), held);
}

TEST_F(Film, OtherColoursAreTheWholeWindowsAndOfTrainingAlone) {
  const Batch plain = film_source(open(), config_, film_, "train", 5)->make(0);
  const Batch held = film_evaluation(open(), config_, film_, "val", 2)->make(0);
  film_.recolour = 1.0;
  const Batch changed = film_source(open(), config_, film_, "train", 5)->make(0);
  EXPECT_NE(changed.pictures.frames, plain.pictures.frames);
  EXPECT_EQ(changed.pictures.poses, plain.pictures.poses);
  EXPECT_EQ(film_source(open(), config_, film_, "train", 5)->make(0).pictures.frames, changed.pictures.frames);
  EXPECT_EQ(film_evaluation(open(), config_, film_, "val", 2)->make(0).pictures.frames, held.pictures.frames);
  film_.recolour = 0.5;
  const Batch some = film_source(open(), config_, film_, "train", 5)->make(0);
  EXPECT_NE(some.pictures.frames, changed.pictures.frames);
}

TEST(Recolour, TurnsTheHueOfAllPicturesAlikeAndLeavesGreyGrey) {
  constexpr std::size_t kPlane = 4;
  //                                    red          grey           blue          dark grey
  const std::array<std::array<int, 3>, kPlane> colours = {
      {{180, 90, 90}, {140, 140, 140}, {90, 90, 180}, {60, 60, 60}}};
  std::vector<std::uint8_t> pixels(2 * 3 * kPlane);
  for (std::size_t at = 0; at < pixels.size(); ++at) {
    pixels[at] = static_cast<std::uint8_t>(colours[at % kPlane][at / kPlane % 3]);
  }
  bool turned = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<std::uint8_t> other = pixels;
    util::Random random(seed, "test");
    recolour(other, kPlane, random);
    EXPECT_TRUE(std::equal(other.begin(), other.begin() + 3 * kPlane, other.begin() + 3 * kPlane));
    const auto value = [&](std::size_t colour, std::size_t c) {
      return static_cast<double>(other[c * kPlane + colour]);
    };
    for (const std::size_t grey : {1, 3}) {
      EXPECT_EQ(value(grey, 0), value(grey, 1));
      EXPECT_EQ(value(grey, 0), value(grey, 2));
    }
    const double contrast = (value(1, 0) - value(3, 0)) / 80.0;
    EXPECT_GE(contrast, 0.78);
    EXPECT_LE(contrast, 1.27);
    // Red and blue keep their brightness, and are each other's turn by 120 degrees.
    EXPECT_NEAR(value(0, 0) + value(0, 1) + value(0, 2), 382.5 + contrast * (360 - 382.5), 2.0);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(value(0, c), value(2, (c + 2) % 3), 1.0) << seed;
    }
    turned = turned || value(0, 1) > value(0, 0) + 30;  // red has become green
  }
  EXPECT_TRUE(turned);
}

TEST_F(Film, FlowComesWhenAskedFor) {
  EXPECT_TRUE(film_source(open(), config_, film_, "train", 5)->make(0).pictures.flow.empty());
  film_.flow = true;
  const Batch batch = film_source(open(), config_, film_, "train", 5)->make(0);
  EXPECT_EQ(batch.pictures.flow.size(), std::size_t{4 * 2 * 2 * kSize * kSize});
  EXPECT_EQ(batch.pictures.back.size(), batch.pictures.flow.size());
  const Batch part = rows(batch, 1, 2);
  EXPECT_EQ(part.size, 2);
  EXPECT_TRUE(std::equal(part.pictures.flow.begin(), part.pictures.flow.end(),
                         batch.pictures.flow.begin() + 2 * 2 * kSize * kSize));
  EXPECT_EQ(part.take[1], batch.take[2]);
}

TEST_F(Film, WhatIsMissingIsSaid) {
  EXPECT_THAT(test::error_of([&] { film_source(open(), config_, film_, "test", 5); }),
              testing::HasSubstr("stg_data synth --preset video"));
  std::filesystem::remove(folder_ / "set/clips/short/video.mp4");
  EXPECT_THAT(test::error_of([&] { film_source(open(), config_, film_, "train", 5); }),
              testing::HasSubstr("the index says that take 'short' is filmed"));
  config_.frames = 45;
  EXPECT_EQ(test::exit_code_of([&] { film_source(open(), config_, film_, "train", 5); }), 4);
}

}  // namespace
}  // namespace stgmamba::data
