// SPDX-License-Identifier: MIT
#include "stgmamba/infer/cutout.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "infer/body_parts.hpp"
#include "infer/fill_hole.hpp"
#include "infer/mat_view.hpp"
#include "infer/person_mask.hpp"
#include "infer/warp.hpp"

namespace stgmamba::infer {
namespace {

using skeleton::kJoints;
using skeleton::kLeftHip;
using skeleton::kLeftShoulder;
using skeleton::kNeck;
using skeleton::kRightHip;
using skeleton::kRightShoulder;
using skeleton::NearSide;

constexpr int kLimbColumns = 5, kTorsoColumns = 9, kTorsoRows = 11;
constexpr double kHaloMetres = 0.03;      // removed around the person, where colours mix
constexpr double kLeastHalfWidth = 0.09;  // m: a torso seen from the side is as wide as this at least
constexpr double kFootTurns = 0.35;       // share of the shank's turn that a planted foot takes

cv::Point2d turned(cv::Point2d p, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {c * p.x - s * p.y, s * p.x + c * p.y};
}

double angle_of(cv::Point2d p) {
  return std::atan2(p.y, p.x);
}

double wrapped(double angle) {
  return std::remainder(angle, 2 * CV_PI);
}

/// The trunk's four corners in some pose: shoulders and hips, wide enough to carry a picture.
struct Quad {
  cv::Point2d right_shoulder, left_shoulder, right_hip, left_hip;
  cv::Point2d at(double u, double v) const {  // u across from the right, v down from the shoulders
    const cv::Point2d top = right_shoulder + u * (left_shoulder - right_shoulder);
    const cv::Point2d bottom = right_hip + u * (left_hip - right_hip);
    return top + v * (bottom - top);
  }
};

Quad trunk_quad(const PhotoPose& pose, double least, bool side_on) {
  Quad quad{to_cv(pose[kRightShoulder]), to_cv(pose[kLeftShoulder]), to_cv(pose[kRightHip]), to_cv(pose[kLeftHip])};
  if (side_on) {  // as wide as the picture shows, square to the spine
    const cv::Point2d top = (quad.right_shoulder + quad.left_shoulder) / 2,
                      bottom = (quad.right_hip + quad.left_hip) / 2;
    const cv::Point2d down = (bottom - top) / std::max(1.0, cv::norm(bottom - top));
    const cv::Point2d half = cv::Point2d(down.y, -down.x) * least;
    quad = {top - half, top + half, bottom - half, bottom + half};
  }
  return quad;
}

}  // namespace

struct Cutout::Impl {
  BodyShape body;
  media::Image background;
  Parts parts;
  cv::Rect area;  // of the person; parts' coordinates start at its corner

  PhotoPose own_pose() const;
  void draw_limb(cv::Mat& canvas, cv::Mat& layer, const PhotoPose& pose, Limb limb) const;
  void draw_foot(cv::Mat& canvas, cv::Mat& layer, const PhotoPose& pose, Limb leg) const;
  void draw_torso(cv::Mat& canvas, cv::Mat& layer, const PhotoPose& pose) const;
  void draw_head(cv::Mat& canvas, cv::Mat& layer, const PhotoPose& pose) const;
  void draw_rigid(cv::Mat& canvas, cv::Mat& layer, const Texture& texture, cv::Point2d from, cv::Point2d to,
                  double angle, bool mirrored) const;
  /// The limb whose pixels draw `limb`.
  Limb source_of(Limb limb) const {
    return body.source[static_cast<std::size_t>(limb)] == LimbSource::kOtherSide ? other_side(limb) : limb;
  }
  bool drawn(Limb limb) const { return body.source[static_cast<std::size_t>(limb)] != LimbSource::kNone; }
  cv::Point2d corner() const { return {static_cast<double>(area.x), static_cast<double>(area.y)}; }
};

namespace {

/// The pixels that the person covers, and where the parts are cut.
cv::Rect person_area(const cv::Mat& mask) {
  const cv::Rect box = cv::boundingRect(cv::Mat(mask > 0.0F));
  return cv::Rect(box.x - 4, box.y - 4, box.width + 8, box.height + 8) & cv::Rect({}, mask.size());
}

void remove_person(cv::Mat& rgb, const cv::Mat& mask, double metre) {
  cv::Mat hole = mask > 0.02F;
  const int halo = std::max(2, static_cast<int>(std::lround(kHaloMetres * metre)));
  cv::dilate(hole, hole, cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * halo + 1, 2 * halo + 1}));
  fill_hole(rgb, hole, 255 - hole);
}

}  // namespace

