// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/media/image.hpp"

namespace stgmamba::train {

/// Side by side: photo, pose map, generated, real, each [C, H, W] in [-1, 1]; a map of 18 limbs is shown as their
/// union.
media::Image sample_row(const at::Tensor& photo, const at::Tensor& pose, const at::Tensor& made,
                        const at::Tensor& real);

/// `name`.mp4 with every row at `fps`, and `name`.png with some of them, evenly chosen, one below the other.
void write_samples(const std::filesystem::path& folder, const std::string& name, const std::vector<media::Image>& rows,
                   double fps);

}  // namespace stgmamba::train
