// SPDX-License-Identifier: MIT
// The filmed clips that every row of Tables 3 and 5 makes again: a photo, poses, and the true frames to them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/data/film.hpp"
#include "stgmamba/skeleton/pose_map.hpp"

namespace stgmamba::eval {

struct VideoClip {
  std::string take, person;
  at::Tensor photo;                                // I_0, the take's first frame: uint8 [3, S, S]
  at::Tensor truth;                                // I_1..I_F: uint8 [F, 3, S, S]; I_0 is never among them
  skeleton::Motion motion;                         // F poses, in the dataset's pixels
  skeleton::Motion photo_pose;                     // that of I_0, one frame
  skeleton::Placement placement, photo_placement;  // of both, from the dataset's pixels to the picture's
};

/// The same poses in the picture's pixels.
skeleton::Motion in_picture(const skeleton::Motion& motion, const skeleton::Placement& placement);
/// What a network sees: uint8 [F, P, S, S].
at::Tensor pose_maps(const VideoClip& clip, skeleton::PoseMapKind kind);
/// And, where it asks for them, the joints in the picture's pixels and whether they are seen: [F, V, 3].
at::Tensor joints(const skeleton::Motion& motion, const skeleton::Placement& placement);

/// The poses of `clip`, the photo of `other`: whom no true frames show in these poses.
VideoClip with_photo_of(const VideoClip& clip, const VideoClip& other);

struct VideoBedOptions {
  std::string split = "test";
  std::vector<std::string> styles;  // empty: all
  std::int64_t size = 256;          // S, pixels
  std::int64_t frames = 32;         // F of a clip
};

/// Frames of the longest video of the split, or of this take's; 0: there is none. A clip has one fewer: I_0 is no part
/// of it.
std::int64_t longest_film(const data::Dataset& dataset, const VideoBedOptions& options, const std::string& take = "");

/// Consecutive, non-overlapping clips of every take of a split that has a video.
class VideoBed {
 public:
  /// Throws DataError when no take of the split has a video that is long enough: then longest_film() says which
  /// `frames` would do.
  VideoBed(data::Dataset dataset, const VideoBedOptions& options);

  struct Place {
    std::size_t take = 0, person = 0;  // into takes() and people()
    std::int64_t first = 1;            // frame of the take
  };
  const data::Dataset& dataset() const { return dataset_; }
  const VideoBedOptions& options() const { return options_; }
  const std::vector<data::TakeInfo>& takes() const { return takes_; }
  const std::vector<Place>& places() const { return places_; }
  /// Who is seen; the source video where nobody is named. Intervals draw people, for clips of one person are alike.
  const std::vector<std::string>& people() const { return people_; }
  /// Decoded takes are kept only while there is room: a test set need not fit into memory. Throws DataError.
  VideoClip clip(std::size_t place) const;
  /// The next place, cyclically, of somebody else; -1: there is nobody else.
  std::ptrdiff_t other_person(std::size_t place) const;
  /// Identifies data, split, size and clips: scores with another one do not compare.
  std::string hash() const;

 private:
  [[noreturn]] void refuse_films() const;
  VideoBedOptions options_;
  data::Dataset dataset_;
  std::vector<data::TakeInfo> takes_;
  std::vector<std::string> people_;
  std::vector<Place> places_;
  data::FilmReader films_;
};

}  // namespace stgmamba::eval
