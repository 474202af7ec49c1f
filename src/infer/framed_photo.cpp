// SPDX-License-Identifier: MIT
#include "stgmamba/infer/framed_photo.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <opencv2/imgproc.hpp>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/infer/cutout.hpp"
#include "stgmamba/util/check.hpp"

#include "infer/body_shape.hpp"
#include "infer/frames_out.hpp"
#include "infer/mat_view.hpp"

namespace stgmamba::infer {
namespace {

constexpr double kMargin = 0.25;  // m around all joints, as clips of puppets are filmed: hair, hands and shoes
constexpr const char* kNoPose =
    "no pose is given: the photo's middle is the picture and the whole dance is laid over it; --image-pose or "
    "--pose-model puts the dance where the person stands, in the person's proportions";

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

bool shows_all(const PictureFrame& frame) {
  return frame.framing != data::Framing().kind;
}

/// What the importers make the picture of, of a source of this size: all of it, between bars or to be stretched.
cv::Rect2d whole_source(const PictureFrame& frame, double width, double height) {
  if (frame.framing == "stretch") {
    return {0, 0, width, height};
  }
  const double aspect = static_cast<double>(frame.width) / frame.height;
  const double wide = std::max(width, height * aspect);
  return {(width - wide) / 2, (height - wide / aspect) / 2, wide, wide / aspect};
}

cv::Rect pixels(const cv::Rect2d& frame) {
  return {static_cast<int>(std::lround(frame.x)), static_cast<int>(std::lround(frame.y)),
          std::max(1, static_cast<int>(std::lround(frame.width))),
          std::max(1, static_cast<int>(std::lround(frame.height)))};
}

/// Moved into the photo as far as it fits there.
cv::Rect moved_inside(const cv::Rect2d& frame, const media::Image& photo) {
  cv::Rect out = pixels(frame);
  const auto move = [](int at, int size, int whole) {
    return size <= whole ? std::clamp(at, 0, whole - size) : std::clamp(at, whole - size, 0);
  };
  out.x = move(out.x, out.width, photo.width);
  out.y = move(out.y, out.height, photo.height);
  return out;
}

/// That part of the photo, at width x height; beyond the photo `border`.
media::Image cut_out(const media::Image& photo, const cv::Rect& frame, int width, int height, int border) {
  media::Image part(frame.width, frame.height);
  const cv::Rect inside = frame & cv::Rect(0, 0, photo.width, photo.height);
  cv::Mat target = mat_view(part);
  cv::copyMakeBorder(mat_view(photo)(inside), target, inside.y - frame.y,
                     frame.y + frame.height - inside.y - inside.height, inside.x - frame.x,
                     frame.x + frame.width - inside.x - inside.width, border);
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

  /// The picture is this part of the photo, and joints are in the photo's pixels.
  void show(const media::Image& photo, const cv::Rect& part, const PictureFrame& frame, int border) {
    picture = cut_out(photo, part, frame.width, frame.height, border);
    // Pixel centres: picture = (photo + 1/2 - part) * scale - 1/2.
    scale_x = static_cast<double>(frame.width) / part.width;
    scale_y = static_cast<double>(frame.height) / part.height;
    left = part.x - 0.5 + 0.5 / scale_x;
    top = part.y - 0.5 + 0.5 / scale_y;
  }
  /// Joints are in the motion's pixels, of which this part is laid over the picture.
  void lay(const cv::Rect2d& part, const PictureFrame& frame) {
    scale_x = frame.width / part.width;
    scale_y = frame.height / part.height;
    left = part.x;
    top = part.y;
  }
  PhotoPose in_picture(PhotoPose moved) const {
    for (media::Point& p : moved.at) {
      p = {(p.x - left) * scale_x, (p.y - top) * scale_y};
    }
    return moved;
  }
};

FramedPhoto::FramedPhoto(const media::Image& photo, const PhotoPose& pose, const skeleton::Motion& motion,
                         const PictureFrame& frame, const std::string& name)
    : impl_(std::make_unique<Impl>()) {
  Impl& it = *impl_;
  it.body = measure_body(pose, name);
  it.notes = it.body->notes;
  const skeleton::Motion whole = filled(motion);
  it.dance.emplace(*it.body, photo.width, whole);
  if (shows_all(frame)) {
    it.show(photo, pixels(whole_source(frame, photo.width, photo.height)), frame, cv::BORDER_CONSTANT);
    return;
  }
  Extent extent;
  for (int v = 0; v < skeleton::kJoints; ++v) {
    if (pose.seen(v)) {
      extent.add(pose[v]);
    }
  }
  for (std::int64_t f = 0; f < whole.frames(); ++f) {
    for (const media::Point& p : it.dance->place(whole, f).at) {
      extent.add(p);
    }
  }
  const double aspect = static_cast<double>(frame.width) / frame.height;
  const cv::Rect part = moved_inside(frame_around(extent, kMargin * it.body->metre, aspect), photo);
  if (part.width > photo.width || part.height > photo.height) {
    it.notes.push_back(fmt::format("the dance needs {}x{} of its pixels and it has {}x{}: its edge is repeated",
                                   part.width, part.height, photo.width, photo.height));
  }
  it.show(photo, part, frame, cv::BORDER_REPLICATE);
}

FramedPhoto::FramedPhoto(const media::Image& photo, const skeleton::Motion& motion, const PictureFrame& frame)
    : impl_(std::make_unique<Impl>()) {
  Impl& it = *impl_;
  const skeleton::Motion whole = filled(motion);
  if (shows_all(frame)) {
    it.show(photo, pixels(whole_source(frame, photo.width, photo.height)), frame, cv::BORDER_CONSTANT);
    it.lay(whole_source(frame, skeleton::kFrameWidth, skeleton::kFrameHeight), frame);
    it.notes.emplace_back(kNoPose);
    return;
  }
  const double aspect = static_cast<double>(frame.width) / frame.height;
  const double wide = std::min<double>(photo.width, photo.height * aspect);
  const cv::Rect2d middle((photo.width - wide) / 2, (photo.height - wide / aspect) / 2, wide, wide / aspect);
  it.show(photo, moved_inside(middle, photo), frame, cv::BORDER_REPLICATE);
  Extent extent;
  std::vector<double> trunks;
  for (std::int64_t f = 0; f < whole.frames(); ++f) {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      extent.add(joint(whole, f, v));
    }
    const media::Point neck = joint(whole, f, skeleton::kNeck), right = joint(whole, f, skeleton::kRightHip),
                       left = joint(whole, f, skeleton::kLeftHip);
    trunks.push_back(std::hypot(neck.x - (right.x + left.x) / 2, neck.y - (right.y + left.y) / 2));
  }
  std::nth_element(trunks.begin(), trunks.begin() + std::ssize(trunks) * 9 / 10, trunks.end());
  const double metre = trunks[trunks.size() * 9 / 10] / kTorsoLength;
  it.lay(frame_around(extent, kMargin * metre, aspect), frame);
  it.notes.emplace_back(kNoPose);
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
