// SPDX-License-Identifier: MIT
// The cards of the video metrics.
#include "stgmamba/eval/video_columns.hpp"
#include "stgmamba/image_metrics/pixels.hpp"

namespace stgmamba::eval {

namespace {

using metrics::Direction;
using Kind = VideoColumn::Kind;

VideoColumn column(const char* name, const char* title, const char* unit, Direction direction, const char* definition,
                   std::map<std::string, double> constants = {}, Kind kind = Kind::kMean) {
  VideoColumn made;
  made.card.name = name;
  made.card.title = title;
  made.card.unit = unit;
  made.card.definition = definition;
  made.card.direction = direction;
  made.card.constants = std::move(constants);
  made.kind = kind;
  return made;
}

/// Distances between distributions of network features.
void add_distances(std::vector<VideoColumn>& columns) {
  const auto add = [&](const char* name, const char* title, const char* definition,
                       std::map<std::string, double> constants, Kind kind = Kind::kFrechet) {
    if (kind == Kind::kFrechet) {
      constants["most_replicates"] = kFrechetReplicates;
    }
    columns.push_back(column(name, title, "", Direction::kLower, definition, std::move(constants), kind));
  };
  const std::map<std::string, double> inception = {{"side_px", 299}, {"ddof", 1}};
  add("fid", "FID",
      "Frechet distance between Inception features of all frames and of the true ones; resize pt: bilinear between "
      "pixel centres, then x / 127.5 - 1.",
      inception);
  add("fid_tf", "FID tf",
      "FID behind TensorFlow 1's bilinear resize without half-pixel shift, then (x - 128) / 128: the original's.",
      inception);
  add("fid_clean", "FID clean", "FID behind Pillow's bicubic resize with antialias, then (x - 128) / 128.", inception);
  add("kid", "KID",
      "Unbiased squared maximum mean discrepancy between the same features under (x.y / 2048 + 1)^3, over all pairs of "
      "frames instead of random subsets.",
      {{"side_px", 299}}, Kind::kKernel);
  add("fvd", "FVD",
      "Frechet distance between I3D logits of each clip's first frames and of the true ones, frames resized (pt) to "
      "224x224; covariance divided by N.",
      {{"frames", static_cast<double>(kFvdFrames)}, {"side_px", 224}, {"ddof", 0}});
  add("fd_random", "FD-random (not FID)",
      "Frechet distance between frames' mean relu5 features of random-alexnet-v1, an untrained network with fixed "
      "weights, at 128x128. Orders rows by colour and texture; compares with no published number.",
      {{"side_px", 128}, {"ddof", 1}});
}

/// Each frame beside the true one.
void add_differences(std::vector<VideoColumn>& columns) {
  const auto add = [&](const char* name, const char* title, const char* unit, Direction direction,
                       const char* definition, std::map<std::string, double> constants = {}) {
    columns.push_back(column(name, title, unit, direction, definition, std::move(constants)));
  };
  add("lpips", "LPIPS", "", Direction::kLower,
      "LPIPS 0.1 with AlexNet between each frame and the true one, no resize.");
  add("lpips_vgg", "LPIPS vgg", "", Direction::kLower, "LPIPS 0.1 with VGG16 between each frame and the true one.");
  add("l1", "L1", "", Direction::kLower, "Mean absolute difference from the true frame, pixels in [-1, 1].");
  add("psnr", "PSNR", "dB", Direction::kHigher, "10 log10(255^2 / mean squared error), mean over frames.",
      {{"cap_db", image_metrics::kPsnrCap}});
  add("ssim", "SSIM", "", Direction::kHigher, "Structural similarity, Gaussian window, mean over colour channels.",
      {{"window_px", 11}, {"sigma_px", 1.5}, {"k1", 0.01}, {"k2", 0.03}});
  const std::map<std::string, double> reach = {{"reach_bodies", 0.3}};
  add("l1_person", "L1 person", "", Direction::kLower, "L1 inside the dilated skeleton.", reach);
  add("psnr_person", "PSNR person", "dB", Direction::kHigher, "PSNR inside the dilated skeleton.", reach);
  add("ssim_person", "SSIM person", "", Direction::kHigher, "SSIM of windows centred in the dilated skeleton.", reach);
}

/// What a clip says about the method by itself.
void add_behaviour(std::vector<VideoColumn>& columns) {
  const auto add = [&](const char* name, const char* title, Direction direction, const char* definition,
                       std::map<std::string, double> constants = {}) {
    columns.push_back(column(name, title, "", direction, definition, std::move(constants)));
  };
  add("warp", "E_w", Direction::kAsReal,
      "Flicker: mean |I_t - warp(I_{t-1})| in [-1, 1] along DIS flow of the frames themselves, where it leads there "
      "and "
      "back. A still picture has 0.",
      {{"return_px", 1.0}, {"return_share", 0.05}});
  add("identity", "identity", Direction::kHigher,
      "Share of the other people of the test set whose clothes' colours (mean RGB along ten parts of the skeleton) are "
      "further from the frames than the person's own. Sees no faces.",
      {{"parts", 10}, {"reach_bodies", 0.1}});
  add("identity_swap", "identity swapped", Direction::kHigher,
      "The same with somebody else's photo over these poses: nearer to whom the photo shows.",
      {{"parts", 10}, {"reach_bodies", 0.1}});
  add("skeleton", "shuffled / L1", Direction::kHigher,
      "L1 when the clip's skeletons come in another order, over L1: 1 means that poses change nothing.");
  add("consistency_forward", "|I-I^|", Direction::kLower,
      "Mean absolute difference between the frames and the forward strategy's, pixels in [-1, 1].");
  add("consistency_backward", "|I-I~|", Direction::kLower,
      "Mean absolute difference between the frames and the backward strategy's.");
  add("consistency_both", "|I^-I~|", Direction::kLower,
      "Mean absolute difference between the forward and the backward strategy's frames.");
  add("rollout_forward", "|I-I^| chained", Direction::kLower,
      "The forward difference with every frame made from the re-made frame before it: what is lost adds up.");
  add("rollout_backward", "|I-I~| chained", Direction::kLower,
      "The backward difference with every frame made from the re-made frame after it.");
}

}  // namespace

const std::vector<VideoColumn>& video_columns() {
  static const std::vector<VideoColumn> kColumns = [] {
    std::vector<VideoColumn> columns;
    add_distances(columns);
    add_differences(columns);
    add_behaviour(columns);
    return columns;
  }();
  return kColumns;
}

}  // namespace stgmamba::eval
