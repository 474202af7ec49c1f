// SPDX-License-Identifier: MIT
// Frames as the image metrics see them (skeleton-to-video D0): whole numbers 0..255, RGB, one tensor a clip.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/media/image.hpp"

namespace stgmamba::image_metrics {

/// Pictures of one size as uint8 [F, 3, H, W].
at::Tensor to_frames(const std::vector<media::Image>& pictures);
/// One frame [3, H, W], uint8, as a picture.
media::Image to_picture(const at::Tensor& frame);

/// `call` on at most `batch` rows of `x` at a time, outputs joined. The last batch is filled up with copies of its last
/// row, whose outputs are dropped: compiled networks are optimised anew for every shape they meet.
at::Tensor in_batches(const at::Tensor& x, std::int64_t batch,
                      const std::function<at::Tensor(const at::Tensor&)>& call);

}  // namespace stgmamba::image_metrics
