// SPDX-License-Identifier: MIT
#include "infer/body_parts.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "infer/fill_hole.hpp"
#include "infer/person_mask.hpp"
#include "infer/pixel_owners.hpp"

namespace stgmamba::infer {
namespace {

using skeleton::kNeck;

// Metres.
constexpr double kArmCap = 0.075, kLegCap = 0.11;          // how far a limb reaches into the body
constexpr double kArmReach = 0.13, kLegReach = 0.19;       // the widest half of a limb, clothes included
constexpr double kShoulderInset = 0.03;                    // from the shoulder joints to the side of the chest
constexpr double kSeam = 0.03;                             // overlap of the two legs
constexpr double kHipFadeFrom = -0.03, kHipFadeTo = 0.06;  // the torso's lower edge, from the hips downwards
constexpr double kFootFrom = -0.02, kFootFull = 0.02;      // along the shank, from the ankle: where the shank ends
constexpr int kStationsABone = 7;
constexpr double kRounding = 0.3;  // share of a bone that a joint's curve takes

double ramp(double from, double to, double x) {
  const double t = std::clamp((x - from) / (to - from), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

/// A coordinate system along the body: down the spine and across it towards the person's left.
struct Trunk {
  explicit Trunk(const BodyShape& body) : neck(body.at[kNeck]), length(body.torso) {
    down = (body.hip_middle() - neck) / std::max(1.0, length);
    across = {down.y, -down.x};
    middle = body.hip_middle();
  }
  double below_hips(cv::Point2d p) const { return (p - middle).dot(down); }
  double to_left(cv::Point2d p) const { return (p - middle).dot(across); }
  cv::Point2d neck, middle, down, across;
  double length;
};

/// Calls `value(point, x, y)` for every pixel of the person and stores what it gives, in [0, 1].
template <typename Value>
cv::Mat weigh(const cv::Mat& mask, Value value) {
  cv::Mat out = cv::Mat::zeros(mask.size(), CV_32F);
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 0; x < mask.cols; ++x) {
      if (mask.at<float>(y, x) > 0.0F) {
        out.at<float>(y, x) = static_cast<float>(value(cv::Point2d(x, y), x, y));
      }
    }
  }
  return out;
}

/// The part's picture: its own pixels where `owned` says so, what lies behind others filled in. `opacity` may be wider.
Texture make_texture(const cv::Mat& rgb, const cv::Mat& opacity, const cv::Mat& owned, double edge) {
  Texture texture;
  const cv::Rect box = cv::boundingRect(cv::Mat(opacity > 0.01F));
  if (box.empty()) {
    return texture;
  }
  const cv::Rect crop = cv::Rect(box.x - 2, box.y - 2, box.width + 4, box.height + 4) & cv::Rect({}, rgb.size());
  cv::Mat colours = carry_colours_outwards(rgb(crop), owned(crop), edge);
  const cv::Mat solid = owned(crop) > 0.9F;
  cv::Mat behind = (opacity(crop) > 0.5F) & (owned(crop) < 0.1F);
  cv::morphologyEx(behind, behind, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5}));
  fill_hole(colours, behind, solid);
  cv::Mat alpha;
  opacity(crop).convertTo(alpha, CV_8U, 255.0);
  cv::merge(std::vector<cv::Mat>{colours, alpha}, texture.rgba);
  texture.origin = crop.tl();
  return texture;
}

cv::Mat soft(const cv::Mat& weight, double sigma) {
  cv::Mat out;
  cv::GaussianBlur(weight, out, {}, std::max(0.6, sigma));
  return out;
}

/// Whether the bones of the limb can be trusted where they meet the trunk: for kOwn limbs only.
bool has_own(const BodyShape& body, Limb limb) {
  return body.source[static_cast<std::size_t>(limb)] == LimbSource::kOwn;
}

class Cutter {
 public:
  Cutter(const cv::Mat& rgb, const cv::Mat& mask, const BodyShape& body)
      : rgb_(rgb),
        mask_(mask),
        body_(body),
        owners_(rgb, mask, body),
        trunk_(body),
        metre_(body.metre),
        edge_(std::max(1.0, 0.006 * body.metre)) {}

  Texture torso() const;
  Texture head() const;
  Texture foot(Limb leg) const;
  LimbPart limb(Limb limb) const;

