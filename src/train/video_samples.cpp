// SPDX-License-Identifier: MIT
#include "video_samples.hpp"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "stgmamba/media/video.hpp"
#include "stgmamba/nn/pixel_values.hpp"

namespace stgmamba::train {

media::Image sample_row(const at::Tensor& photo, const at::Tensor& pose, const at::Tensor& made,
                        const at::Tensor& real) {
  const at::Tensor map = pose.size(0) == 3 ? pose : pose.amax(0, /*keepdim=*/true).expand_as(photo);
  const at::Tensor row =
      nn::to_bytes(torch::cat({photo, map, made, real}, 2)).cpu().permute({1, 2, 0}).contiguous();  // [H, 4W, 3]
  media::Image image(static_cast<int>(row.size(1)), static_cast<int>(row.size(0)));
  std::copy_n(row.data_ptr<std::uint8_t>(), image.pixels.size(), image.pixels.data());
  return image;
}

void write_samples(const std::filesystem::path& folder, const std::string& name, const std::vector<media::Image>& rows,
                   double fps) {
  constexpr std::ptrdiff_t kShown = 6;
  const media::Image& first = rows.front();
  const std::ptrdiff_t shown = std::min(kShown, std::ssize(rows));
  media::Image strip(first.width, first.height * static_cast<int>(shown));
  for (std::ptrdiff_t i = 0; i < shown; ++i) {
    media::paste(strip, rows[static_cast<std::size_t>(i * std::ssize(rows) / shown)], 0,
                 static_cast<int>(i) * first.height);
  }
  media::save_image(folder / (name + ".png"), strip);
  media::VideoOptions options;
  options.width = first.width;
  options.height = first.height;
  options.rate = {static_cast<int>(std::lround(fps * 1000.0)), 1000};
  options.comment = "photo | pose | generated | real";
  media::VideoWriter writer(folder / (name + ".mp4"), options);
  for (const media::Image& row : rows) {
    writer.write(row);
  }
  writer.finish();
}

}  // namespace stgmamba::train
