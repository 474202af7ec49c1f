// SPDX-License-Identifier: MIT
// Photos framed for a video network, and videos of the frames that it makes.
#include <algorithm>
#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/infer/model_painter.hpp"
#include "stgmamba/util/stop.hpp"

#include "infer/painted_person.hpp"
#include "infer/video_checkpoint.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using infer::DrawFrame;
using infer::FramedPhoto;
using infer::PhotoPose;
using infer::VideoModel;
using skeleton::Motion;
using ::testing::Contains;
using ::testing::HasSubstr;

/// The painted person, arms swinging, at a third of the photo's size.
Motion dance(std::int64_t frames, double travel = 0.0) {
  Motion motion(frames, 10.0);
  const PhotoPose pose = painted_pose();
  for (std::int64_t f = 0; f < frames; ++f) {
    for (int v = 0; v < 18; ++v) {
      const bool arm = v == skeleton::kRightWrist || v == skeleton::kLeftWrist;
      motion.x(f, v) = static_cast<float>((pose[v].x + travel * static_cast<double>(f)) / 3 + 200.0);
      motion.y(f, v) = static_cast<float>((pose[v].y - (arm ? 6.0 * static_cast<double>(f % 7) : 0.0)) / 3 + 50.0);
      motion.score[static_cast<std::size_t>(f * 18 + v)] = 1.0F;
    }
  }
  return motion;
}

/// Answers with the mean of the pose map (brighter than black where anything is drawn) on the photo: fast, and never
/// the same for two poses.
class ToyNetwork : public models::VideoGenerator {
 public:
  torch::Tensor render(const models::Photo& photo, const models::Poses& poses) override {
    ++calls;
    largest = std::max(largest, poses.maps.size(1));
    return (photo.image.unsqueeze(1) + 8 * (poses.maps.mean({2, 3, 4}, true) + 1)).clamp(-1, 1);
  }
  std::int64_t calls = 0, largest = 0;
};

VideoModel model_of(std::shared_ptr<models::VideoGenerator> network, int size) {
  VideoModel model;
  model.network = std::move(network);
  model.name = "toy";
  model.pose_maps.width = model.pose_maps.height = size;
  return model;
}

std::vector<media::Image> frames_of(const std::filesystem::path& path, std::vector<double>* times = nullptr) {
  media::VideoReader reader(path);
  std::vector<media::Image> frames;
  media::Image frame;
  double seconds = 0.0;
  while (reader.next(frame, seconds)) {
    frames.push_back(frame);
    if (times != nullptr) {
      times->push_back(seconds);
    }
  }
  return frames;
}

TEST(FramedPhoto, PixelsAndJointsMoveTogether) {
  const Motion motion = dance(12);
  const FramedPhoto framed(painted_photo(), painted_pose(), motion, {96, 96}, "photo.png");
  EXPECT_EQ(framed.picture().width, 96);
  // The dance's trunk stands where the photo's does, in the person's proportions.
  const PhotoPose placed = framed.place(motion, 0);
  const media::Rgb shirt = colour_at(framed.picture(), placed[1].x, (placed[1].y + placed[8].y) / 2);
  EXPECT_NEAR(shirt.r, kShirt.r, 40);
  EXPECT_NEAR(shirt.b, kShirt.b, 40);
  const media::Rgb shin =
      colour_at(framed.picture(), (placed[9].x + placed[10].x) / 2, (placed[9].y + placed[10].y) / 2);
  EXPECT_NEAR(shin.b, kTrousers.b, 40);
  EXPECT_NEAR(shin.r, kTrousers.r, 40);
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    for (const media::Point& p : framed.place(motion, f).at) {
      EXPECT_GT(p.x, 4.0);
      EXPECT_LT(p.x, 92.0);
      EXPECT_GT(p.y, 4.0);
      EXPECT_LT(p.y, 92.0);
    }
  }
}

