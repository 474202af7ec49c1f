// SPDX-License-Identifier: MIT
#include "tools/generate_video.hpp"

#include <cmath>

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "stgmamba/synth/puppet.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"

namespace stgmamba::tools {
namespace {

constexpr std::uint64_t kPuppetSeed = 1;  // of the corpus as `stg_data synth` makes it

int even(double size) {
  return 2 * static_cast<int>(std::lround(size / 2.0));
}

}  // namespace

void GenerateVideo::declare(CLI::App& app) {
  app.add_option("--image", images_, "Photo of the person who shall dance; several: one video each");
  app.add_option("--image-pose", poses_,
                 "Joints of the photo, one file a photo: OpenPose .json, our .npz, COCO points or a list of [x, y]");
  app.add_option("--image-frame", image_frame_, "Which frame of --image-pose, from 0")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{100000000}))
      ->capture_default_str();
  app.add_option("--pose-model", pose_model_, "PoseNet (.onnx) that finds the joints where --image-pose is not given");
  app.add_option("--video", video_, "skeleton, cutout or puppet (default: cutout with --image, else skeleton)")
      ->check(CLI::IsMember({"skeleton", "cutout", "puppet"}));
  app.add_option("--identity", identity_, "Which puppet of --video puppet")
      ->check(CLI::Range(0, synth::kPuppets - 1))
      ->capture_default_str();
  app.add_option("--overlay", overlay_, "With a photo or a puppet: also the skeleton, over it or side-by-side")
      ->check(CLI::IsMember({"none", "skeleton", "side-by-side"}))
      ->capture_default_str();
  app.add_option("--height", height_, "Height of a photo's video in pixels (default: the photo's, 256 to 1080)")
      ->check(CLI::Range(64, 4320));
}

GenerateVideo::Kind GenerateVideo::kind() const {
  if (video_ == "puppet") {
    return Kind::kPuppet;
  }
  return video_ == "cutout" || (video_.empty() && !images_.empty()) ? Kind::kCutout : Kind::kSkeleton;
}

void GenerateVideo::check() const {
  if (kind() != Kind::kCutout) {
    if (!images_.empty()) {
      throw UsageError("--video {} draws no photo; leave --image out or ask for --video cutout", video_);
    }
    if ((overlay_ != "none" && kind() == Kind::kSkeleton) || height_ > 0 || !poses_.empty() || !pose_model_.empty()) {
      throw UsageError("--overlay, --height, --image-pose and --pose-model go with --image");
    }
    return;
  }
  if (images_.empty()) {
    throw UsageError("--video cutout needs a photo: --image person.jpg");
  }
  if (!poses_.empty() && poses_.size() != images_.size()) {
    throw UsageError("--image-pose must be given once for every --image, got {} for {}", poses_.size(), images_.size());
  }
  if (poses_.empty() && pose_model_.empty()) {
    throw UsageError(
        "{}: where the person's joints are must be given: --image-pose FILE (OpenPose .json, .npz, COCO points or a "
        "list of 18 [x, y]) or --pose-model FILE.onnx (PoseNet)",
        images_.front());
  }
}

std::vector<std::string> GenerateVideo::inputs() const {
  std::vector<std::string> all = images_;
  all.insert(all.end(), poses_.begin(), poses_.end());
  all.push_back(pose_model_);
  return all;
}

infer::PhotoPose GenerateVideo::find_pose(std::size_t copy, const media::Image& photo) const {
  return poses_.empty() ? infer::detect_photo_pose(pose_model_, photo)
                        : infer::read_photo_pose(poses_[copy], image_frame_, photo.width, photo.height);
}

void GenerateVideo::prepare() {
  if (kind() == Kind::kPuppet) {
    util::log().info("{}: a drawn figure of the synthetic corpus, no trained video model",
                     synth::puppet_name(identity_));
  }
  if (kind() != Kind::kCutout) {
    return;
  }
  for (std::size_t copy = 0; copy < images_.size(); ++copy) {
    const std::string& name = images_[copy];
    const media::Image photo = media::load_image(name);
    const media::Image fitted = infer::fit_photo(photo, height_, name);
    const infer::PhotoPose pose = infer::scale_pose(find_pose(copy, photo), double(fitted.width) / photo.width,
                                                    double(fitted.height) / photo.height);
    people_.emplace_back(fitted, pose, name);
    util::log().info("{}: cutout (limbs of the photo moved, no trained video model), {}x{}", name, fitted.width,
                     fitted.height);
    for (const std::string& note : people_.back().notes()) {
      util::log().info("{}: {}", name, note);
    }
  }
}

std::string GenerateVideo::made_by(std::size_t copy) const {
  if (kind() == Kind::kSkeleton) {
    return "skeleton";
  }
  return kind() == Kind::kPuppet ? fmt::format("drawn {} (no trained video model)", synth::puppet_name(identity_))
                                 : fmt::format("cutout of {} (no trained video model)",
                                               std::filesystem::path(images_[copy]).filename().string());
}

std::int64_t GenerateVideo::write(const std::filesystem::path& path, std::size_t copy, const skeleton::Motion& motion,
                                  const infer::SkeletonVideoOptions& options) const {
  if (kind() == Kind::kSkeleton) {
    return infer::write_skeleton_video(path, motion, options);
  }
  infer::PhotoVideoOptions photo{options};
  photo.overlay = overlay_ == "skeleton"       ? infer::Overlay::kSkeleton
                  : overlay_ == "side-by-side" ? infer::Overlay::kSideBySide
                                               : infer::Overlay::kNone;
  return kind() == Kind::kPuppet ? write_puppet(path, motion, photo)
                                 : infer::write_cutout_video(path, people_[copy], motion, photo);
}

std::int64_t GenerateVideo::write_puppet(const std::filesystem::path& path, const skeleton::Motion& motion,
                                         const infer::PhotoVideoOptions& options) const {
  const double scale = options.video.scale;
  const synth::PuppetLook look = synth::puppet_look(kPuppetSeed, identity_);
  const media::Image scene = synth::backdrop(kPuppetSeed, look.backdrop, even(skeleton::kFrameWidth * scale),
                                             even(skeleton::kFrameHeight * scale));
  const double metre = synth::puppet_metre(motion) * scale;
  return infer::write_dance_video(
      path, motion,
      [&](const skeleton::Motion& moving, std::int64_t frame, skeleton::NearSide near, infer::PhotoPose& placed) {
        for (int v = 0; v < skeleton::kJoints; ++v) {
          placed[v] = {moving.x(frame, v) * scale, moving.y(frame, v) * scale};
          placed.score[static_cast<std::size_t>(v)] = 1.0F;
        }
        media::Image picture = scene;
        synth::draw_puppet(picture, placed.at, metre, near, look);
        return picture;
      },
      options);
}

}  // namespace stgmamba::tools