Cutout::Cutout(const media::Image& photo, const PhotoPose& pose, const std::string& name)
    : impl_(std::make_unique<Impl>()) {
  Impl& it = *impl_;
  it.body = measure_body(pose, name);
  it.body.notes.insert(it.body.notes.end(), it.body.limb_notes.begin(), it.body.limb_notes.end());
  it.background = photo;
  const cv::Mat rgb = mat_view(photo);
  const cv::Mat mask = person_mask(rgb, it.body);
  it.area = person_area(mask);
  BodyShape local = it.body;
  for (cv::Point2d& joint : local.at) {
    joint -= it.corner();
  }
  if (!it.area.empty()) {
    it.parts = cut_parts(rgb(it.area), mask(it.area), local);
  }
  cv::Mat background = mat_view(it.background);
  remove_person(background, mask, it.body.metre);
}

Cutout::~Cutout() = default;
Cutout::Cutout(Cutout&&) noexcept = default;

int Cutout::width() const {
  return impl_->background.width;
}
int Cutout::height() const {
  return impl_->background.height;
}
const std::vector<std::string>& Cutout::notes() const {
  return impl_->body.notes;
}
const media::Image& Cutout::background() const {
  return impl_->background;
}
const BodyShape& Cutout::body() const {
  return impl_->body;
}
PhotoPose Cutout::own_pose() const {
  return impl_->own_pose();
}

PhotoPose Cutout::Impl::own_pose() const {
  PhotoPose pose;
  for (std::size_t v = 0; v < kJoints; ++v) {
    pose.at[v] = {body.at[v].x, body.at[v].y};
    pose.score[v] = body.seen[v] ? 1.0F : 0.0F;
  }
  for (int i = 0; i < kLimbs; ++i) {  // estimated ends of limbs count
    const auto limb = static_cast<Limb>(i);
    if (body.source[static_cast<std::size_t>(i)] == LimbSource::kOwn) {
      pose.score[static_cast<std::size_t>(limb_joints(limb)[2])] = 1.0F;
    }
  }
  return pose;
}

void Cutout::Impl::draw_limb(cv::Mat& canvas, cv::Mat& layer, const PhotoPose& pose, Limb limb) const {
  const Limb source = source_of(limb);
  const LimbPart& part = parts.limbs[static_cast<std::size_t>(source)];
  if (!drawn(limb) || part.texture.rgba.empty()) {
    return;
  }
  std::vector<cv::Point2d> chain;
  for (const int joint : limb_joints(limb)) {
    chain.push_back(to_cv(pose[joint]));
  }
  if (is_arm(limb)) {  // the hand goes on where the forearm points, as long as in the photo
    const double share = cv::norm(chain[2] - chain[1]) / std::max(1.0, cv::norm(part.chain[2] - part.chain[1]));
    const double hand = cv::norm(part.chain[3] - part.chain[2]) * std::clamp(share, 0.5, 1.0);
    chain.push_back(chain[2] + (chain[2] - chain[1]) * (hand / std::max(1.0, cv::norm(chain[2] - chain[1]))));
  }
  const double flip = source == limb ? 1.0 : -1.0;
  Net net;
  net.rows = static_cast<int>(part.stations.size());
  net.columns = kLimbColumns;
  for (const Station& station : part.stations) {
    const ChainPoint from = along_chain(part.chain, station);
    const ChainPoint to = along_chain(chain, station);
    for (int column = 0; column < kLimbColumns; ++column) {
      const double across =
          -station.left + (station.left + station.right) * column / static_cast<double>(kLimbColumns - 1);
      net.from.push_back(from.at + across * from.normal);
      net.to.push_back(to.at + flip * across * to.normal);
    }
  }
  draw_warped(canvas, layer, part.texture, net);
}

void Cutout::Impl::draw_rigid(cv::Mat& canvas, cv::Mat& layer, const Texture& texture, cv::Point2d from, cv::Point2d to,
                              double angle, bool mirrored) const {
  const cv::Point2d origin(texture.origin);
  Net net;
  net.rows = net.columns = 2;
  for (const double v : {0.0, static_cast<double>(texture.rgba.rows)}) {
    for (const double u : {0.0, static_cast<double>(texture.rgba.cols)}) {
      const cv::Point2d corner = origin + cv::Point2d(u, v);
      cv::Point2d offset = corner - from;
      offset.x = mirrored ? -offset.x : offset.x;
      net.from.push_back(corner);
      net.to.push_back(to + turned(offset, angle));
    }
  }
  draw_warped(canvas, layer, texture, net);
}

