// SPDX-License-Identifier: MIT
#include "stgmamba/eval/video_bed.hpp"

#include <algorithm>
#include <numeric>

#include <torch/torch.h>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::eval {

namespace {

using skeleton::Motion;

constexpr std::int64_t kCacheBytes = std::int64_t{512} << 20;  // a long take is decoded once, not once a clip

std::string person_of(const data::TakeInfo& take) {
  return take.person.empty() ? take.source : take.person;
}

}  // namespace

Motion in_picture(const Motion& motion, const skeleton::Placement& placement) {
  Motion moved = motion;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    for (int joint = 0; joint < skeleton::kJoints; ++joint) {
      moved.x(frame, joint) = static_cast<float>((motion.x(frame, joint) - placement.left) * placement.scale_x);
      moved.y(frame, joint) = static_cast<float>((motion.y(frame, joint) - placement.top) * placement.scale_y);
    }
  }
  return moved;
}

at::Tensor pose_maps(const VideoClip& clip, skeleton::PoseMapKind kind) {
  skeleton::PoseMapStyle style;
  style.kind = kind;
  style.height = static_cast<int>(clip.photo.size(1));
  style.width = static_cast<int>(clip.photo.size(2));
  std::vector<at::Tensor> maps;
  for (std::int64_t frame = 0; frame < clip.motion.frames(); ++frame) {
    std::vector<std::uint8_t> map = skeleton::pose_map(clip.motion, frame, clip.placement, style);
    maps.push_back(
        torch::from_blob(map.data(), {skeleton::pose_map_channels(kind), style.height, style.width}, torch::kUInt8)
            .clone());
  }
  return torch::stack(maps);
}

at::Tensor joints(const skeleton::Motion& motion, const skeleton::Placement& placement) {
  std::vector<at::Tensor> frames;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    frames.push_back(torch::tensor(skeleton::picture_joints(motion, frame, placement)).view({skeleton::kJoints, 3}));
  }
  return torch::stack(frames);
}

VideoClip with_photo_of(const VideoClip& clip, const VideoClip& other) {
  VideoClip swapped = clip;
  swapped.person = other.person;
  swapped.photo = other.photo;
  swapped.photo_pose = other.photo_pose;
  swapped.photo_placement = other.photo_placement;
  return swapped;
}

std::int64_t longest_film(const data::Dataset& dataset, const VideoBedOptions& options, const std::string& take) {
  std::int64_t longest = 0;
  for (const data::TakeInfo& each : dataset.split(options.split, options.styles)) {
    if (each.framing.width > 0 && (take.empty() || each.id == take)) {
      longest = std::max(longest, each.frames);
    }
  }
  return longest;
}

VideoBed::VideoBed(data::Dataset dataset, const VideoBedOptions& options)
    : options_(options), dataset_(std::move(dataset)), films_(dataset_, options_.size, kCacheBytes) {
  for (const data::TakeInfo& take : dataset_.split(options_.split, options_.styles)) {
    if (take.framing.width == 0 || take.frames < options_.frames + 1) {
      continue;
    }
    const auto known = std::find(people_.begin(), people_.end(), person_of(take));
    const auto person = static_cast<std::size_t>(known - people_.begin());
    if (known == people_.end()) {
      people_.push_back(person_of(take));
    }
    const std::int64_t clips = (take.frames - 1) / options_.frames;
    for (std::int64_t i = 0; i < clips; ++i) {
      places_.push_back({takes_.size(), person, 1 + i * options_.frames});
    }
    takes_.push_back(take);
  }
  const bool enlarged = std::any_of(takes_.begin(), takes_.end(), [&](const data::TakeInfo& take) {
    return std::max(take.framing.width, take.framing.height) < options_.size;
  });
  if (enlarged) {
    util::log().warn("{}: pictures are smaller than {} pixels and are enlarged; scores are of enlarged pictures",
                     dataset_.folder().string(), options_.size);
  }
  if (places_.empty()) {
    refuse_films();
  }
}

void VideoBed::refuse_films() const {
  const std::int64_t longest = longest_film(dataset_, options_);
  if (longest < 2) {
    throw DataError(
        "{}: no take of the split '{}' has a video of {} frames or more; make some with stg_data synth "
        "--preset video, or import them",
        dataset_.folder().string(), options_.split, options_.frames + 1);
  }
  throw DataError(
      "{}: a clip of {} frames needs a video of {}, and the longest of the split '{}' has {}; set the key 'frames' of "
      "the table file to {} or less, or bring longer videos",
      dataset_.folder().string(), options_.frames, options_.frames + 1, options_.split, longest, longest - 1);
}

VideoClip VideoBed::clip(std::size_t place) const {
  const Place& at = places_.at(place);
  const data::TakeInfo& take = takes_[at.take];
  VideoClip clip;
  clip.take = take.id;
  clip.person = people_[at.person];
  std::vector<std::int64_t> wanted(static_cast<std::size_t>(options_.frames) + 1);  // the photo, then the clip
  std::iota(wanted.begin() + 1, wanted.end(), at.first);
  data::FilmCut cut = films_.cut(take, wanted);
  const at::Tensor frames =
      torch::from_blob(cut.pixels.data(), {std::ssize(wanted), 3, options_.size, options_.size}, torch::kUInt8).clone();
  clip.photo = frames[0];
  clip.truth = frames.narrow(0, 1, options_.frames);
  clip.motion = skeleton::slice(cut.motion, 1, options_.frames);
  clip.photo_pose = skeleton::slice(cut.motion, 0, 1);
  const auto side = static_cast<int>(options_.size);
  clip.placement = clip.photo_placement = data::placement(take.framing, side, side);
  return clip;
}

std::ptrdiff_t VideoBed::other_person(std::size_t place) const {
  for (std::size_t step = 1; step < places_.size(); ++step) {
    const std::size_t next = (place + step) % places_.size();
    if (places_[next].person != places_[place].person) {
      return static_cast<std::ptrdiff_t>(next);
    }
  }
  return -1;
}

std::string VideoBed::hash() const {
  std::vector<std::string> parts = {dataset_.hash(), options_.split, util::join(options_.styles, ",")};
  for (const std::int64_t number : {options_.size, options_.frames}) {
    parts.push_back(std::to_string(number));
  }
  return util::hash_text(util::join(parts, " "));
}

}  // namespace stgmamba::eval
