// SPDX-License-Identifier: MIT
#include "stgmamba/eval/video_method.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/image_metrics/frames.hpp"
#include "stgmamba/infer/cutout.hpp"
#include "stgmamba/nn/pixel_values.hpp"
#include "stgmamba/nn/repose.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"

namespace stgmamba::eval {

namespace {

using image_metrics::to_frames;
using image_metrics::to_picture;
using nn::to_bytes;
using nn::to_unit;
using skeleton::Motion;

constexpr int kCutoutSide = 256;  // smaller photos are enlarged: a limb of two pixels cannot be cut out

infer::PhotoPose photo_pose(const Motion& motion, std::int64_t frame, double scale) {
  infer::PhotoPose pose;
  for (int joint = 0; joint < skeleton::kJoints; ++joint) {
    const bool seen = !motion.missing(frame, joint);
    pose[joint] = {(motion.x(frame, joint) + 0.5) * scale - 0.5, (motion.y(frame, joint) + 0.5) * scale - 0.5};
    pose.score[static_cast<std::size_t>(joint)] = seen ? 1.0F : 0.0F;
  }
  return pose;
}

/// The clip's poses with what is missing filled: the figure is drawn whole or not at all.
Motion filled(const VideoClip& clip) {
  Motion motion = in_picture(clip.motion, clip.placement);
  skeleton::fill_missing(motion, 1.0);
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  return motion;
}

/// The photo's limbs moved to every pose, as a network with a reposed condition is shown it.
at::Tensor reposed_frames(const VideoClip& clip) {
  const at::Tensor photo = to_unit(clip.photo).unsqueeze(0), from = joints(clip.photo_pose, clip.photo_placement);
  std::vector<at::Tensor> made;
  for (const at::Tensor& to : joints(clip.motion, clip.placement).split(1)) {  // a whole clip would need a gigabyte
    made.push_back(nn::repose(photo, from, to));
  }
  return to_bytes(torch::cat(made));
}

/// Where nobody can be cut out of the photo, the photo stands for every frame, and the log says so.
at::Tensor cutout_frames(const VideoClip& clip) {
  const auto side = static_cast<int>(clip.photo.size(2));
  const int enlarged = std::max(side, kCutoutSide);
  const double scale = static_cast<double>(enlarged) / side;
  const media::Image photo = media::resize(to_picture(clip.photo), enlarged, enlarged);
  const Motion motion = filled(clip);
  try {
    const infer::Cutout person(photo, photo_pose(in_picture(clip.photo_pose, clip.photo_placement), 0, scale),
                               clip.take);
    const std::vector<skeleton::NearSide> near = skeleton::near_sides(motion);
    std::vector<media::Image> pictures;
    for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
      const media::Image large = person.render(photo_pose(motion, frame, scale), near[static_cast<std::size_t>(frame)]);
      pictures.push_back(media::resize(large, side, side));
    }
    return to_frames(pictures);
  } catch (const DataError& error) {
    util::log().warn("{}; its photo stands for every frame of the cutout", error.what());
    return clip.photo.expand_as(clip.truth).clone();
  }
}

}  // namespace

std::vector<VideoMethod> reference_methods() {
  std::vector<VideoMethod> methods;
  methods.push_back({"copy_photo",
                     "copy of I_0",
                     [](const VideoClip& clip) { return clip.photo.expand_as(clip.truth).clone(); },
                     {},
                     false});
  methods.push_back({"mean_frame",
                     "mean true frame (a still)",
                     [](const VideoClip& clip) {
                       const at::Tensor mean = clip.truth.to(torch::kDouble).mean(0).round().to(torch::kUInt8);
                       return mean.expand_as(clip.truth).clone();
                     },
                     {},
                     false});
  methods.push_back({"cutout", "cutout (no network)", cutout_frames, {}, true});
  methods.push_back({"reposed", "limbs moved (no network)", reposed_frames, {}, true});
  return methods;
}

VideoMethod network_method(const std::shared_ptr<models::VideoGenerator>& network, skeleton::PoseMapKind kind,
                           c10::Device device, const infer::StrategyConfig& strategy) {
  const auto inputs = [=](const VideoClip& clip) {
    return std::pair(
        models::Photo(to_unit(clip.photo.to(device)), joints(clip.photo_pose, clip.photo_placement)[0].to(device)),
        models::Poses(to_unit(pose_maps(clip, kind).to(device)), joints(clip.motion, clip.placement).to(device)));
  };
  VideoMethod method;
  method.frames = [=](const VideoClip& clip) {
    const auto [photo, poses] = inputs(clip);
    const at::Tensor made = infer::render_frames(*network, photo, poses, strategy);
    if (!made.isfinite().all().item<bool>()) {
      throw CheckpointError("take '{}': the network's pictures are not finite: its training diverged", clip.take);
    }
    return to_bytes(made).cpu();
  };
  if (!network->recurrent() && strategy.strategy == "baseline") {  // the three compared, whatever a row shows
    method.consistency = [=](const VideoClip& clip, const infer::StrategyConfig& how) {
      const auto [photo, poses] = inputs(clip);
      return infer::measure_consistency(*network, photo, poses, how);
    };
  }
  return method;
}

}  // namespace stgmamba::eval
