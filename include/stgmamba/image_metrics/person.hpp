// SPDX-License-Identifier: MIT
// The person of a frame, known from the pose alone: where they are, and what colours they wear.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::image_metrics {

/// Neck-to-hip length of a dancer in the picture's pixels: median over the frames where it is seen; a fifth of the
/// picture's height where it never is.
double body_length(const skeleton::Motion& motion, std::int64_t height);

/// The skeleton grown to a body: limbs, trunk and head, each point within `reach` neck-to-hip lengths of a bone (half
/// as much for arms and legs). float32 [F, 1, H, W] of 0 and 1. `motion` lies in the picture's pixels. Truth and
/// generated frames share it, so that neither can shrink it; clothes that stand off, hair and shadows lie outside.
at::Tensor person_mask(const skeleton::Motion& motion, std::int64_t height, std::int64_t width, double reach = 0.3);

inline constexpr std::int64_t kParts = 10;  // head, trunk, upper and lower arms, thighs, shanks

/// Colours along the skeleton: the mean RGB (0..1) near the bone of each part, [F, kParts, 3], float64; NaN for a part
/// that is not seen. `frames` uint8 [F, 3, H, W].
at::Tensor limb_colours(const at::Tensor& frames, const skeleton::Motion& motion);

/// How far two people's colours differ: mean over the parts that both have of the distance between their colours.
/// [kParts, 3] each; NaN when no part is shared.
double colour_distance(const at::Tensor& a, const at::Tensor& b);

/// Mean over the frames of a clip, parts that are not seen left out: [F, kParts, 3] -> [kParts, 3].
at::Tensor mean_colours(const at::Tensor& colours);

}  // namespace stgmamba::image_metrics