TEST(FramedPhoto, ThePhotosOwnJointsLieOnItsPerson) {
  const Motion motion = dance(5);
  const FramedPhoto framed(painted_photo(), painted_pose(), motion, {96, 96}, "photo.png");
  ASSERT_TRUE(framed.has_pose());
  const PhotoPose own = framed.own_pose();
  const media::Rgb shin = colour_at(framed.picture(), (own[9].x + own[10].x) / 2, (own[9].y + own[10].y) / 2);
  EXPECT_NEAR(shin.r, kTrousers.r, 40);
  EXPECT_NEAR(shin.b, kTrousers.b, 40);
  // Sides are named as the dance's are, also where the pose names them the other way, and what is missing is estimated.
  PhotoPose exchanged = painted_pose();
  for (std::size_t v = 0; v < exchanged.at.size(); ++v) {
    exchanged.at[v] = painted_pose().at[static_cast<std::size_t>(skeleton::mirror_pairs()[v])];
  }
  exchanged.score[4] = exchanged.score[7] = exchanged.score[8] = 0.0F;  // both wrists and a hip
  const PhotoPose again = FramedPhoto(painted_photo(), exchanged, motion, {96, 96}, "photo.png").own_pose();
  EXPECT_EQ(again[3].x < again[6].x, own[3].x < own[6].x);
  for (int v = 0; v < 14; ++v) {
    EXPECT_TRUE(again.seen(v)) << v;
  }
  const FramedPhoto without(painted_photo(), motion, {96, 96});
  EXPECT_FALSE(without.has_pose() || without.own_pose().seen(0));
}

TEST(FramedPhoto, IsFramedAsTheTrainingFilmsWere) {
  const Motion motion = dance(5);
  const double bars = (kPaintedHeight - kPaintedWidth) / 2.0, side = kPaintedHeight;
  for (const auto& [kind, left, wide] : {std::tuple{"letterbox", -bars, side}, {"stretch", 0.0, 1.0 * kPaintedWidth}}) {
    const infer::PictureFrame frame = {96, 96, kind};
    const FramedPhoto framed(painted_photo(), painted_pose(), motion, frame, "photo.png");
    const PhotoPose own = framed.own_pose();
    for (const int v : {1, 4, 7, 10, 13}) {  // pixel centres
      EXPECT_NEAR(own[v].x, (painted_pose()[v].x + 0.5 - left) * 96 / wide - 0.5, 1e-6) << kind << v;
      EXPECT_NEAR(own[v].y, (painted_pose()[v].y + 0.5) * 96 / side - 0.5, 1e-6) << kind << v;
    }
    const bool black = std::string(kind) == "letterbox";
    EXPECT_EQ(colour_at(framed.picture(), 2, 48).g < 10, black);
    EXPECT_EQ(colour_at(framed.picture(), 93, 48).g < 10, black);
    // Without a pose, the dance lies as in a film of 640x360.
    const PhotoPose placed = FramedPhoto(painted_photo(), motion, frame).place(motion, 0);
    EXPECT_NEAR(placed[1].x, motion.x(0, 1) * 96 / 640, 1e-4);
    EXPECT_NEAR(placed[1].y, black ? (motion.y(0, 1) + 140) * 96 / 640 : motion.y(0, 1) * 96 / 360, 1e-4);
  }
}

TEST(FramedPhoto, HasTheProportionsOfItsPerson) {
  Motion motion = dance(8);
  for (std::int64_t f = 0; f < motion.frames(); ++f) {  // a dancer with short shanks
    for (const auto& [knee, ankle] : {std::pair{9, 10}, {12, 13}}) {
      motion.y(f, ankle) = motion.y(f, knee) + 0.4F * (motion.y(f, ankle) - motion.y(f, knee));
    }
  }
  const FramedPhoto framed(painted_photo(), painted_pose(), motion, {128, 128}, "photo.png");
  const PhotoPose placed = framed.place(motion, 3), own = painted_pose();
  const auto ratio = [](const PhotoPose& pose) {
    return std::hypot(pose[9].x - pose[10].x, pose[9].y - pose[10].y) /
           std::hypot(pose[1].x - pose[8].x, pose[1].y - pose[8].y);
  };
  EXPECT_NEAR(ratio(placed), ratio(own), 0.03);
  EXPECT_EQ(exit_code_of([&] {
              PhotoPose broken = own;
              broken.score.fill(0.0F);
              infer::require_measurable(broken, "photo.png");
            }),
            4);
}

