// SPDX-License-Identifier: MIT
#include "stgmamba/infer/framed_photo.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <opencv2/imgproc.hpp>

#include "stgmamba/infer/cutout.hpp"
#include "stgmamba/util/check.hpp"

#include "infer/body_shape.hpp"
#include "infer/mat_view.hpp"

namespace stgmamba::infer {
namespace {

constexpr double kMargin = 0.25;      // m around all joints, as clips of puppets are filmed: hair, hands and shoes
constexpr double kMostMissing = 0.5;  // of a motion's joints

/// What the joints cover, in any pixels.
struct Extent {
  double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;

  void add(const media::Point& p) {
    left = std::min(left, p.x);
    right = std::max(right, p.x);
    top = std::min(top, p.y);
    bottom = std::max(bottom, p.y);
  }
};

/// The smallest rectangle of the picture's shape around the extent and `margin`, about the same middle.
cv::Rect2d frame_around(const Extent& extent, double margin, double aspect) {
  const double wide = extent.right - extent.left + 2 * margin, high = extent.bottom - extent.top + 2 * margin;
  const double width = std::max(wide, high * aspect), height = width / aspect;
  return {(extent.left + extent.right - width) / 2, (extent.top + extent.bottom - height) / 2, width, height};
}

/// Moved into the photo as far as it fits there.
cv::Rect moved_inside(const cv::Rect2d& frame, const media::Image& photo) {
  cv::Rect out(static_cast<int>(std::lround(frame.x)), static_cast<int>(std::lround(frame.y)),
               std::max(1, static_cast<int>(std::lround(frame.width))),
               std::max(1, static_cast<int>(std::lround(frame.height))));
  const auto move = [](int at, int size, int whole) {
    return size <= whole ? std::clamp(at, 0, whole - size) : std::clamp(at, whole - size, 0);
  };
  out.x = move(out.x, out.width, photo.width);
  out.y = move(out.y, out.height, photo.height);
  return out;
}

/// That part of the photo, its edge repeated where it ends, at width x height.
media::Image cut_out(const media::Image& photo, const cv::Rect& frame, int width, int height) {
  media::Image part(frame.width, frame.height);
  const cv::Rect inside = frame & cv::Rect(0, 0, photo.width, photo.height);
  cv::Mat target = mat_view(part);
  cv::copyMakeBorder(mat_view(photo)(inside), target, inside.y - frame.y,
                     frame.y + frame.height - inside.y - inside.height, inside.x - frame.x,
                     frame.x + frame.width - inside.x - inside.width, cv::BORDER_REPLICATE);
  return media::resize(part, width, height);
}

skeleton::Motion filled(const skeleton::Motion& motion) {
  STG_CHECK(motion.frames() > 0, "[FramedPhoto] an empty motion");
  skeleton::Motion whole = motion;
  skeleton::fill_missing(whole, kMostMissing);
  return whole;
}

media::Point joint(const skeleton::Motion& motion, std::int64_t frame, int v) {
  return {motion.x(frame, v), motion.y(frame, v)};
}

}  // namespace

void require_measurable(const PhotoPose& pose, const std::string& name) {
  measure_body(pose, name);
}

struct FramedPhoto::Impl {
  media::Image picture;
  std::vector<std::string> notes;
  std::optional<BodyShape> body;     // of the photo's person
  std::optional<PlacedDance> dance;  // in the photo's pixels; without it the motion's pixels are framed
  double left = 0.0, top = 0.0, scale_x = 1.0, scale_y = 1.0;  // picture pixel = (pixel - (left, top)) * scale

