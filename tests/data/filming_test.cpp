// SPDX-License-Identifier: MIT
// A filmed person and its poses into a dataset: the joints stay on the person, however the picture is framed.
#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/data/check.hpp"
#include "stgmamba/data/film.hpp"
#include "stgmamba/data/import.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/media/video.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

using test::TempFolder;

constexpr int kFrames = 24;
const std::vector<std::string> kNames = {"nose",          "left_eye",       "right_eye",  "left_ear",    "right_ear",
                                         "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
                                         "right_wrist",   "left_hip",       "right_hip",  "left_knee",   "right_knee",
                                         "left_ankle",    "right_ankle"};

media::Point place(int frame, std::size_t point) {
  return {90.0 + 4 * frame + 3.0 * static_cast<double>(point % 4), 40.0 + 7.0 * static_cast<double>(point)};
}

/// A white disc on the left ankle of somebody who walks to the right, on grey.
void make_video(const TempFolder& folder, int width, int height) {
  media::VideoOptions options;
  options.width = width;
  options.height = height;
  options.quality = 8;
  options.rate = {30, 1};  // a frame is no whole number of sound samples
  media::VideoWriter writer(folder / "walk.mp4", options);
  io::Json poses = io::Json::array();
  for (int frame = 0; frame < kFrames; ++frame) {
    media::Image picture(width, height, {60, 60, 60});
    media::fill_circle(picture, place(frame, 15), 7.0, {255, 255, 255});
    writer.write(picture);
    io::Json points;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      points[kNames[i]] = {{"x", place(frame, i).x}, {"y", place(frame, i).y}, {"score", 0.9}};
    }
    poses.push_back(points);
  }
  writer.finish();
  io::write_json(folder / "walk.json", poses);
}

ImportReport import(const TempFolder& folder, const std::string& framing, double tail = 0.0, int min_size = 100) {
  ImportOptions options;
  options.out = folder / "set";
  options.overwrite = true;
  options.allow_silent = true;
  options.film = {framing, 64, min_size, tail};
  return import_openpose(folder / "walk.json", folder / "walk.mp4", "kpop", {}, options);
}

std::unique_ptr<BatchSource> windows(const TempFolder& folder, const std::string& split) {
  DataConfig config;
  config.frames = 3;
  config.batch_size = 8;
  FilmConfig film;
  film.size = 64;
  film.pose_map = "onehot";
  return film_evaluation(Dataset::open(folder / "set"), config, film, split, 0);
}

TEST(Filming, JointsStayOnThePersonInEveryFraming) {
  for (const auto& [width, height] : {std::pair{320, 200}, std::pair{204, 320}}) {
    const TempFolder folder;
    make_video(folder, width, height);
    for (const std::string& framing : kFramings) {
      ASSERT_EQ(import(folder, framing).takes, 1);
      EXPECT_EQ(Dataset::open(folder / "set").takes().front().framing.kind, framing);
      EXPECT_EQ(usual_framing(Dataset::open(folder / "set").takes()), framing);
      const Batch batch = windows(folder, "train")->make(0);
      for (std::int64_t row = 0; row < batch.size; ++row) {
        for (std::int64_t f = 0; f < 3; ++f) {
          constexpr std::int64_t kPlane = 64 * 64;
          const std::uint8_t* picture = batch.pictures.frames.data() + (row * 4 + f + 1) * 3 * kPlane;
          const std::uint8_t* shank = batch.pictures.poses.data() + ((row * 3 + f) * 18 + 17) * kPlane;
          double x = 0, y = 0, weight = 0, lowest = -1;
          for (std::int64_t i = 0; i < kPlane; ++i) {
            const double w = std::max(0, picture[i] - 150);
            x += w * static_cast<double>(i % 64);
            y += w * static_cast<double>(i / 64);
            weight += w;
            lowest = shank[i] > 0 ? static_cast<double>(i / 64) : lowest;
          }
          ASSERT_GT(weight, 0) << framing;
          EXPECT_NEAR(y / weight, lowest - 0.75, 1.0) << framing;  // the shank ends at the ankle
          const auto at = static_cast<std::int64_t>(std::lround(y / weight)) * 64 + std::lround(x / weight);
          EXPECT_EQ(shank[at], 255) << framing << " " << row << " " << f;
        }
      }
    }
  }
}

TEST(Filming, ASquareCropShowsThePersonLarge) {
  const TempFolder folder;
  make_video(folder, 320, 200);
  const auto scale = [&](const char* framing) {
    import(folder, framing);
    return Dataset::open(folder / "set").takes().front().framing;
  };
  EXPECT_GT(scale("square_crop").scale, 1.3 * scale("letterbox").scale);
  EXPECT_NEAR(scale("stretch").stretch, 320.0 / 200.0, 1e-9);
  EXPECT_EQ(scale("letterbox").stretch, 1.0);
}

TEST(Filming, SmallVideosAreLeftOutAndSaid) {
  const TempFolder folder;
  make_video(folder, 320, 200);
  EXPECT_THAT(test::error_of([&] { import(folder, "stretch", 0.0, 256); }),
              testing::HasSubstr("320x200, smaller than 256"));
}

TEST(Filming, TheEndMayBeHeldOut) {
  const TempFolder folder;
  make_video(folder, 320, 200);
  EXPECT_EQ(import(folder, "letterbox", 0.167).takes, 2);
  const Dataset dataset = Dataset::open(folder / "set");
  EXPECT_EQ(dataset.split("train").front().frames, 19);
  EXPECT_EQ(dataset.split("test").front().frames, 5);
  EXPECT_EQ(dataset.split("test").front().framing.left, dataset.split("train").front().framing.left);
  // The held-out film goes on where training stopped: its first disc stands right of the last one before.
  const Batch batch = windows(folder, "test")->make(0);
  double x = 0, weight = 0;
  for (std::int64_t i = 0; i < 64 * 64; ++i) {
    const double w = std::max(0, batch.pictures.frames[static_cast<std::size_t>(i)] - 150);
    x += w * static_cast<double>(i % 64);
    weight += w;
  }
  EXPECT_NEAR(x / weight, (place(19, 15).x + 0.5) * 64 / 320 - 0.5, 0.5);
}

}  // namespace
}  // namespace stgmamba::data
