// SPDX-License-Identifier: MIT
// Losses that need an optical flow (skeleton-to-video A4, A7): a teacher's flow says where a pixel of frame t was in
// frame t - 1, in pixels (dx, dy). All images are RGB in [-1, 1].
//
//   warp (G_Warp)        masked_l1(G_t, warp(G_{t-1}, teacher) detached, confidence)
//
// vid2vid's supervision of a predicted flow (F_Flow, F_Warp, W) is not here: a flow branch learns from the picture
// alone.
#pragma once

#include <ATen/core/Tensor.h>

namespace stgmamba::losses {

/// Where the teacher can be trusted, 1 or 0 [N, 1, H, W]: the real previous frame, warped, differs from the real frame
/// by less than 0.02 (squared, summed over the channels); and, where the flow of the other direction is given, going
/// there and back ends within 1 pixel + 5 % of the way. `current`, `previous` [N, 3, H, W]; `flow`, `back`
/// [N, 2, H, W], `back` may be undefined.
at::Tensor flow_confidence(const at::Tensor& current, const at::Tensor& previous, const at::Tensor& flow,
                           const at::Tensor& back = {});

/// Mean over all elements, masked ones included, of |mask (a - b)|: a scalar. `a`, `b` [N, C, H, W], `mask`
/// [N, 1, H, W].
at::Tensor masked_l1(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask);

/// The warp loss of generated frames.
at::Tensor warp_loss(const at::Tensor& current, const at::Tensor& previous, const at::Tensor& flow,
                     const at::Tensor& confidence);

}  // namespace stgmamba::losses
