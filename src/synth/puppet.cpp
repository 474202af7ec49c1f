// SPDX-License-Identifier: MIT
#include "stgmamba/synth/puppet.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "stgmamba/util/check.hpp"

#include "brush.hpp"

namespace stgmamba::synth {
namespace {

using media::Image;
using media::Point;
using media::Rgb;
using skeleton::NearSide;
using Joints = std::array<Point, skeleton::kJoints>;

Point operator+(Point a, Point b) {
  return {a.x + b.x, a.y + b.y};
}
Point operator-(Point a, Point b) {
  return {a.x - b.x, a.y - b.y};
}
Point operator*(double s, Point a) {
  return {s * a.x, s * a.y};
}
double length(Point a) {
  return std::hypot(a.x, a.y);
}
Point unit(Point a, Point otherwise) {
  const double l = length(a);
  return l > 1e-6 ? (1.0 / l) * a : otherwise;
}
Point middle(Point a, Point b) {
  return 0.5 * (a + b);
}

/// One figure being drawn.
struct Figure {
  Image& picture;
  const Joints& joints;
  double metre;
  const PuppetLook& look;

  void arm(bool left) const;
  void leg(bool left, NearSide near) const;
  void torso() const;
  void skirt() const;
  void head() const;
  void hair_behind(Point centre, Point up, Point side) const;
  void hair_in_front(Point centre, Point up, Point side, double back) const;
  void face(Point centre, Point up) const;
  Point at(int joint) const { return joints[static_cast<std::size_t>(joint)]; }
  double m(double metres) const { return metres * metre; }
};

/// A limb of two bones, clothed from the body to `clothed` (0..2 bones) and bare beyond.
void draw_clothed(const Figure& figure, const std::array<Point, 3>& chain, const std::array<double, 3>& radii,
                  const Fabric& fabric, double clothed) {
  double before = 0.0;  // m
  for (std::size_t bone = 0; bone < 2; ++bone) {
    const double metres = length(chain[bone + 1] - chain[bone]) / figure.metre;
    draw_limb(figure.picture, chain[bone], chain[bone + 1], radii[bone], radii[bone + 1],
              [&](double along, double across) {
                const double place = static_cast<double>(bone) + along;
                if (place > clothed) {
                  return figure.look.skin;
                }
                // The cloth goes round the limb: across is the sine of the angle.
                const double around = std::asin(across) * radii[bone] / figure.metre;
                const Rgb colour = fabric_at(fabric, before + along * metres, around);
                return clothed - place < 0.09 ? shade(colour, 0.75) : colour;  // a hem
              });
    before += metres;
  }
}

void Figure::arm(bool left) const {
  const int shoulder = left ? skeleton::kLeftShoulder : skeleton::kRightShoulder;
  const std::array<Point, 3> chain = {at(shoulder), at(shoulder + 1), at(shoulder + 2)};
  const double g = look.girth;
  const Point along = unit(chain[2] - chain[1], {0.0, 1.0});
  draw_limb(picture, chain[2], chain[2] + m(0.1) * along, m(0.034 * g), m(0.038 * g),
            [&](double, double) { return look.skin; });
  draw_clothed(*this, chain, {m(0.062 * g), m(0.05 * g), m(0.038 * g)}, left ? look.left_sleeve : look.right_sleeve,
               left ? look.left_sleeve_length : look.right_sleeve_length);
}

void Figure::leg(bool left, NearSide near) const {
  const int hip = left ? skeleton::kLeftHip : skeleton::kRightHip;
  const std::array<Point, 3> chain = {at(hip), at(hip + 1), at(hip + 2)};
  const double g = look.girth;
  // Toes point where the dancer looks; of one who faces the camera, outwards and towards it.
  const double out = near == NearSide::kLeft ? -0.17 : near == NearSide::kRight ? 0.17 : left ? 0.05 : -0.05;
  const Rgb shoe = left ? look.left_shoe : look.right_shoe;
  const Point heel = chain[2] + Point{0.0, m(0.03)};
  draw_limb(picture, heel, heel + Point{m(out), m(0.035)}, m(0.045), m(0.04),
            [&](double along, double) { return along > 0.9 ? shade(shoe, 1.25) : shoe; });
  draw_clothed(*this, chain, {m(0.092 * g), m(0.066 * g), m(0.045 * g)}, left ? look.left_leg : look.right_leg,
               look.leg_length);
}

/// Half width and normal lean over the height of the trunk: v 0 = shoulders, 1 = hips.
void Figure::torso() const {
  const Point top = middle(at(skeleton::kRightShoulder), at(skeleton::kLeftShoulder));
  const Point bottom = middle(at(skeleton::kRightHip), at(skeleton::kLeftHip));
  const Point down = unit(bottom - top, {0.0, 1.0});
  const Point shoulders = at(skeleton::kLeftShoulder) - at(skeleton::kRightShoulder);
  const double facing = shoulders.x >= 0.0 ? 1.0 : -1.0;  // which way the dancer's left lies
  const double wide = std::max(0.5 * length(shoulders) + m(0.035), m(0.13)) * look.girth;
  const double hips =
      std::max(0.5 * length(at(skeleton::kLeftHip) - at(skeleton::kRightHip)) + m(0.075), m(0.12)) * look.girth;
  const double height = length(bottom - top) + m(0.07);
  const Point across = facing * Point{down.y, -down.x};
  const double reach = std::max(wide, hips) + height;
  for (int y = static_cast<int>(std::max(0.0, top.y - reach)); y < std::min<double>(picture.height, top.y + reach);
       ++y) {
    for (int x = static_cast<int>(std::max(0.0, top.x - reach)); x < std::min<double>(picture.width, top.x + reach);
         ++x) {
      const Point p = Point{static_cast<double>(x), static_cast<double>(y)} - top;
      const double v = p.x * down.x + p.y * down.y, u = p.x * across.x + p.y * across.y;
      const double t = v / height;
      const double waist = 1.0 - 0.14 * std::sin(3.14159 * std::clamp(t, 0.0, 1.0));
      // Shoulders slope: the outline comes in above them.
      const double slope = std::sqrt(std::clamp((v + m(0.06)) / m(0.07), 0.0, 1.0));
      const double half = (wide + std::clamp(t, 0.0, 1.0) * (hips - wide)) * waist * (0.45 + 0.55 * slope);
      const double cover = std::min({half - std::abs(u) + 0.5, v + m(0.055) + 0.5, height - v + 0.5});
      if (cover <= 0.0) {
        continue;
      }
      const double nx = std::clamp(u / half, -1.0, 1.0);
      const double metres_u = std::asin(nx) * half / metre, metres_v = v / metre;
      Rgb colour = fabric_at(look.shirt, metres_v, metres_u);
      if (look.emblem && std::hypot(metres_u - 0.08, metres_v - 0.14) < 0.045) {
        colour = look.shirt.second.r + look.shirt.second.g > 300 ? Rgb{30, 30, 40} : Rgb{245, 240, 230};
      }
      if (look.sash && std::abs(metres_u - (metres_v / 0.5 - 0.5) * 0.26) < 0.035) {
        colour = look.left_sleeve.base;
      }
      const double light = 0.62 + 0.5 * (0.7 * std::sqrt(1.0 - nx * nx) - 0.45 * nx * facing * down.y);
      blend(picture, x, y, shade(colour, light), cover);
    }
  }
}

void Figure::skirt() const {
  const Point right = at(skeleton::kRightKnee), left = at(skeleton::kLeftKnee);
  const Point waist = middle(at(skeleton::kRightHip), at(skeleton::kLeftHip)) - Point{0.0, m(0.02)};
  const Point hem = middle(right, left);
  const double bottom = 0.5 * std::abs(right.x - left.x) + m(0.15);
  const double height = std::max(m(0.2), hem.y - waist.y);
  for (int y = static_cast<int>(std::max(0.0, waist.y)); y < std::min<double>(picture.height, waist.y + height); ++y) {
    const double t = (y - waist.y) / height;
    const double half = m(0.15) * look.girth + t * (bottom - m(0.15));
    const double centre = waist.x + t * (hem.x - waist.x);
    for (int x = static_cast<int>(std::max(0.0, centre - half - 1));
         x < std::min<double>(picture.width, centre + half + 1); ++x) {
      const double u = std::clamp((x - centre) / half, -1.0, 1.0);
      const double cover = half - std::abs(x - centre) + 0.5;
      const double fold = 0.1 * std::cos(18.0 * u);
      const Fabric& fabric = u > 0.0 ? look.left_leg : look.right_leg;
      blend(picture, x, y,
            shade(fabric_at(fabric, t * height / metre, u * half / metre), 0.95 - 0.25 * std::abs(u) - 0.1 * u + fold),
            cover);
    }
  }
}

void Figure::hair_behind(Point centre, Point up, Point side) const {
  const double to = look.parted_left ? 1.0 : -1.0;
  if (look.cut == HairCut::kLong) {
    draw_ball(picture, centre - m(0.05) * up, m(0.115), m(0.19), std::atan2(side.y, side.x), shade(look.hair, 0.85));
  } else if (look.cut == HairCut::kBun) {
    draw_ball(picture, centre + m(0.15) * up + m(0.03 * to) * side, m(0.055), m(0.055), 0.0, look.hair);
  } else if (look.cut == HairCut::kSideTail) {
    draw_limb(picture, centre + m(0.1 * to) * side, centre + m(0.15 * to) * side - m(0.18) * up, m(0.04), m(0.02),
              [&](double, double) { return look.hair; });
  }
}

/// `back` 0: the face shows; 1: the back of the head.
void Figure::hair_in_front(Point centre, Point up, Point side, double back) const {
  const double to = look.parted_left ? 1.0 : -1.0;
  const double angle = std::atan2(side.y, side.x);
  const Rgb colour = look.cut == HairCut::kCap ? look.left_sleeve.base : look.hair;
  if (back > 0.5) {
    draw_ball(picture, centre + m(0.015) * up, m(0.1), m(0.125), angle, look.hair);
  }
  draw_ball(picture, centre + m(0.085) * up, m(0.098), m(0.058), angle, colour);
  draw_ball(picture, centre + m(0.055) * up - m(0.062 * to) * side, m(0.04), m(0.06), angle, look.hair);
  if (look.cut == HairCut::kCap) {
    draw_limb(picture, centre + m(0.055) * up, centre + m(0.055) * up + m(0.1 * to) * side, m(0.014), m(0.012),
              [&](double, double) { return shade(colour, 0.8); });
  }
}

void Figure::face(Point centre, Point up) const {
  const Point eyes = middle(at(skeleton::kRightEye), at(skeleton::kLeftEye));
  const Point right = unit(at(skeleton::kLeftEye) - at(skeleton::kRightEye), {1.0, 0.0});
  for (const int eye : {skeleton::kRightEye, skeleton::kLeftEye}) {
    draw_ball(picture, at(eye), m(0.017), m(0.012), 0.0, {250, 250, 250});
    draw_ball(picture, at(eye), m(0.009), m(0.01), 0.0, look.eyes);
    draw_limb(picture, at(eye) + m(0.03) * up - m(0.015) * right, at(eye) + m(0.032) * up + m(0.015) * right, m(0.005),
              m(0.005), [&](double, double) { return shade(look.hair, 0.8); });
    if (look.glasses) {
      draw_limb(picture, at(eye) - m(0.02) * right, at(eye) + m(0.02) * right, m(0.006), m(0.006), [](double, double) {
        return Rgb{30, 30, 34};
      });
    }
  }
  draw_ball(picture, at(skeleton::kNose), m(0.013), m(0.018), 0.0, shade(look.skin, 0.92));
  const Point mouth = at(skeleton::kNose) - m(0.045) * up + 0.2 * (centre - eyes);
  draw_limb(picture, mouth - m(0.02) * right, mouth + m(0.026) * right + m(0.006) * up, m(0.007), m(0.006),
            [](double, double) {
              return Rgb{170, 60, 66};
            });
}

void Figure::head() const {
  const Point neck = at(skeleton::kNeck);
  const Point ears = middle(at(skeleton::kRightEar), at(skeleton::kLeftEar));
  const Point up = unit(ears - neck, {0.0, -1.0});
  const Point side{-up.y, up.x};  // towards the picture's right
  const Point centre = ears + m(0.01) * up;
  // From behind, the right ear is on the picture's right.
  const double back = at(skeleton::kRightEar).x > at(skeleton::kLeftEar).x + m(0.02) ? 1.0 : 0.0;
  hair_behind(centre, up, side);
  draw_limb(picture, neck, ears, m(0.05), m(0.05), [&](double, double) { return shade(look.skin, 0.9); });
  draw_ball(picture, centre, m(0.09), m(0.118), std::atan2(side.y, side.x), look.skin);
  if (back < 0.5) {
    face(centre, up);
  }
  hair_in_front(centre, up, side, back);
}

}  // namespace

double puppet_metre(const skeleton::Motion& motion) {
  std::vector<double> lengths;
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    const double x = (motion.x(f, skeleton::kRightHip) + motion.x(f, skeleton::kLeftHip)) / 2.0;
    const double y = (motion.y(f, skeleton::kRightHip) + motion.y(f, skeleton::kLeftHip)) / 2.0;
    const double torso = std::hypot(x - motion.x(f, skeleton::kNeck), y - motion.y(f, skeleton::kNeck));
    if (std::isfinite(torso)) {
      lengths.push_back(torso);
    }
  }
  STG_CHECK(!lengths.empty(), "[puppet_metre] a motion without a trunk");
  const auto at = lengths.begin() + std::lround(0.9 * static_cast<double>(lengths.size() - 1));
  std::nth_element(lengths.begin(), at, lengths.end());
  return std::max(2.0, *at / 0.5);
}

void draw_puppet(Image& picture, const Joints& joints, double metre, NearSide near, const PuppetLook& look) {
  for (const Point& joint : joints) {
    STG_CHECK(std::isfinite(joint.x) && std::isfinite(joint.y), "[draw_puppet] a joint is missing");
  }
  const Figure figure{picture, joints, metre, look};
  const bool left_near = near != NearSide::kRight;
  if (near != NearSide::kBoth) {
    figure.arm(!left_near);
  }
  figure.leg(!left_near, near);
  figure.leg(left_near, near);
  if (look.skirt) {
    figure.skirt();
  }
  figure.torso();
  if (near == NearSide::kBoth) {
    figure.arm(!left_near);
  }
  figure.arm(left_near);
  figure.head();
}

}  // namespace stgmamba::synth
