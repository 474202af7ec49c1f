// SPDX-License-Identifier: MIT
// Scenes behind the puppets: rooms and places outdoors, from a few shapes and a little noise.
#include <algorithm>
#include <cmath>

#include "stgmamba/synth/puppet.hpp"
#include "stgmamba/util/random.hpp"

#include "brush.hpp"

namespace stgmamba::synth {
namespace {

using media::Image;
using media::Rgb;
using util::Random;

struct Scene {
  Image& picture;
  Random& random;
  double horizon;  // y of the floor's far edge

  double w() const { return picture.width; }
  double h() const { return picture.height; }
  void box(double left, double top, double right, double bottom, Rgb colour) const {
    media::fill_polygon(picture, {{left, top}, {right, top}, {right, bottom}, {left, bottom}}, colour);
  }
  Rgb tint(int low, int high) const {
    const auto one = [&] { return static_cast<std::uint8_t>(low + random.integer(high - low + 1)); };
    return {one(), one(), one()};
  }
};

/// Rows from `top` to `bottom` run from one colour to the other.
void gradient(const Scene& scene, double top, double bottom, Rgb from, Rgb to) {
  for (int y = std::max(0, static_cast<int>(top)); y < std::min(scene.picture.height, static_cast<int>(bottom)); ++y) {
    const Rgb colour = mix(from, to, (y - top) / std::max(1.0, bottom - top));
    for (int x = 0; x < scene.picture.width; ++x) {
      blend(scene.picture, x, y, colour, 1.0);
    }
  }
}

/// Boards or slabs that run away from the camera, with lines across where there are tiles.
void floor(const Scene& scene, Rgb colour, bool tiles) {
  gradient(scene, scene.horizon, scene.h(), shade(colour, 0.85), shade(colour, 1.1));
  const Rgb joint = shade(colour, 0.72);
  const double centre = scene.w() * scene.random.uniform(0.3, 0.7);
  const int thick = std::max(1, scene.picture.width / 320);
  for (int i = -12; i <= 12; ++i) {
    media::draw_line(scene.picture, {centre + 0.09 * i * scene.w(), scene.horizon},
                     {centre + 0.32 * i * scene.w(), scene.h()}, joint, thick);
  }
  for (double depth = 0.12; tiles && depth < 1.0; depth *= 1.6) {
    const double y = scene.horizon + depth * (scene.h() - scene.horizon);
    media::draw_line(scene.picture, {0.0, y}, {scene.w(), y}, joint, thick);
  }
}

void window(const Scene& scene, double left, double width) {
  const double top = 0.14 * scene.h(), bottom = 0.5 * scene.h();
  scene.box(left, top, left + width, bottom, {245, 245, 240});
  const double frame = 0.04 * width;
  for (int pane = 0; pane < 4; ++pane) {
    const double x = left + frame + (pane % 2) * (width - frame) / 2;
    const double y = top + frame + (pane / 2) * (bottom - top - frame) / 2;
    scene.box(x, y, x + (width - 3 * frame) / 2, y + (bottom - top - 3 * frame) / 2, {168, 205, 232});
  }
}

void plant(const Scene& scene, double x) {
  const double y = scene.horizon, size = 0.07 * scene.h();
  for (int leaf = 0; leaf < 9; ++leaf) {
    const double angle = scene.random.uniform(-2.6, -0.5);
    draw_limb(scene.picture, {x, y - size}, {x + 2.6 * size * std::cos(angle), y - size + 2.6 * size * std::sin(angle)},
              0.3 * size, 0.1 * size, [&](double, double) {
                return Rgb{50, 120, 60};
              });
  }
  draw_limb(scene.picture, {x, y - 0.9 * size}, {x, y + 0.2 * size}, 0.6 * size, 0.45 * size, [](double, double) {
    return Rgb{170, 96, 62};
  });
}

void shelf(const Scene& scene, double left) {
  const double width = 0.2 * scene.w(), top = 0.3 * scene.h();
  scene.box(left, top, left + width, scene.horizon, {112, 78, 52});
  for (int row = 0; row < 4; ++row) {
    const double y = top + (row + 0.12) * (scene.horizon - top) / 4,
                 bottom = top + (row + 0.92) * (scene.horizon - top) / 4;
    scene.box(left + 0.04 * width, y, left + 0.96 * width, bottom, {66, 46, 32});
    for (double x = left + 0.06 * width; x < left + 0.86 * width; x += 0.085 * width) {
      scene.box(x, y + scene.random.uniform(0.0, 0.4) * (bottom - y), x + 0.07 * width, bottom, scene.tint(50, 220));
    }
  }
}

void room(const Scene& scene) {
  Rgb wall = scene.tint(120, 225);
  gradient(scene, 0.0, scene.horizon, wall, shade(wall, 0.88));
  const auto paper = scene.random.integer(4);
  const double step = scene.w() * scene.random.uniform(0.05, 0.11);
  for (double x = 0.0; paper == 1 && x < scene.w(); x += 2 * step) {  // striped
    scene.box(x, 0.0, x + step, scene.horizon, shade(wall, 0.93));
  }
  for (int row = 0; paper == 2 && row * 0.5 * step < scene.horizon; ++row) {  // bricks
    const double y = row * 0.5 * step;
    media::draw_line(scene.picture, {0.0, y}, {scene.w(), y}, shade(wall, 0.8));
    for (double x = row % 2 * 0.5 * step; x < scene.w(); x += step) {
      media::draw_line(scene.picture, {x, y}, {x, y + 0.5 * step}, shade(wall, 0.8));
    }
  }
  floor(scene, mix(scene.tint(90, 190), {150, 118, 90}, 0.6), scene.random.chance(0.5));
  scene.box(0.0, scene.horizon - 0.025 * scene.h(), scene.w(), scene.horizon, shade(wall, 0.65));
  const bool mirrored = scene.random.chance(0.5);  // no scene is the mirror image of itself
  const auto place = [&](double share) { return scene.w() * (mirrored ? 1.0 - share : share); };
  if (scene.random.chance(0.7)) {
    window(scene, place(mirrored ? 0.32 : 0.06), 0.26 * scene.w());
  }
  if (scene.random.chance(0.6)) {
    shelf(scene, place(mirrored ? 0.24 : 0.78) - (mirrored ? 0.2 * scene.w() : 0.0));
  }
  if (scene.random.chance(0.7)) {
    const double left = place(0.5) - 0.07 * scene.w();
    scene.box(left, 0.2 * scene.h(), left + 0.14 * scene.w(), 0.38 * scene.h(), {70, 50, 36});
    scene.box(left + 0.01 * scene.w(), 0.215 * scene.h(), left + 0.13 * scene.w(), 0.365 * scene.h(),
              scene.tint(60, 230));
  }
  plant(scene, place(scene.random.uniform(0.05, 0.2)));
}

void clouds(const Scene& scene) {
  for (int cloud = 0; cloud < 4; ++cloud) {
    const double x = scene.random.uniform(0.0, scene.w()), y = scene.random.uniform(0.05, 0.35) * scene.h();
    for (int puff = 0; puff < 5; ++puff) {
      media::fill_circle(scene.picture,
                         {x + 0.03 * puff * scene.w(), y + scene.random.uniform(-0.02, 0.02) * scene.h()},
                         scene.random.uniform(0.02, 0.05) * scene.h(), {250, 250, 252});
    }
  }
}

void skyline(const Scene& scene) {
  for (double x = -0.02 * scene.w(); x < scene.w();) {
    const double width = scene.random.uniform(0.08, 0.18) * scene.w();
    const double top = scene.horizon - scene.random.uniform(0.15, 0.55) * scene.h();
    const Rgb wall = scene.tint(90, 170);
    scene.box(x, top, x + width, scene.horizon, wall);
    for (double wy = top + 0.02 * scene.h(); wy < scene.horizon - 0.04 * scene.h(); wy += 0.05 * scene.h()) {
      for (double wx = x + 0.012 * scene.w(); wx < x + width - 0.02 * scene.w(); wx += 0.03 * scene.w()) {
        scene.box(wx, wy, wx + 0.016 * scene.w(), wy + 0.025 * scene.h(),
                  scene.random.chance(0.3) ? Rgb{240, 220, 150} : shade(wall, 0.6));
      }
    }
    x += width;
  }
}

void hills(const Scene& scene, Rgb colour) {
  for (int hill = 0; hill < 4; ++hill) {
    media::fill_circle(scene.picture, {scene.random.uniform(0.0, scene.w()), scene.horizon + 0.25 * scene.h()},
                       scene.random.uniform(0.35, 0.6) * scene.h(), shade(colour, 0.7 + 0.08 * hill));
  }
}

void trees(const Scene& scene) {
  for (int tree = 0; tree < 6; ++tree) {
    const double x = scene.random.uniform(0.0, scene.w()), size = scene.random.uniform(0.06, 0.12) * scene.h();
    scene.box(x - 0.15 * size, scene.horizon - 2.0 * size, x + 0.15 * size, scene.horizon, {96, 66, 42});
    const Rgb leaves = {static_cast<std::uint8_t>(40 + scene.random.integer(50)),
                        static_cast<std::uint8_t>(100 + scene.random.integer(60)), 50};
    draw_ball(scene.picture, {x, scene.horizon - 2.5 * size}, size, 1.3 * size, 0.0, leaves);
  }
}

void outdoors(const Scene& scene) {
  constexpr Rgb kSkies[][2] = {{{110, 170, 230}, {205, 228, 245}},
                               {{240, 150, 100}, {250, 215, 170}},
                               {{140, 150, 165}, {205, 210, 215}},
                               {{40, 50, 100}, {150, 110, 150}}};
  const auto& sky = kSkies[scene.random.integer(4)];
  gradient(scene, 0.0, scene.horizon, sky[0], sky[1]);
  clouds(scene);
  const auto kind = scene.random.integer(3);
  if (kind == 0) {
    skyline(scene);
    floor(scene, {128, 128, 130}, true);  // pavement
    return;
  }
  hills(scene, kind == 1 ? Rgb{110, 140, 110} : Rgb{120, 125, 150});
  gradient(scene, scene.horizon, scene.h(), kind == 1 ? Rgb{96, 150, 70} : Rgb{214, 190, 140},
           kind == 1 ? Rgb{70, 120, 52} : Rgb{232, 212, 168});
  if (kind == 1) {
    trees(scene);
  } else {
    scene.box(0.0, scene.horizon - 0.03 * scene.h(), scene.w(), scene.horizon + 0.03 * scene.h(),
              {80, 150, 180});  // sea
  }
}

/// Grain of `strength` levels, so that nothing is perfectly flat.
void grain(Image& picture, Random& random, int strength) {
  for (std::uint8_t& value : picture.pixels) {
    const int noisy = value + static_cast<int>(random.bits() % static_cast<unsigned>(2 * strength + 1)) - strength;
    value = static_cast<std::uint8_t>(std::clamp(noisy, 0, 255));
  }
}

}  // namespace

Image backdrop(std::uint64_t seed, int number, int width, int height, double horizon) {
  Random random(seed, "synth/backdrop", static_cast<std::uint64_t>(number));
  Image picture(width, height);
  const Scene scene{picture, random, horizon * height};
  number < kBackdrops / 2 ? room(scene) : outdoors(scene);
  grain(picture, random, 3);
  return picture;
}

}  // namespace stgmamba::synth
