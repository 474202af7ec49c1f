// SPDX-License-Identifier: MIT
// Pictures of a window in other colours, so that few people in few clothes stand for many (`data.recolour`).
#pragma once

#include <cstdint>
#include <span>

#include "stgmamba/util/random.hpp"

namespace stgmamba::data {

/// Turns the hue of `pixels`, n pictures [3, H, W] of `plane` = H W pixels each, by one angle drawn from the whole
/// circle, and their contrast about mid-grey by a factor of 0.8 to 1.25, the same for all of them.
void recolour(std::span<std::uint8_t> pixels, std::size_t plane, util::Random& random);

}  // namespace stgmamba::data
