// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "stgmamba/synth/puppet.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::synth {
namespace {

using media::Rgb;
using util::Random;

constexpr Rgb kSkins[] = {{246, 214, 190}, {232, 190, 158}, {205, 155, 118},
                          {168, 116, 82},  {122, 80, 56},   {86, 56, 42}};
constexpr Rgb kHairs[] = {{28, 22, 20},  {66, 42, 28},    {120, 78, 40}, {190, 150, 84},
                          {150, 60, 34}, {150, 150, 152}, {60, 60, 120}, {170, 60, 110}};
constexpr Rgb kEyes[] = {{50, 34, 24}, {70, 110, 150}, {80, 120, 70}};

/// A colour of hue 0..1, saturation and value 0..1.
Rgb from_hsv(double hue, double saturation, double value) {
  const auto channel = [&](double shift) {
    const double k = std::fmod(shift + hue * 6.0, 6.0);
    const double x = value - value * saturation * std::max(0.0, std::min({k, 4.0 - k, 1.0}));
    return static_cast<std::uint8_t>(std::lround(255.0 * x));
  };
  return {channel(5.0), channel(3.0), channel(1.0)};
}

Fabric draw_fabric(Random& random, double hue) {
  Fabric fabric;
  fabric.base = from_hsv(hue, random.uniform(0.25, 0.85), random.uniform(0.35, 0.95));
  fabric.second =
      from_hsv(std::fmod(hue + random.uniform(0.3, 0.7), 1.0), random.uniform(0.1, 0.8), random.uniform(0.3, 0.98));
  fabric.pattern = static_cast<Pattern>(random.integer(5));
  fabric.period = random.uniform(0.07, 0.13);
  return fabric;
}

}  // namespace

std::string puppet_name(int identity) {
  return fmt::format("puppet_{:02}", identity);
}

PuppetLook puppet_look(std::uint64_t seed, int identity) {
  Random random(seed, "synth/puppet", static_cast<std::uint64_t>(identity));
  PuppetLook look;
  // Neighbours in number are far apart in hue (golden section), so that identities differ at a glance.
  const double hue = std::fmod(0.618034 * identity + random.uniform(0.0, 0.05), 1.0);
  look.skin = kSkins[random.integer(std::ssize(kSkins))];
  look.hair = kHairs[random.integer(std::ssize(kHairs))];
  look.eyes = kEyes[random.integer(std::ssize(kEyes))];
  look.cut = static_cast<HairCut>(random.integer(5));
  look.parted_left = random.chance(0.5);
  look.girth = random.uniform(0.9, 1.2);
  look.shirt = draw_fabric(random, hue);
  look.right_sleeve = random.chance(0.4) ? look.shirt : draw_fabric(random, std::fmod(hue + 0.25, 1.0));
  look.left_sleeve = draw_fabric(random, std::fmod(hue + 0.55, 1.0));  // never as the right one
  constexpr double kSleeves[] = {0.55, 1.0, 1.95};
  look.right_sleeve_length = kSleeves[random.integer(3)];
  look.left_sleeve_length = random.chance(0.7) ? look.right_sleeve_length : kSleeves[random.integer(3)];
  look.sash = random.chance(0.3);
  const double legs = std::fmod(hue + random.uniform(0.2, 0.8), 1.0);
  look.right_leg = draw_fabric(random, legs);
  look.right_leg.pattern = random.chance(0.6) ? Pattern::kPlain : look.right_leg.pattern;
  look.left_leg = look.right_leg;
  look.left_leg.base = from_hsv(std::fmod(legs + 0.12, 1.0), random.uniform(0.3, 0.8), random.uniform(0.3, 0.8));
  look.skirt = random.chance(0.3);
  constexpr double kLegs[] = {0.9, 1.5, 2.0};
  look.leg_length = look.skirt ? 0.0 : kLegs[random.integer(3)];
  look.right_shoe = from_hsv(random.uniform(), random.uniform(0.0, 0.8), random.uniform(0.15, 0.95));
  look.left_shoe = random.chance(0.5) ? look.right_shoe : from_hsv(random.uniform(), 0.6, 0.8);
  look.glasses = random.chance(0.25);
  look.backdrop = static_cast<int>(random.integer(kBackdrops));
  return look;
}

}  // namespace stgmamba::synth
