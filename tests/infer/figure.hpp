// SPDX-License-Identifier: MIT
#pragma once

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::test {

/// A stick figure whose right wrist moves; joint 17 is missing throughout.
inline skeleton::Motion figure(std::int64_t frames) {
  skeleton::Motion motion(frames, 10.0);
  for (std::int64_t f = 0; f < frames; ++f) {
    for (int v = 0; v < 17; ++v) {
      motion.x(f, v) = 320.0F + 8.0F * static_cast<float>(v % 5) - 16.0F;
      motion.y(f, v) = 60.0F + 14.0F * static_cast<float>(v);
      motion.score[static_cast<std::size_t>(f * 18 + v)] = 0.5F;
    }
    motion.x(f, 4) = 200.0F + 10.0F * static_cast<float>(f);
  }
  return motion;
}

}  // namespace stgmamba::test
