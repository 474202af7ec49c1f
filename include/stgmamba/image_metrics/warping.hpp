// SPDX-License-Identifier: MIT
// Flicker (skeleton-to-video B2): what a frame has that the frame before it, moved along their optical flow, has not.
#pragma once

#include <ATen/core/Tensor.h>

namespace stgmamba::image_metrics {

/// Mean |I_t - warp(I_{t-1})| in [-1, 1] for t = 1..F-1, float64 [F - 1]: over the pixels where DIS flow there and back
/// ends within 1 px + 5 % of the way (else they were hidden, or the flow is lost). The flow is that of the frames
/// themselves, so real frames have an error too, which is what to compare with; a still picture has 0. `frames` uint8
/// [F, 3, H, W]. NaN where no pixel can be followed.
at::Tensor warping_error(const at::Tensor& frames);

}  // namespace stgmamba::image_metrics