 private:
  double cap_share(Limb arm, cv::Point2d p) const;
  double arm_weight(Limb arm, cv::Point2d p, int x, int y, bool own) const;
  double leg_weight(Limb leg, cv::Point2d p, int x, int y, bool own) const;
  std::vector<Station> measure_stations(Limb limb, const std::vector<cv::Point2d>& chain, const cv::Mat& opacity) const;

  const cv::Mat& rgb_;
  const cv::Mat& mask_;
  const BodyShape& body_;
  PixelOwners owners_;
  Trunk trunk_;
  double metre_, edge_;
};

Texture Cutter::torso() const {
  const std::vector<cv::Point2d> corners = torso_outline(body_, -kShoulderInset * metre_);
  std::vector<cv::Point2f> outline;
  for (const cv::Point2d& corner : corners) {
    outline.emplace_back(corner);
  }
  const cv::Point2d head = body_.head_centre();
  const bool legs = body_.source[kRightLeg] != LimbSource::kNone || body_.source[kLeftLeg] != LimbSource::kNone;
  const auto fade = [&](cv::Point2d p) {
    return legs ? 1.0 - ramp(kHipFadeFrom * metre_, kHipFadeTo * metre_, trunk_.below_hips(p)) : 1.0;
  };
  const auto on_neck = [&](cv::Point2d p) {
    return (p - trunk_.neck).dot(head - trunk_.neck) < 0.45 * (head - trunk_.neck).dot(head - trunk_.neck);
  };
  const cv::Mat owned = weigh(mask_, [&](cv::Point2d p, int x, int y) {
    const int part = owners_.part(x, y);
    const bool leg = part == kRightLeg || part == kLeftLeg;
    return part == kTorsoPart || (part >= 0 && part < kRightLeg && cap_share(static_cast<Limb>(part), p) < 1.0) ||
                   (leg && trunk_.below_hips(p) < kHipFadeTo * metre_) || (part == kHeadPart && on_neck(p))
               ? 1.0
               : 0.0;
  });
  const cv::Mat whole = weigh(mask_, [&](cv::Point2d p, int x, int y) {
    const bool inside = owned.at<float>(y, x) > 0.0F || cv::pointPolygonTest(outline, cv::Point2f(p), false) >= 0;
    return inside ? 1.0 : 0.0;
  });
  cv::Mat wide;
  const int overlap = std::max(1, static_cast<int>(std::lround(edge_)));
  cv::dilate(whole, wide, cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * overlap + 1, 2 * overlap + 1}));
  const cv::Mat faded = weigh(mask_, [&](cv::Point2d p, int, int) { return fade(p); });
  return make_texture(rgb_, mask_.mul(soft(wide, edge_)).mul(faded), owned.mul(mask_), edge_);
}

Texture Cutter::head() const {
  const cv::Point2d up = body_.head_centre() - trunk_.neck;
  const double length = std::max(1.0, cv::norm(up));
  const auto fade = [&](cv::Point2d p) {
    return ramp(0.05 * length, 0.4 * length, (p - trunk_.neck).dot(up) / length);
  };
  const auto reach = 0.13 * metre_;
  const cv::Mat owned =
      weigh(mask_, [&](cv::Point2d, int x, int y) { return owners_.part(x, y) == kHeadPart ? 1.0 : 0.0; });
  const cv::Mat whole = weigh(mask_, [&](cv::Point2d p, int x, int y) {
    const bool behind_arm = owners_.part(x, y) < kTorsoPart && cv::norm(p - body_.head_centre()) < reach;
    return (owned.at<float>(y, x) > 0.0F || behind_arm ? 1.0 : 0.0) * fade(p);
  });
  return make_texture(rgb_, mask_.mul(soft(whole, edge_)), owned.mul(mask_), edge_);
}

/// How much of the arm shows at `p`: it fades out where it reaches into the body.
double Cutter::cap_share(Limb arm, cv::Point2d p) const {
  const auto& joints = limb_joints(arm);
  const cv::Point2d shoulder = body_.at[static_cast<std::size_t>(joints[0])];
  const cv::Point2d elbow = body_.at[static_cast<std::size_t>(joints[1])];
  const cv::Point2d along = (elbow - shoulder) / std::max(1.0, cv::norm(elbow - shoulder));
  return ramp(-kArmCap * metre_, -0.01 * metre_, (p - shoulder).dot(along));
}

