// SPDX-License-Identifier: MIT
// The person of a photo as a jointed figure of cut-out limbs, moved to other poses over the photo's own background.
// No trained network: the honest floor, and the way any photo dances on the first day.
//
// Order of drawing, far to near: far arm, feet and legs (the far leg first), torso, near arm, head. A dancer who faces
// the camera has two near arms.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/infer/photo_pose.hpp"
#include "stgmamba/media/image.hpp"
#include "stgmamba/skeleton/facing.hpp"
#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::infer {

struct BodyShape;

class Cutout {
 public:
  /// `pose` lies in the photo's pixels; `name` (of the photo) begins error messages. Throws DataError when the pose
  /// shows no shoulders or the person is too small to be cut out.
  Cutout(const media::Image& photo, const PhotoPose& pose, const std::string& name);
  ~Cutout();
  Cutout(Cutout&&) noexcept;

  int width() const;
  int height() const;
  const std::vector<std::string>& notes() const;  // limbs estimated, mirrored or left out; for the log
  PhotoPose own_pose() const;                     // the photo's, with what was estimated
  const media::Image& background() const;         // the photo without the person
  const BodyShape& body() const;

  /// The person in `pose` (all joints of drawn limbs given; px). In the photo's own pose: the photo, but for limbs that
  /// are drawn as the mirror image of the other side.
  media::Image render(const PhotoPose& pose, skeleton::NearSide near = skeleton::NearSide::kBoth) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A motion danced by the body of a photo: bone directions and foreshortening of the dance, bone lengths of the person;
/// the size of steps by the length of the legs; the lower foot on the photo's floor, jumps kept; the whole dance moved
/// (and travel shrunk, where it must be) so that it stays in the picture.
class PlacedDance {
 public:
  /// `motion` is measured once (usual bone lengths, floor, range). Missing joints are filled; throws DataError when
  /// more than half are missing.
  PlacedDance(const Cutout& person, const skeleton::Motion& motion);
  /// The same for a body in a picture `width` px wide; the body must outlive the dance.
  PlacedDance(const BodyShape& body, int width, const skeleton::Motion& motion);
  ~PlacedDance();
  PlacedDance(PlacedDance&&) noexcept;

  /// One frame of the same motion at any frame rate.
  PhotoPose place(const skeleton::Motion& motion, std::int64_t frame) const;
  double travel() const;  // share of sideways travel that was kept

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stgmamba::infer
