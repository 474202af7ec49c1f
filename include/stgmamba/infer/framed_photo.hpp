// SPDX-License-Identifier: MIT
// A photo as the picture that a video network knows, and a dance laid over it: one affine maps pixels and joints alike,
// of the kind that framed the training films.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/infer/photo_pose.hpp"
#include "stgmamba/media/image.hpp"
#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::infer {

/// Throws DataError, beginning with `name`, when no dance can be laid over a person in this pose: shoulders or both
/// hips missing, or too small.
void require_measurable(const PhotoPose& pose, const std::string& name);

/// The pictures that a network makes, and how its training films were framed (one of data::kFramings).
struct PictureFrame {
  int width = 0, height = 0;  // px
  std::string framing = "square_crop";
};

class FramedPhoto {
 public:
  /// The dance in the proportions and at the place of the photo's person (PlacedDance). The picture is what of the
  /// photo holds the person and the whole dance (square_crop; where the photo ends sooner, its edge is repeated), or
  /// the whole photo between black bars (letterbox) or stretched. Throws DataError as require_measurable does, and when
  /// more than half of the motion is missing.
  FramedPhoto(const media::Image& photo, const PhotoPose& pose, const skeleton::Motion& motion,
              const PictureFrame& frame, const std::string& name);
  /// Without a pose: the middle of the photo as far as it has the picture's shape (or the whole photo), and the whole
  /// dance, in its own proportions, laid over it, as a clip of the training data is framed.
  FramedPhoto(const media::Image& photo, const skeleton::Motion& motion, const PictureFrame& frame);
  ~FramedPhoto();
  FramedPhoto(FramedPhoto&&) noexcept;

  const media::Image& picture() const;
  const std::vector<std::string>& notes() const;  // how it was placed; for the log
  bool has_pose() const;
  /// The photo's, in the picture's pixels, named as place() names joints and with what was estimated; all joints are
  /// missing without one.
  PhotoPose own_pose() const;
  /// The pose of one frame of the same motion, at any frame rate, in the picture's pixels.
  PhotoPose place(const skeleton::Motion& motion, std::int64_t frame) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stgmamba::infer