double Cutter::arm_weight(Limb arm, cv::Point2d p, int x, int y, bool own) const {
  const cv::Point2d shoulder = body_.at[static_cast<std::size_t>(limb_joints(arm)[0])];
  const bool cap = cv::norm(p - shoulder) < kArmCap * metre_ && owners_.part(x, y) == kTorsoPart;
  if (owners_.part(x, y) != arm && !cap) {
    return 0.0;
  }
  return own ? 1.0 : cap_share(arm, p);
}

double Cutter::leg_weight(Limb leg, cv::Point2d p, int x, int y, bool own) const {
  const int part = owners_.part(x, y);
  const bool arm = part == kRightArm || part == kLeftArm;
  const double side = (leg == kLeftLeg ? 1.0 : -1.0) * trunk_.to_left(p);
  const double below = trunk_.below_hips(p);
  const auto& joints = limb_joints(leg);
  const cv::Point2d knee = body_.at[static_cast<std::size_t>(joints[1])];
  const bool hip = part == kTorsoPart && below > -kLegCap * metre_ && side > -kSeam * metre_;
  const bool behind =
      arm && distance_to_segment(p, body_.at[static_cast<std::size_t>(joints[0])], knee) < 0.07 * metre_;
  if (own) {
    return part == leg || hip ? 1.0 : 0.0;
  }
  return part == leg || hip || behind ? 1.0 : 0.0;
}

Texture Cutter::foot(Limb leg) const {
  const auto& joints = limb_joints(leg);
  const cv::Point2d knee = body_.at[static_cast<std::size_t>(joints[1])];
  const cv::Point2d ankle = body_.at[static_cast<std::size_t>(joints[2])];
  const cv::Point2d along = (ankle - knee) / std::max(1.0, cv::norm(ankle - knee));
  const cv::Mat owned = weigh(mask_, [&](cv::Point2d p, int x, int y) {
    return owners_.part(x, y) == leg && (p - ankle).dot(along) > kFootFrom * metre_ &&
                   cv::norm(p - ankle) < 0.3 * metre_
               ? 1.0
               : 0.0;
  });
  return make_texture(rgb_, mask_.mul(soft(owned, 0.6)), owned.mul(mask_), edge_);
}

LimbPart Cutter::limb(Limb limb) const {
  LimbPart part;
  const auto& joints = limb_joints(limb);
  for (const int joint : joints) {
    part.chain.push_back(body_.at[static_cast<std::size_t>(joint)]);
  }
  const cv::Point2d last = part.chain[2] - part.chain[1];
  const cv::Point2d along = last / std::max(1.0, cv::norm(last));
  if (is_arm(limb)) {
    part.chain.push_back(part.chain[2] + along * (kHandLength * metre_));
  }
  const auto weight = [&](cv::Point2d p, int x, int y, bool own) {
    if (is_arm(limb)) {
      return arm_weight(limb, p, x, y, own);
    }
    const double past = (p - part.chain[2]).dot(along);
    return leg_weight(limb, p, x, y, own) * (own ? 1.0 : 1.0 - ramp(kFootFull * metre_, 0.06 * metre_, past));
  };
  const cv::Mat owned = weigh(mask_, [&](cv::Point2d p, int x, int y) { return weight(p, x, y, true); });
  const cv::Mat whole = weigh(mask_, [&](cv::Point2d p, int x, int y) { return weight(p, x, y, false); });
  cv::Mat wide = whole;
  if (!is_arm(limb)) {  // legs overlap, or light shines between them
    const int overlap = std::max(1, static_cast<int>(std::lround(2 * edge_)));
    cv::dilate(whole, wide, cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * overlap + 1, 2 * overlap + 1}));
  }
  const cv::Mat opacity = mask_.mul(soft(wide, 0.8));
  part.texture = make_texture(rgb_, opacity, owned.mul(mask_), edge_);
  part.stations = measure_stations(limb, part.chain, opacity);
  return part;
}

