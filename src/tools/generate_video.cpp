// SPDX-License-Identifier: MIT
#include "tools/generate_video.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "stgmamba/synth/puppet.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"

namespace stgmamba::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPuppetSeed = 1;  // of the corpus as `stg_data synth` makes it
constexpr std::int64_t kBatch = 4;        // frames the network makes at once

int even(double size) {
  return 2 * static_cast<int>(std::lround(size / 2.0));
}

infer::DrawFrame puppet_drawer(int identity, const skeleton::Motion& motion, double scale) {
  const synth::PuppetLook look = synth::puppet_look(kPuppetSeed, identity);
  const media::Image scene = synth::backdrop(kPuppetSeed, look.backdrop, even(skeleton::kFrameWidth * scale),
                                             even(skeleton::kFrameHeight * scale));
  const double metre = synth::puppet_metre(motion) * scale;
  return [=](const infer::DanceFrame& frame, infer::PhotoPose& placed) {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      placed[v] = {frame.motion.x(frame.frame, v) * scale, frame.motion.y(frame.frame, v) * scale};
      placed.score[static_cast<std::size_t>(v)] = 1.0F;
    }
    media::Image picture = scene;
    synth::draw_puppet(picture, placed.at, metre, frame.near, look);
    return picture;
  };
}

}  // namespace

void GenerateVideo::declare(CLI::App& app) {
  app.add_option("--image", images_,
                 "Photo of the person who shall dance; several: one video each, and one of all side by side");
  app.add_option(
      "--image-pose", poses_,
      "Joints of the photo, one file a photo: OpenPose .json, our .npz, COCO points or a list of [x, y]; the "
      "cutout needs them, and a network that was trained with model.condition=reposed");
  image_frame_option_ = app.add_option("--image-frame", image_frame_, "Which frame of --image-pose, from 0");
  image_frame_option_->check(CLI::Range(std::int64_t{0}, std::int64_t{100000000}))->capture_default_str();
  app.add_option("--pose-model", pose_model_, "PoseNet (.onnx) that finds the joints where --image-pose is not given");
  app.add_option("--video", video_,
                 "skeleton, cutout, puppet, or the run, checkpoint or weights file of a trained video model (default: "
                 "cutout with --image, else skeleton)");
  app.add_option("--video-batch", batch_, "Frames that a video model makes at once (default: 4)")
      ->check(CLI::Range(1, 1024));
  identity_option_ = app.add_option("--identity", identity_, "Which puppet of --video puppet");
  identity_option_->check(CLI::Range(0, synth::kPuppets - 1))->capture_default_str();
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
  if (video_ == "cutout" || (video_.empty() && !images_.empty())) {
    return Kind::kCutout;
  }
  return video_.empty() || video_ == "skeleton" ? Kind::kSkeleton : Kind::kModel;
}

void GenerateVideo::check() const {
  if (kind() == Kind::kModel && !fs::exists(video_)) {
    throw UsageError(
        "--video must be skeleton, cutout, puppet, or the run, checkpoint or weights file of a trained video model; "
        "there is no '{}'",
        video_);
  }
  if (batch_ > 0 && kind() != Kind::kModel) {
    throw UsageError("--video-batch goes with --video MODEL");
  }
  if (identity_option_->count() > 0 && kind() != Kind::kPuppet) {
    throw UsageError("--identity goes with --video puppet");
  }
  if (image_frame_option_->count() > 0 && poses_.empty()) {
    throw UsageError("--image-frame goes with --image-pose");
  }
  if (kind() == Kind::kCutout || kind() == Kind::kModel) {
    check_photos();
    return;
  }
  if (!images_.empty()) {
    throw UsageError("--video {} draws no photo; leave --image out or ask for --video cutout", video_);
  }
  if (overlay_ != "none" && kind() == Kind::kSkeleton) {
    throw UsageError("--overlay goes with --image or --video puppet: a skeleton alone has nothing to be drawn over");
  }
  if (height_ > 0 || !poses_.empty() || !pose_model_.empty()) {
    throw UsageError("--height, --image-pose and --pose-model go with --image");
  }
}

