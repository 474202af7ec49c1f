// SPDX-License-Identifier: MIT
// One clip, seen by every metric that a table asks for. What comes out is small: numbers, and rows of features.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/eval/video_method.hpp"
#include "stgmamba/image_metrics/metric_nets.hpp"

namespace stgmamba::eval {

inline constexpr std::int64_t kFvdFrames = 16;  // T, the first of a clip
inline constexpr int kFrechetReplicates = 100;  // at most: each decomposes a matrix

struct ClipScores {
  std::map<std::string, double> value;     // by column; NaN where it means nothing
  std::map<std::string, at::Tensor> rows;  // features by column, [n, W] on the host
};
/// [seed][place]
using VideoScores = std::vector<std::vector<ClipScores>>;

class VideoJudge {
 public:
  /// `columns`: what is measured, by name (eval/video_columns.hpp). Networks that they need and that are there are
  /// loaded; without its network a column stays empty.
  VideoJudge(const VideoBed& bed, const image_metrics::MetricNets& nets, const std::vector<std::string>& columns,
             c10::Device device);
  ~VideoJudge();

  /// A method on every clip. Shows progress; throws StoppedError when asked to stop.
  std::vector<ClipScores> judge(const VideoMethod& method) const;
  /// The true frames: flicker, identity and features; they have no difference from themselves. Made once.
  const std::vector<ClipScores>& real() const;
  /// Hashes of the network files behind a column.
  std::map<std::string, std::string> files(const std::string& column) const;
  /// What to fetch for a column that stays empty, and where to put it; "" when nothing is missing.
  std::string missing(const std::string& column) const;
  const VideoBed& bed() const { return bed_; }

 private:
  struct Impl;
  ClipScores judge_clip(const VideoMethod& method, std::size_t place) const;
  const VideoBed& bed_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stgmamba::eval