  PhotoPose in_picture(PhotoPose moved) const {
    for (media::Point& p : moved.at) {
      p = {(p.x - left) * scale_x, (p.y - top) * scale_y};
    }
    return moved;
  }
};

FramedPhoto::FramedPhoto(const media::Image& photo, const PhotoPose& pose, const skeleton::Motion& motion, int width,
                         int height, const std::string& name)
    : impl_(std::make_unique<Impl>()) {
  Impl& it = *impl_;
  it.body = measure_body(pose, name);
  it.notes = it.body->notes;
  const skeleton::Motion whole = filled(motion);
  it.dance.emplace(*it.body, photo.width, whole);
  Extent extent;
  for (int v = 0; v < skeleton::kJoints; ++v) {
    if (pose.seen(v)) {
      extent.add(pose[v]);
    }
  }
  for (std::int64_t frame = 0; frame < whole.frames(); ++frame) {
    for (const media::Point& p : it.dance->place(whole, frame).at) {
      extent.add(p);
    }
  }
  const cv::Rect2d wanted = frame_around(extent, kMargin * it.body->metre, static_cast<double>(width) / height);
  const cv::Rect frame = moved_inside(wanted, photo);
  if (frame.width > photo.width || frame.height > photo.height) {
    it.notes.push_back(fmt::format("the dance needs {}x{} of its pixels and it has {}x{}: its edge is repeated",
                                   frame.width, frame.height, photo.width, photo.height));
  }
  it.picture = cut_out(photo, frame, width, height);
  // Pixel centres: picture = (photo + 1/2 - frame) * scale - 1/2.
  it.scale_x = static_cast<double>(width) / frame.width;
  it.scale_y = static_cast<double>(height) / frame.height;
  it.left = frame.x - 0.5 + 0.5 / it.scale_x;
  it.top = frame.y - 0.5 + 0.5 / it.scale_y;
}

FramedPhoto::FramedPhoto(const media::Image& photo, const skeleton::Motion& motion, int width, int height)
    : impl_(std::make_unique<Impl>()) {
  Impl& it = *impl_;
  const double aspect = static_cast<double>(width) / height;
  const double wide = std::min<double>(photo.width, photo.height * aspect);
  const cv::Rect2d middle((photo.width - wide) / 2, (photo.height - wide / aspect) / 2, wide, wide / aspect);
  it.picture = cut_out(photo, moved_inside(middle, photo), width, height);
  const skeleton::Motion whole = filled(motion);
  Extent extent;
  std::vector<double> trunks;
  for (std::int64_t frame = 0; frame < whole.frames(); ++frame) {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      extent.add(joint(whole, frame, v));
    }
    const media::Point neck = joint(whole, frame, skeleton::kNeck), right = joint(whole, frame, skeleton::kRightHip),
                       left = joint(whole, frame, skeleton::kLeftHip);
    trunks.push_back(std::hypot(neck.x - (right.x + left.x) / 2, neck.y - (right.y + left.y) / 2));
  }
  std::nth_element(trunks.begin(), trunks.begin() + std::ssize(trunks) * 9 / 10, trunks.end());
  const double metre = trunks[trunks.size() * 9 / 10] / kTorsoLength;
  const cv::Rect2d frame = frame_around(extent, kMargin * metre, aspect);
  it.scale_x = it.scale_y = width / frame.width;
  it.left = frame.x;
  it.top = frame.y;
  it.notes.emplace_back(
      "no pose is given: the photo's middle is the picture and the whole dance is laid over it; --image-pose or "
      "--pose-model puts the dance where the person stands, in the person's proportions");
}

FramedPhoto::~FramedPhoto() = default;
FramedPhoto::FramedPhoto(FramedPhoto&&) noexcept = default;

const media::Image& FramedPhoto::picture() const {
  return impl_->picture;
}
const std::vector<std::string>& FramedPhoto::notes() const {
  return impl_->notes;
}

bool FramedPhoto::has_pose() const {
  return impl_->body.has_value();
}
PhotoPose FramedPhoto::own_pose() const {
  PhotoPose own;
  if (impl_->body) {  // which exchanges sides where the dance does
    for (std::size_t v = 0; v < own.at.size(); ++v) {
      own.at[v] = {impl_->body->at[v].x, impl_->body->at[v].y};
      own.score[v] = impl_->body->seen[v] ? 1.0F : 0.0F;
    }
    for (int limb = 0; limb < kLimbs; ++limb) {  // a last joint may be estimated
      if (impl_->body->source[static_cast<std::size_t>(limb)] == LimbSource::kOwn) {
        own.score[static_cast<std::size_t>(limb_joints(static_cast<Limb>(limb))[2])] = 1.0F;
      }
    }
  }
  return impl_->in_picture(own);
}

PhotoPose FramedPhoto::place(const skeleton::Motion& motion, std::int64_t frame) const {
  PhotoPose out;
  if (impl_->dance) {
    out = impl_->dance->place(motion, frame);
  } else {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      out[v] = joint(motion, frame, v);
      out.score[static_cast<std::size_t>(v)] = motion.missing(frame, v) ? 0.0F : 1.0F;
    }
  }
  return impl_->in_picture(out);
}

}  // namespace stgmamba::infer