TEST(FramedPhoto, TakesInTheWholeDanceAndRepeatsEdges) {
  const Motion still = dance(10), wide = dance(10, 40.0);
  const auto height = [](const FramedPhoto& framed, const Motion& motion) {
    const PhotoPose placed = framed.place(motion, 0);
    return placed[10].y - placed[0].y;
  };
  media::Image stage(700, 640, {170, 175, 180});  // there is room for all of it
  media::paste(stage, painted_photo(), 190, 120);
  PhotoPose there = painted_pose();
  for (media::Point& p : there.at) {
    p = {p.x + 190.0, p.y + 120.0};
  }
  const FramedPhoto near(stage, there, still, {96, 96}, "photo.png"), far(stage, there, wide, {96, 96}, "photo.png");
  EXPECT_GT(height(near, still), 1.2 * height(far, wide));
  media::Image narrow(120, kPaintedHeight);
  media::paste(narrow, painted_photo(), -100, 0);
  PhotoPose moved = painted_pose();
  for (media::Point& p : moved.at) {
    p.x -= 100.0;
  }
  const FramedPhoto repeated(narrow, moved, still, {96, 96}, "photo.png");
  EXPECT_THAT(repeated.notes(), Contains(HasSubstr("its edge is repeated")));
  EXPECT_THAT(near.notes(), ::testing::Not(Contains(HasSubstr("repeated"))));
  const media::Image& picture = repeated.picture();
  for (int y = 10; y < 90; y += 20) {  // left of the photo, every row has one colour
    EXPECT_EQ(colour_at(picture, 0, y).r, colour_at(picture, 5, y).r);
  }
}

TEST(FramedPhoto, WithoutAPoseTheDanceLiesOverThePicture) {
  const Motion motion = dance(10, 5.0);
  const FramedPhoto framed(painted_photo(), motion, {64, 64});
  EXPECT_THAT(framed.notes(), Contains(HasSubstr("no pose is given")));
  double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    for (const media::Point& p : framed.place(motion, f).at) {
      left = std::min(left, p.x);
      right = std::max(right, p.x);
      top = std::min(top, p.y);
      bottom = std::max(bottom, p.y);
    }
  }
  EXPECT_NEAR((left + right) / 2, 32.0, 0.5);
  EXPECT_NEAR((top + bottom) / 2, 32.0, 0.5);
  EXPECT_GT(bottom - top, 40.0);
  // The middle of a wide photo, undistorted.
  media::Image wide(300, 100, {10, 20, 30});
  media::paste(wide, media::Image(100, 100, {200, 100, 50}), 100, 0);
  const FramedPhoto cut(wide, motion, {64, 64});
  const media::Image& middle = cut.picture();
  EXPECT_EQ(colour_at(middle, 1, 1).r, 200);
  EXPECT_EQ(colour_at(middle, 62, 62).r, 200);
}

TEST(ModelVideo, FramesAreTheNetworksInAnyBatch) {
  at::set_num_threads(1);
  for (const char* kind : {kSmallGr, kSmallVid2Vid, kSmallReposed}) {
    const auto network = video_network(kind, 5);
    const VideoModel model = model_of(network, 32);
    const Motion motion = dance(9, 3.0);
    // What the network makes of the whole clip at once.
    const FramedPhoto framed(painted_photo(), painted_pose(), motion, {32, 32}, "photo.png");
    const auto joints_of = [](const PhotoPose& pose) {
      torch::Tensor joints = torch::ones({18, 3});
      for (int v = 0; v < 18; ++v) {
        joints[v][0] = pose[v].x;
        joints[v][1] = pose[v].y;
      }
      return joints;
    };
    std::vector<torch::Tensor> maps, joints;
    for (std::int64_t f = 0; f < 9; ++f) {
      Motion one(1, 10.0);
      const PhotoPose placed = framed.place(motion, f);
      joints.push_back(joints_of(placed));
      for (int v = 0; v < 18; ++v) {
        one.x(0, v) = static_cast<float>(placed[v].x);
        one.y(0, v) = static_cast<float>(placed[v].y);
        one.score[static_cast<std::size_t>(v)] = 1.0F;
      }
      const auto map = skeleton::pose_map(one, 0, {}, model.pose_maps);
      maps.push_back(torch::tensor(std::vector<float>(map.begin(), map.end())).view({3, 32, 32}) / 127.5 - 1);
    }
    const auto& pixels = framed.picture().pixels;
    const torch::Tensor photo =
        torch::tensor(std::vector<float>(pixels.begin(), pixels.end())).view({32, 32, 3}).permute({2, 0, 1}) / 127.5 -
        1;
    const torch::NoGradGuard no_grad;
    const torch::Tensor whole =
        network->render({photo.unsqueeze(0), joints_of(framed.own_pose()).unsqueeze(0)},
                        {torch::stack(maps).unsqueeze(0), torch::stack(joints).unsqueeze(0)})[0];
    const torch::Tensor bytes = ((whole + 1) * 127.5).round().clamp(0, 255).permute({0, 2, 3, 1});
    for (const std::int64_t batch : {1, 4, 100}) {
      const DrawFrame draw = infer::model_drawer(
          model, FramedPhoto(painted_photo(), painted_pose(), motion, {32, 32}, "photo.png"), batch);
      for (const std::int64_t f : {0, 1, 2, 5, 8}) {  // not every frame is shown
        const std::vector<std::int64_t> later = {f + 1, f + 2, f + 3};
        PhotoPose placed;
        const media::Image picture =
            draw({motion, f, skeleton::NearSide::kBoth, std::span(later).first(f < 5 ? 3 : 0)}, placed);
        const torch::Tensor got =
            torch::tensor(std::vector<float>(picture.pixels.begin(), picture.pixels.end())).view({32, 32, 3});
        EXPECT_LE((got - bytes[f]).abs().max().item<double>(), 1.0) << kind << " " << batch << " " << f;
        EXPECT_LT((got - bytes[f]).abs().mean().item<double>(), 0.01);
        EXPECT_NEAR(placed[4].y, framed.place(motion, f)[4].y, 1e-9);
      }
    }
  }
}