void GenerateVideo::check_photos() const {
  const bool model = kind() == Kind::kModel;
  if (images_.empty()) {
    throw UsageError("--video {} needs a photo: --image person.jpg", model ? "MODEL" : "cutout");
  }
  if (!poses_.empty() && poses_.size() != images_.size()) {
    throw UsageError("--image-pose must be given once for every --image, got {} for {}", poses_.size(), images_.size());
  }
  if (!poses_.empty() && !pose_model_.empty()) {
    throw UsageError("--pose-model finds the joints where --image-pose does not say them; give one of the two");
  }
  if (model && height_ > 0) {
    throw UsageError("--height: a video model's pictures have the size that it was trained on; leave it out");
  }
  if (!model && poses_.empty() && pose_model_.empty()) {
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

/// At the size that fit_photo gives it, with its pose where there is one.
GenerateVideo::Posed GenerateVideo::read_photo(std::size_t copy, int height) const {
  const std::string& name = images_[copy];
  const media::Image photo = media::load_image(name);
  Posed posed{infer::fit_photo(photo, height, name), {}, !poses_.empty() || !pose_model_.empty()};
  if (posed.has_pose) {
    const infer::PhotoPose pose = poses_.empty()
                                      ? infer::detect_photo_pose(pose_model_, photo)
                                      : infer::read_photo_pose(poses_[copy], image_frame_, photo.width, photo.height);
    posed.pose =
        infer::scale_pose(pose, double(posed.photo.width) / photo.width, double(posed.photo.height) / photo.height);
  }
  return posed;
}

void GenerateVideo::prepare(c10::Device device) {
  if (kind() == Kind::kPuppet) {
    util::log().info("{}: a drawn figure of the synthetic corpus, no trained video model",
                     synth::puppet_name(identity_));
  }
  if (kind() == Kind::kModel) {
    model_ = infer::VideoModel::load(video_, device);
    util::log().info("{} from {}, {}x{}", model_.name, model_.source.string(), model_.pose_maps.width,
                     model_.pose_maps.height);
  }
  for (std::size_t copy = 0; copy < images_.size(); ++copy) {
    const std::string& name = images_[copy];
    Posed posed = read_photo(copy, height_);
    if (kind() == Kind::kModel) {
      if (posed.has_pose) {
        infer::require_measurable(posed.pose, name);
      } else if (model_.network->needs_joints()) {
        throw UsageError(
            "{}: {} moves the photo's limbs, so where the person's joints are must be given: --image-pose FILE or "
            "--pose-model FILE.onnx",
            name, video_);
      }
      photos_.push_back(std::move(posed));
      continue;
    }
    people_.emplace_back(posed.photo, posed.pose, name);
    util::log().info("{}: cutout (limbs of the photo moved, no trained video model), {}x{}", name, posed.photo.width,
                     posed.photo.height);
    for (const std::string& note : people_.back().notes()) {
      util::log().info("{}: {}", name, note);
    }
  }
}

std::string GenerateVideo::made_by(std::size_t copy) const {
  switch (kind()) {
    case Kind::kSkeleton:
      return "skeleton";
    case Kind::kPuppet:
      return fmt::format("drawn {} (no trained video model)", synth::puppet_name(identity_));
    case Kind::kCutout:
      return fmt::format("cutout of {} (no trained video model)", fs::path(images_[copy]).filename().string());
    case Kind::kModel:
      break;
  }
  return fmt::format("{} from {}, of {}", model_.name, model_.source.string(),
                     fs::path(images_[copy]).filename().string());
}

std::string GenerateVideo::made_by() const {
  std::string all = made_by(0);
  for (std::size_t copy = 1; copy < copies(); ++copy) {
    all += "; " + made_by(copy);
  }
  return all;
}

infer::DrawFrame GenerateVideo::model_drawer(std::size_t copy, const skeleton::Motion& motion) const {
  const Posed& posed = photos_[copy];
  const infer::PictureFrame frame = {model_.pose_maps.width, model_.pose_maps.height, model_.framing};
  infer::FramedPhoto framed = posed.has_pose ? infer::FramedPhoto(posed.photo, posed.pose, motion, frame, images_[copy])
                                             : infer::FramedPhoto(posed.photo, motion, frame);
  for (const std::string& note : framed.notes()) {
    util::log().info("{}: {}", images_[copy], note);
  }
  return infer::model_drawer(model_, std::move(framed), batch_ > 0 ? batch_ : kBatch);
}

infer::DrawFrame GenerateVideo::drawer(std::size_t copy, const skeleton::Motion& motion,
                                       const infer::SkeletonVideoOptions& options) const {
  switch (kind()) {
    case Kind::kPuppet:
      return puppet_drawer(identity_, motion, options.scale);
    case Kind::kModel:
      return model_drawer(copy, motion);
    default:
      return infer::cutout_drawer(people_[copy], motion);
  }
}

std::int64_t GenerateVideo::write(const std::vector<fs::path>& files, const fs::path& together,
                                  const skeleton::Motion& motion, const infer::SkeletonVideoOptions& options) const {
  infer::PhotoVideoOptions photo{options};
  photo.video.comment += "video: " + made_by();
  if (kind() == Kind::kSkeleton) {
    return infer::write_skeleton_video(files.front(), motion, photo.video);
  }
  photo.overlay = overlay_ == "skeleton"       ? infer::Overlay::kSkeleton
                  : overlay_ == "side-by-side" ? infer::Overlay::kSideBySide
                                               : infer::Overlay::kNone;
  std::vector<infer::DanceVideo> videos;
  for (std::size_t copy = 0; copy < files.size(); ++copy) {
    videos.push_back({files[copy], options.comment + "video: " + made_by(copy), drawer(copy, motion, options)});
  }
  return infer::write_dance_videos(videos, together, motion, photo);
}

}  // namespace stgmamba::tools