void Cutout::Impl::draw_foot(cv::Mat& canvas, cv::Mat& layer, const PhotoPose& pose, Limb leg) const {
  const Limb source = source_of(leg);
  const Texture& texture = parts.feet[static_cast<std::size_t>(source - kRightLeg)];
  if (!drawn(leg) || texture.rgba.empty()) {
    return;
  }
  const auto& chain = parts.limbs[static_cast<std::size_t>(source)].chain;
  const bool mirrored = source != leg;
  cv::Point2d shank = chain[2] - chain[1];
  shank.x = mirrored ? -shank.x : shank.x;
  const cv::Point2d ankle = to_cv(pose[limb_joints(leg)[2]]);
  const double turn = wrapped(angle_of(ankle - to_cv(pose[limb_joints(leg)[1]])) - angle_of(shank));
  // A foot on the floor stays flat however the shank leans; a lifted one hangs from it.
  const double lifted =
      std::isnan(body.floor) ? 1.0 : std::clamp((body.floor - ankle.y) / (0.12 * body.metre), 0.0, 1.0);
  draw_rigid(canvas, layer, texture, chain[2], ankle, turn * (kFootTurns + (1 - kFootTurns) * lifted), mirrored);
}

void Cutout::Impl::draw_torso(cv::Mat& canvas, cv::Mat& layer, const PhotoPose& pose) const {
  const double least = kLeastHalfWidth * body.metre;
  const Quad from = trunk_quad(own_pose(), least, body.side_on), to = trunk_quad(pose, least, body.side_on);
  Net net;
  net.rows = kTorsoRows;
  net.columns = kTorsoColumns;
  for (int row = 0; row < kTorsoRows; ++row) {
    const double v = -0.6 + 2.0 * row / (kTorsoRows - 1);  // from the chin to the crotch
    for (int column = 0; column < kTorsoColumns; ++column) {
      const double u = -0.75 + 2.5 * column / (kTorsoColumns - 1);
      net.from.push_back(from.at(u, v) - corner());
      net.to.push_back(to.at(u, v));
    }
  }
  draw_warped(canvas, layer, parts.torso, net);
}

void Cutout::Impl::draw_head(cv::Mat& canvas, cv::Mat& layer, const PhotoPose& pose) const {
  if (parts.head.rgba.empty()) {
    return;
  }
  // The turn that takes the photo's head joints nearest to the pose's (about the neck; no scaling).
  double along = 0.0, across = 0.0;
  for (const int joint :
       {skeleton::kNose, skeleton::kRightEye, skeleton::kLeftEye, skeleton::kRightEar, skeleton::kLeftEar}) {
    const auto v = static_cast<std::size_t>(joint);
    if (body.seen[v] && pose.seen(joint)) {
      const cv::Point2d a = body.at[v] - body.at[kNeck], b = to_cv(pose[joint]) - to_cv(pose[kNeck]);
      along += a.dot(b);
      across += a.cross(b);
    }
  }
  const double angle = along == 0.0 && across == 0.0 ? 0.0 : std::atan2(across, along);
  draw_rigid(canvas, layer, parts.head, body.at[kNeck] - corner(), to_cv(pose[kNeck]), angle, false);
}

media::Image Cutout::render(const PhotoPose& pose, NearSide near) const {
  const Impl& it = *impl_;
  media::Image picture = it.background;
  cv::Mat canvas = mat_view(picture);
  cv::Mat layer = cv::Mat::zeros(canvas.size(), CV_8UC4);
  const bool left_near = near != NearSide::kRight;
  const Limb far_leg = left_near ? kRightLeg : kLeftLeg;
  const Limb far_arm = left_near ? kRightArm : kLeftArm;
  if (near != NearSide::kBoth) {
    it.draw_limb(canvas, layer, pose, far_arm);
  }
  for (const Limb leg : {far_leg, other_side(far_leg)}) {
    it.draw_foot(canvas, layer, pose, leg);
    it.draw_limb(canvas, layer, pose, leg);
  }
  it.draw_torso(canvas, layer, pose);
  if (near == NearSide::kBoth) {
    it.draw_limb(canvas, layer, pose, far_arm);
  }
  it.draw_limb(canvas, layer, pose, other_side(far_arm));
  it.draw_head(canvas, layer, pose);
  return picture;
}

}  // namespace stgmamba::infer