TEST(ModelVideo, BatchesHoldOnlyFramesThatAreShown) {
  const auto network = std::make_shared<ToyNetwork>();
  const VideoModel model = model_of(network, 32);
  const TempFolder folder;
  infer::PhotoVideoOptions options;
  options.video.rate = {30, 1};
  options.video.seconds = 4.0;
  const Motion motion = dance(40);
  const auto video = [&](const char* name) {
    return infer::DanceVideo{folder / name, "",
                             infer::model_drawer(model, FramedPhoto(painted_photo(), motion, {32, 32}), 5)};
  };
  EXPECT_EQ(infer::write_dance_videos({video("a.png")}, {}, motion, options), 120);
  EXPECT_EQ(network->calls, 5);  // 24 pictures by five
  EXPECT_EQ(network->largest, 5);
  infer::write_dance_videos({video("a.mp4")}, {}, motion, options);
  EXPECT_EQ(network->calls, 5 + 24);
}

TEST(ModelVideo, SeveralPeopleEachAndSideBySide) {
  const auto network = std::make_shared<ToyNetwork>();
  const TempFolder folder;
  const Motion motion = dance(20, 2.0);
  infer::PhotoVideoOptions options;
  options.video.rate = {10, 1};
  options.video.seconds = 2.0;
  options.video.comment = "video: all of them";
  std::vector<infer::DanceVideo> videos;
  const media::Rgb colours[] = {{150, 40, 40}, {40, 150, 40}, {40, 40, 150}};
  for (std::size_t i = 0; i < 3; ++i) {
    const int size = i == 1 ? 64 : 32;  // the lowest decides
    videos.push_back({folder / fmt::format("a-{}.mp4", i + 1), fmt::format("video: person {}", i + 1),
                      infer::model_drawer(model_of(network, size),
                                          FramedPhoto(media::Image(90, 90, colours[i]), motion, {size, size}), 4)});
  }
  EXPECT_EQ(infer::write_dance_videos(videos, folder / "a.mp4", motion, options), 20);
  const auto all = frames_of(folder / "a.mp4");
  ASSERT_EQ(all.size(), 20U);
  EXPECT_EQ(all[0].width, 96);
  EXPECT_EQ(all[0].height, 32);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto own = frames_of(folder / fmt::format("a-{}.mp4", i + 1));
    ASSERT_EQ(own.size(), 20U);
    const media::Rgb there = colour_at(all[7], 16.0 + 32.0 * static_cast<double>(i), 16.0);
    const media::Rgb here = colour_at(own[7], own[7].width / 2.0, own[7].height / 2.0);
    EXPECT_NEAR(there.r, here.r, 8);
    EXPECT_NEAR(there.g, here.g, 8);
    EXPECT_NEAR(there.b, here.b, 8);
  }
  EXPECT_THAT(util::read_text(folder / "a-2.mp4"), HasSubstr("video: person 2"));
  EXPECT_THAT(util::read_text(folder / "a.mp4"), HasSubstr("video: all of them"));
}

