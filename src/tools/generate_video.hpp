// SPDX-License-Identifier: MIT
// The picture side of stg_generate: a drawn skeleton, people of photos cut out at their joints, or puppets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/infer/photo_video.hpp"

namespace CLI {
class App;
}

namespace stgmamba::tools {

class GenerateVideo {
 public:
  void declare(CLI::App& app);
  /// Refuses flags that do not go together; throws UsageError.
  void check() const;
  /// Reads photos and poses and cuts the people out, so that what is wrong with them is said before any work is done.
  void prepare();
  /// Videos of one dance: one a photo.
  std::size_t copies() const { return std::max<std::size_t>(1, images_.size()); }
  /// Files that are read, so that none is written over.
  std::vector<std::string> inputs() const;
  /// What draws copy `copy`, for the log and the file's metadata.
  std::string made_by(std::size_t copy) const;
  std::int64_t write(const std::filesystem::path& path, std::size_t copy, const skeleton::Motion& motion,
                     const infer::SkeletonVideoOptions& options) const;

 private:
  enum class Kind { kSkeleton, kCutout, kPuppet };
  Kind kind() const;
  std::int64_t write_puppet(const std::filesystem::path& path, const skeleton::Motion& motion,
                            const infer::PhotoVideoOptions& options) const;
  infer::PhotoPose find_pose(std::size_t copy, const media::Image& photo) const;

  std::string video_, pose_model_, overlay_ = "none";
  std::vector<std::string> images_, poses_;
  std::int64_t image_frame_ = 0;
  int height_ = 0, identity_ = 0;
  std::vector<infer::Cutout> people_;  // one a photo
};

}  // namespace stgmamba::tools