/// How far the limb reaches on each side of its centre line, by its pixels.
std::vector<Station> Cutter::measure_stations(Limb limb, const std::vector<cv::Point2d>& chain,
                                              const cv::Mat& opacity) const {
  std::vector<Station> stations;
  const double cap = (is_arm(limb) ? kArmCap : kLegCap) * metre_;
  const double upper = std::max(1.0, cv::norm(chain[1] - chain[0]));
  for (const double share : {1.0, 0.66, 0.33}) {
    stations.push_back({0, -share * cap / upper});
  }
  const int bones = static_cast<int>(chain.size()) - 1;
  for (int bone = 0; bone < bones; ++bone) {
    for (int i = 0; i < kStationsABone; ++i) {
      stations.push_back({bone, static_cast<double>(i) / kStationsABone});
    }
  }
  stations.push_back({bones - 1, 1.0});
  if (!is_arm(limb)) {  // down to where the shank fades into the foot
    stations.push_back({1, 1.0 + 0.06 * metre_ / std::max(1.0, cv::norm(chain[2] - chain[1]))});
  }
  const double reach = (is_arm(limb) ? kArmReach : kLegReach) * metre_;
  const cv::Rect inside({}, opacity.size());
  const auto measure = [&](const Station& station, double sign) {
    const ChainPoint centre = along_chain(chain, station);
    const bool at_joint = station.t < kRounding || station.t > 1 - kRounding;
    double farthest = 0.0;
    for (double r = 0.0; r <= reach; r += 0.5) {
      const cv::Point p = centre.at + sign * r * centre.normal;
      const bool mine = inside.contains(p) && opacity.at<float>(p) > 0.02F &&
                        (at_joint || owners_.part(p.x, p.y) != limb || owners_.bone(p.x, p.y) == station.bone);
      farthest = mine ? r : farthest;
    }
    return farthest + 2.0;
  };
  for (Station& station : stations) {
    station.left = measure(station, -1.0);
    station.right = measure(station, 1.0);
  }
  std::vector<Station> wide = stations;  // no notch between two stations cuts flesh away
  for (std::size_t i = 0; i < stations.size(); ++i) {
    for (const std::size_t j : {i > 0 ? i - 1 : i, std::min(i + 1, stations.size() - 1)}) {
      wide[i].left = std::max(wide[i].left, stations[j].left);
      wide[i].right = std::max(wide[i].right, stations[j].right);
    }
  }
  return wide;
}

}  // namespace

ChainPoint along_chain(const std::vector<cv::Point2d>& chain, const Station& station) {
  const auto k = static_cast<std::size_t>(station.bone);
  const cv::Point2d bone = chain[k + 1] - chain[k];
  cv::Point2d at = chain[k] + station.t * bone;
  cv::Point2d tangent = bone;
  const auto round_off = [&](std::size_t joint, double s) {  // a quadratic curve from bone to bone, s in [0, 1]
    const cv::Point2d a = chain[joint] + kRounding * (chain[joint - 1] - chain[joint]);
    const cv::Point2d c = chain[joint] + kRounding * (chain[joint + 1] - chain[joint]);
    at = (1 - s) * (1 - s) * a + 2 * s * (1 - s) * chain[joint] + s * s * c;
    tangent = (1 - s) * (chain[joint] - a) + s * (c - chain[joint]);
  };
  if (station.t > 1 - kRounding && k + 2 < chain.size()) {
    round_off(k + 1, (station.t - 1 + kRounding) / (2 * kRounding));
  } else if (station.t < kRounding && k > 0) {
    round_off(k, (station.t + kRounding) / (2 * kRounding));
  }
  const double length = cv::norm(tangent);
  tangent = length > 1e-6 ? tangent / length : cv::Point2d(0, 1);
  return {at, {-tangent.y, tangent.x}};
}

Parts cut_parts(const cv::Mat& rgb, const cv::Mat& mask, const BodyShape& body) {
  const Cutter cutter(rgb, mask, body);
  Parts parts;
  parts.torso = cutter.torso();
  parts.head = cutter.head();
  for (int i = 0; i < kLimbs; ++i) {
    const auto limb = static_cast<Limb>(i);
    if (has_own(body, limb)) {
      parts.limbs[static_cast<std::size_t>(i)] = cutter.limb(limb);
    }
  }
  for (const Limb leg : {kRightLeg, kLeftLeg}) {
    if (has_own(body, leg) && body.seen[static_cast<std::size_t>(limb_joints(leg)[2])]) {
      parts.feet[static_cast<std::size_t>(leg - kRightLeg)] = cutter.foot(leg);
    }
  }
  return parts;
}

}  // namespace stgmamba::infer
