// SPDX-License-Identifier: MIT
#include "data/recolour.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace stgmamba::data {

void recolour(std::span<std::uint8_t> pixels, std::size_t plane, util::Random& random) {
  constexpr float kGrey = 127.5F;
  const double angle = random.uniform() * 2.0 * std::numbers::pi;
  const double contrast = std::pow(1.25, 2.0 * random.uniform() - 1.0);
  // A rotation about the grey axis keeps r + g + b; its rows are shifts of one another.
  const double along = (1.0 + 2.0 * std::cos(angle)) / 3.0;
  const double across = (1.0 - std::cos(angle)) / 3.0, turn = std::sin(angle) / std::numbers::sqrt3;
  const std::array<float, 3> row = {static_cast<float>(contrast * along),
                                    static_cast<float>(contrast * (across - turn)),
                                    static_cast<float>(contrast * (across + turn))};
  for (std::size_t picture = 0; picture + 3 * plane <= pixels.size(); picture += 3 * plane) {
    for (std::size_t at = picture; at < picture + plane; ++at) {
      const std::array<float, 3> old = {static_cast<float>(pixels[at]) - kGrey,
                                        static_cast<float>(pixels[at + plane]) - kGrey,
                                        static_cast<float>(pixels[at + 2 * plane]) - kGrey};
      for (std::size_t c = 0; c < 3; ++c) {
        const float value = row[0] * old[c] + row[1] * old[(c + 1) % 3] + row[2] * old[(c + 2) % 3] + kGrey;
        pixels[at + c * plane] = static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
      }
    }
  }
}

}  // namespace stgmamba::data
