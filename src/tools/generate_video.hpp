// SPDX-License-Identifier: MIT
// The picture side of stg_generate: a drawn skeleton, people of photos cut out at their joints, puppets, or people of
// photos as a trained network draws them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/infer/model_painter.hpp"
#include "stgmamba/infer/photo_video.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace stgmamba::tools {

class GenerateVideo {
 public:
  void declare(CLI::App& app);
  /// Refuses flags that do not go together; throws UsageError.
  void check() const;
  /// Reads the model, photos and poses and cuts the people out, so that what is wrong with them is said before any work
  /// is done.
  void prepare(c10::Device device);
  /// Whether a photo sets the size of the video.
  bool has_photo() const { return !images_.empty(); }
  /// Whether anything but a plain skeleton was asked for.
  bool wanted() const { return has_photo() || !video_.empty() || overlay_ != "none"; }
  /// Videos of one dance: one a photo.
  std::size_t copies() const { return std::max<std::size_t>(1, images_.size()); }
  /// Files that are read, so that none is written over.
  std::vector<std::string> inputs() const;
  /// What draws copy `copy`, for the log and the file's metadata.
  std::string made_by(std::size_t copy) const;
  /// The same for all copies.
  std::string made_by() const;
  /// One file a copy and, where `together` is not empty, all of them side by side in one more. `options.comment` is
  /// followed by what draws. Returns the number of frames.
  std::int64_t write(const std::vector<std::filesystem::path>& files, const std::filesystem::path& together,
                     const skeleton::Motion& motion, const infer::SkeletonVideoOptions& options) const;

 private:
  enum class Kind { kSkeleton, kCutout, kPuppet, kModel };
  /// A photo for the network, in the pixels of its pose.
  struct Posed {
    media::Image photo;
    infer::PhotoPose pose;
    bool has_pose = false;
  };
  Kind kind() const;
  void check_photos() const;
  infer::DrawFrame drawer(std::size_t copy, const skeleton::Motion& motion,
                          const infer::SkeletonVideoOptions& options) const;
  infer::DrawFrame model_drawer(std::size_t copy, const skeleton::Motion& motion) const;
  Posed read_photo(std::size_t copy, int height) const;

  std::string video_, pose_model_, overlay_ = "none";
  std::vector<std::string> images_, poses_;
  std::int64_t image_frame_ = 0, batch_ = 0;
  int height_ = 0, identity_ = 0;
  CLI::Option *identity_option_ = nullptr, *image_frame_option_ = nullptr;
  std::vector<infer::Cutout> people_;  // one a photo, for cutouts
  std::vector<Posed> photos_;          // one a photo, for the network
  infer::VideoModel model_;
};

}  // namespace stgmamba::tools