TEST(ModelVideo, FramesAreInStepWithTheSound) {
  const TempFolder folder;
  media::Audio sound;
  sound.samples.assign(16000 * 3, 0.0F);
  std::fill(sound.samples.begin() + 16000 * 3 / 2, sound.samples.end(), 0.5F);  // a step at 1.5 s
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    sound.samples[i] *= static_cast<float>(std::sin(0.4 * static_cast<double>(i)));
  }
  media::write_wav(folder / "song.wav", sound);
  Motion motion = dance(30);
  for (std::int64_t f = 15; f < 30; ++f) {  // from 1.5 s on the dancer crouches: fewer pixels of pose
    for (int v = 0; v < 18; ++v) {
      motion.x(f, v) = 250.0F + static_cast<float>(v % 3);
      motion.y(f, v) = 100.0F + static_cast<float>(v % 5);
    }
  }
  infer::PhotoVideoOptions options;
  options.video.rate = {25, 1};
  options.video.seconds = sound.seconds();
  options.video.sound = folder / "song.wav";
  const VideoModel model = model_of(std::make_shared<ToyNetwork>(), 64);
  infer::write_dance_videos(
      {{folder / "a.mp4", "",
        infer::model_drawer(model, FramedPhoto(media::Image(64, 64, {90, 90, 90}), motion, {64, 64}), 3)}},
      {}, motion, options);
  std::vector<double> times;
  const auto frames = frames_of(folder / "a.mp4", &times);
  ASSERT_EQ(frames.size(), 75U);
  const auto brightness = [&](std::size_t i) { return static_cast<double>(colour_at(frames[i], 32, 32).r); };
  double seen = 0.0;
  for (std::size_t i = 0; i < frames.size() && seen == 0.0; ++i) {
    EXPECT_NEAR(times[i], static_cast<double>(i) / 25.0, 1e-3);
    seen = brightness(i) < (brightness(0) + brightness(74)) / 2 ? times[i] : 0.0;
  }
  const media::Audio heard = media::decode_audio(folder / "a.mp4", 16000);
  const auto loud =
      std::find_if(heard.samples.begin(), heard.samples.end(), [](float s) { return std::abs(s) > 0.2F; });
  const double onset = static_cast<double>(loud - heard.samples.begin()) / 16000.0;
  EXPECT_NEAR(onset, 1.5, 0.03);
  EXPECT_NEAR(seen, 1.45, 0.06);  // half-way between the poses of 1.4 and 1.5 s, to a frame
  EXPECT_NEAR(heard.seconds(), 3.0, 0.05);
}

double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM", 0) == 0) {
      return std::stod(line.substr(6)) / 1024;
    }
  }
  return 0.0;
}

TEST(ModelVideo, ALongSongHoldsNoFrames) {
  const TempFolder folder;
  infer::PhotoVideoOptions options;
  options.video.rate = {10, 1};
  const Motion motion = dance(100);
  const VideoModel model = model_of(std::make_shared<ToyNetwork>(), 128);
  const auto write = [&](double seconds) {
    options.video.seconds = seconds;
    std::vector<infer::DanceVideo> videos;
    for (const char* name : {"a-1.mp4", "a-2.mp4"}) {
      videos.push_back(
          {folder / name, "", infer::model_drawer(model, FramedPhoto(painted_photo(), motion, {128, 128}), 4)});
    }
    infer::write_dance_videos(videos, folder / "a.mp4", motion, options);
    return peak_mib();
  };
  const double before = write(5.0);        // encoders, pools
  EXPECT_LT(write(150.0) - before, 40.0);  // its frames alone would be 280 MiB
}

TEST(ModelVideo, AStopLeavesNothing) {
  const TempFolder folder;
  infer::PhotoVideoOptions options;
  options.video.seconds = 3.0;
  const Motion motion = dance(30);
  const auto draw = infer::model_drawer(model_of(std::make_shared<ToyNetwork>(), 32),
                                        FramedPhoto(painted_photo(), motion, {32, 32}), 4);
  const auto stopping = [&](const infer::DanceFrame& frame, PhotoPose& placed) {
    if (frame.frame == 40) {
      util::request_stop();
    }
    return draw(frame, placed);
  };
  const int code = exit_code_of([&] {
    infer::write_dance_videos({{folder / "a-1.mp4", "", stopping}}, folder / "a.mp4", motion, options);
  });
  util::clear_stop_request();
  EXPECT_EQ(code, 75);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace stgmamba::test
