// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/person.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <torch/torch.h>

#include "stgmamba/media/image.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::image_metrics {

namespace {

using media::Image;
using media::Point;
using media::Rgb;
using skeleton::Motion;

constexpr Rgb kOn{255, 255, 255};
constexpr double kLimbShare = 0.5;    // of the trunk's reach
constexpr double kColourReach = 0.1;  // neck-to-hip lengths from a bone: well inside the body
/// Middle of the hips, and where a head's crown is: no joints of the layout.
constexpr int kMidHip = -1, kCrown = -2;

struct Part {
  int from, to;
  bool trunk;
};
constexpr std::array<Part, kParts> kBones = {{{skeleton::kNeck, kCrown, true},
                                              {skeleton::kNeck, kMidHip, true},
                                              {skeleton::kRightShoulder, skeleton::kRightElbow, false},
                                              {skeleton::kRightElbow, skeleton::kRightWrist, false},
                                              {skeleton::kLeftShoulder, skeleton::kLeftElbow, false},
                                              {skeleton::kLeftElbow, skeleton::kLeftWrist, false},
                                              {skeleton::kRightHip, skeleton::kRightKnee, false},
                                              {skeleton::kRightKnee, skeleton::kRightAnkle, false},
                                              {skeleton::kLeftHip, skeleton::kLeftKnee, false},
                                              {skeleton::kLeftKnee, skeleton::kLeftAnkle, false}}};

bool find(const Motion& motion, std::int64_t frame, int joint, Point& at) {
  if (joint == kMidHip) {
    Point left;
    if (!find(motion, frame, skeleton::kRightHip, at) || !find(motion, frame, skeleton::kLeftHip, left)) {
      return false;
    }
    at = {(at.x + left.x) / 2, (at.y + left.y) / 2};
    return true;
  }
  if (joint == kCrown) {  // as far beyond the nose as the neck is below it
    Point neck;
    if (!find(motion, frame, skeleton::kNose, at) || !find(motion, frame, skeleton::kNeck, neck)) {
      return false;
    }
    at = {2 * at.x - neck.x, 2 * at.y - neck.y};
    return true;
  }
  if (motion.missing(frame, joint) || !std::isfinite(motion.x(frame, joint)) ||
      !std::isfinite(motion.y(frame, joint))) {
    return false;
  }
  constexpr double kFar = 1e5;  // a point beyond any picture, which drawing must survive
  at = {std::clamp<double>(motion.x(frame, joint), -kFar, kFar),
        std::clamp<double>(motion.y(frame, joint), -kFar, kFar)};
  return true;
}

/// A bone with round ends.
void draw_bone(Image& image, Point from, Point to, double radius) {
  const double dx = to.x - from.x, dy = to.y - from.y, length = std::hypot(dx, dy);
  media::fill_circle(image, from, radius, kOn);
  media::fill_circle(image, to, radius, kOn);
  if (length > 0) {
    const Point side{-dy / length * radius, dx / length * radius};
    media::fill_polygon(image,
                        {{from.x + side.x, from.y + side.y},
                         {to.x + side.x, to.y + side.y},
                         {to.x - side.x, to.y - side.y},
                         {from.x - side.x, from.y - side.y}},
                        kOn);
  }
}

bool draw_part(Image& image, const Motion& motion, std::int64_t frame, const Part& part, double radius) {
  Point from, to;
  if (!find(motion, frame, part.from, from) || !find(motion, frame, part.to, to)) {
    return false;
  }
  draw_bone(image, from, to, std::max(1.0, radius));
  return true;
}

/// Pixels that are drawn, [H, W] of 0 and 1.
at::Tensor drawn(const Image& image) {
  const at::Tensor bytes =
      torch::from_blob(const_cast<std::uint8_t*>(image.pixels.data()), {image.height, image.width, 3}, torch::kUInt8);
  return bytes.select(2, 0).ge(128).to(torch::kFloat);
}

}  // namespace

double body_length(const Motion& motion, std::int64_t height) {
  std::vector<double> lengths;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    Point neck, hip;
    if (find(motion, frame, skeleton::kNeck, neck) && find(motion, frame, kMidHip, hip)) {
      lengths.push_back(std::hypot(neck.x - hip.x, neck.y - hip.y));
    }
  }
  if (lengths.empty()) {
    return 0.2 * static_cast<double>(height);
  }
  const auto middle = lengths.begin() + std::ssize(lengths) / 2;
  std::nth_element(lengths.begin(), middle, lengths.end());
  return *middle;
}

at::Tensor person_mask(const Motion& motion, std::int64_t height, std::int64_t width, double reach) {
  const double radius = reach * body_length(motion, height);
  std::vector<at::Tensor> masks;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    Image image(static_cast<int>(width), static_cast<int>(height));
    for (const Part& part : kBones) {
      draw_part(image, motion, frame, part, part.trunk ? radius : kLimbShare * radius);
    }
    for (const auto& [from, to] : {std::pair(skeleton::kRightShoulder, skeleton::kLeftShoulder),
                                   std::pair(skeleton::kRightHip, skeleton::kLeftHip)}) {
      draw_part(image, motion, frame, {from, to, false}, kLimbShare * radius);
    }
    masks.push_back(drawn(image).unsqueeze(0));
  }
  STG_CHECK(!masks.empty(), "[person_mask] the motion holds no frame");
  return torch::stack(masks);
}

at::Tensor limb_colours(const at::Tensor& frames, const Motion& motion) {
  STG_CHECK(frames.dim() == 4 && frames.size(1) == 3 && frames.size(0) == motion.frames(),
            "[limb_colours] frames must be [F, 3, H, W] with a pose each, got {} and {} poses",
            fmt::join(frames.sizes(), "x"), motion.frames());
  const double radius = kColourReach * body_length(motion, frames.size(2));
  at::Tensor colours =
      torch::full({frames.size(0), kParts, 3}, std::numeric_limits<double>::quiet_NaN(), torch::kDouble);
  const at::Tensor unit = frames.cpu().to(torch::kDouble) / 255.0;  // [F, 3, H, W]
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    for (std::int64_t part = 0; part < kParts; ++part) {
      Image image(static_cast<int>(frames.size(3)), static_cast<int>(frames.size(2)));
      if (!draw_part(image, motion, frame, kBones[static_cast<std::size_t>(part)], radius)) {
        continue;
      }
      const at::Tensor inside = drawn(image).to(torch::kDouble);                 // [H, W]
      colours[frame][part] = (unit[frame] * inside).sum({1, 2}) / inside.sum();  // 0 / 0 outside the picture
    }
  }
  return colours;
}

at::Tensor mean_colours(const at::Tensor& colours) {
  return colours.nanmean(0);
}

double colour_distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).square().sum(1).sqrt().nanmean().item<double>();
}

}  // namespace stgmamba::image_metrics
