// SPDX-License-Identifier: MIT
// What makes a video of a photo and poses: a network of ours, the cutout, or a still that tells what a number is worth.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/eval/video_bed.hpp"
#include "stgmamba/infer/strategy.hpp"

namespace stgmamba::eval {

struct VideoMethod {
  std::string name, label;
  /// uint8 [F, 3, S, S]: the person of clip.photo in the poses clip.motion. Methods do not look at clip.truth.
  std::function<at::Tensor(const VideoClip& clip)> frames;
  /// How far the network's three strategies agree; unset: it has one alone, or its frames are not the baseline's.
  std::function<infer::Consistency(const VideoClip& clip, const infer::StrategyConfig& how)> consistency;
  bool moves = true;  // false: poses change nothing, so that shuffling them says nothing
};

/// copy_photo (I_0, F times), mean_frame (a still: the mean of the clip's true frames, which no method knows), cutout
/// (infer/cutout.hpp) and reposed (nn/repose.hpp), both in the truth's own poses.
std::vector<VideoMethod> reference_methods();

/// A network for pictures of the clips' size, by the strategy asked for. Recurrent ones render a clip from its first
/// frame on.
VideoMethod network_method(const std::shared_ptr<models::VideoGenerator>& network, skeleton::PoseMapKind kind,
                           c10::Device device, const infer::StrategyConfig& strategy = {});

/// The network of a skeleton_to_video run or checkpoint. `checkpoint`: best, last or auto (infer::VideoModel). Throws
/// ConfigError when it was trained on pictures of another size, CheckpointError when it has no finished checkpoint.
VideoMethod trained_method(const std::filesystem::path& run, const std::string& label, std::int64_t size,
                           c10::Device device, const std::string& checkpoint = "auto",
                           const infer::StrategyConfig& strategy = {});
/// Side of the pictures that a run was trained on.
std::int64_t trained_size(const std::filesystem::path& run);

}  // namespace stgmamba::eval
